/**
 * Somebody else's hand in what is ours: a child deleted, edited, or replaced by another of the same name, while the operator is at work on it or
 * when all is done. What of it the operator makes good, and what it leaves to a person, is said here.
 */
import type { KubeObject } from '../../../src/kube/objects.ts'
import { pathOf } from '../../../src/kube/resource.ts'
import type { Loose } from './history.ts'
import { isOnGuestSide, masked, objectOf } from './journal.ts'
import type { PlanOf } from './plans.ts'
import type { Upstream } from './proxy.ts'
import { resourceOf } from './stage.ts'
import type { Armed, Controls } from './trial.ts'
import { atWrite } from './when.ts'

type Meddling = PlanOf<'replaced' | 'deleted' | 'edited'>

const without = (...labels: string[]) => ({ metadata: { labels: Object.fromEntries(labels.map(label => [label, null])) } })
const unlabelled = () => without('app.kubernetes.io/managed-by')
/** What the Guest owns is known without it. */
const unclaimed = () => without('app.kubernetes.io/managed-by', 'trove.dev/instance-uid')

/** By whose it is and what it is: edits by which it no longer does what it is for, or can no longer be found. All of them are made good. */
const edits: Record<string, Record<string, (object: Loose) => object>> = {
  'guest networkpolicies': { 'lets nobody in': () => ({ spec: { ingress: null } }), 'loses its labels': unclaimed },
  'guest roles': { 'gives no rights': () => ({ rules: [] }), 'loses its labels': unclaimed },
  'guest rolebindings': { 'is for nobody': () => ({ subjects: [] }), 'loses its labels': unclaimed },
  'guest serviceaccounts': { 'mounts its token': () => ({ automountServiceAccountToken: true }), 'loses its labels': unclaimed },
  'guest services': { 'hides who is not ready': () => ({ spec: { publishNotReadyAddresses: false } }), 'loses its labels': unclaimed },
  'guest guests': { 'asks for nothing': () => ({ spec: { users: null, databases: null } }), 'loses its labels': unclaimed },
  'guest pods': { 'loses its role': () => without('trove.dev/role'), 'loses its labels': unclaimed },
  'guest secrets': { 'loses its label': unlabelled },
  'guest persistentvolumeclaims': {
    'loses its record': () => ({ metadata: { annotations: { 'trove.dev/version': null } } }),
    'loses its label': unlabelled,
  },
  'tenant services': {
    'leads to another domain': ({ spec }) => ({
      spec: { externalName: String(spec?.externalName).replace(/\.svc\..*/, '.svc.elsewhere.example') },
    }),
  },
  'tenant secrets': {
    'has another password': () => ({ data: { password: 'd3Jvbmc=' } }),
    'lacks the user': () => ({ data: { username: null } }),
  },
}

/** What goes, or comes to be another, and is not made anew by itself. */
const leftToAPerson: Record<string, string> = {
  'guest persistentvolumeclaims': 'the data went with it: an empty volume in its place would pass for the database',
  'guest secrets': 'the passwords went with it, and a password never changes by itself',
  'guest guests': 'its pod runs on; only when that is gone, the Guest goes and is made anew',
  'tenant instances': 'it is what was asked for: the Instance was deleted',
}

const sortOf = ({ resource, write }: Pick<Meddling, 'resource' | 'write'>) => `${isOnGuestSide(write) ? 'guest' : 'tenant'} ${resource}`

export const editsOf = (o: Pick<Meddling, 'resource' | 'write'>): string[] => Object.keys(edits[sortOf(o)] ?? {})

/** Whether it all comes to the same end. */
export const isMadeGood = (plan: Meddling): boolean => plan.fault === 'edited' || !Object.hasOwn(leftToAPerson, sortOf(plan))

export function meddle(plan: Meddling, c: Controls): Armed {
  if (plan.fault === 'edited' && plan.when === 'at the end') return { disarm: () => editAtTheEnd(plan, c) }
  return atWrite(plan.write, c, 'after', async answer => {
    const object = JSON.parse(answer.body) as Loose
    if (answer.status >= 300) return undefined
    if (plan.fault === 'edited') await edit(object, plan, c)
    else await take(object, plan, c)
    return undefined
  })
}

async function editAtTheEnd(plan: PlanOf<'edited'>, c: Controls): Promise<void> {
  const { view, id } = c.stage
  const object = view.list(plan.resource).find(({ metadata }) => `${plan.resource} ${masked(metadata.name, id)}` === objectOf(plan.write))
  if (object === undefined) return
  c.hit()
  await edit(object, plan, c)
}

async function edit(object: Loose, plan: PlanOf<'edited'>, { stage }: Controls): Promise<void> {
  const { name, namespace } = object.metadata
  await stage.change(plan.resource, name, edits[sortOf(plan)]![plan.edit]!(object), { namespace: namespace! })
}

async function take(object: Loose, { fault, resource }: PlanOf<'replaced' | 'deleted'>, { upstream }: Controls): Promise<void> {
  const { name, namespace } = object.metadata
  const path = pathOf(resourceOf(resource), namespace === undefined ? { name } : { name, namespace })
  const send = async (...request: Parameters<Upstream['text']>) => {
    const { status, body } = await upstream.text(...request)
    if (status >= 300) throw new Error(`${fault} by nobody: ${request[0]} ${request[1]}: ${body}`)
  }
  if (fault === 'deleted') return send('DELETE', path)
  await send('PATCH', path, JSON.stringify({ metadata: { finalizers: null } }), 'application/merge-patch+json')
  await send('DELETE', `${path}?gracePeriodSeconds=0`)
  await send('POST', path.slice(0, path.lastIndexOf('/')), JSON.stringify(anotherLike(object)))
}

/** Equal in everything that whoever makes it can choose. */
function anotherLike(object: Loose): object {
  const { status: _, ...rest } = object
  const {
    uid: _uid,
    resourceVersion: _rv,
    creationTimestamp: _ct,
    generation: _g,
    managedFields: _mf,
    ...metadata
  } = object.metadata as KubeObject['metadata'] & {
    managedFields?: unknown
  }
  const { clusterIP: _ip, clusterIPs: _ips, ...spec } = (rest.spec ?? {}) as Record<string, unknown>
  return { ...rest, metadata, ...(rest.spec !== undefined && { spec }) }
}
