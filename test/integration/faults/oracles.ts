/**
 * What must hold whatever happened, judged after each trial from what was asked (the journal), from what came of it (every version of every
 * object) and from what is inside the databases. Each oracle is one promise of docs/reliability.md. None of them knows the operator's code.
 */
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Loose, Version } from './history.ts'
import { type Exchange, isWrite, masked, wasApplied } from './journal.ts'
import { isCompared } from './masks.ts'
import { condition } from './stage.ts'
import type { Evidence } from './trial.ts'

export interface Violation {
  oracle: string
  what: string
}

/** What a clean run of the workload came to. */
export interface Reference {
  end: string
  counts: string
  connections: number
  rssMiB: number
}

export interface Expectation {
  /** The same end and the same counts; undefined where the fault itself leads elsewhere: there a step need not come to its end, if it is said why. */
  reference?: Reference
  /** Somebody else laid hands on our objects: what went missing or wrong by that is not ours to answer for. */
  meddled: boolean
  /** More than one process: their connections are not compared. */
  replicas: number
  /** It was shown an old world, and could not know that what it wrote was there already. */
  deceived: boolean
  /** The server has lost its history, or its connections: then everything is listed anew. */
  relists: boolean
  /** Thousands of others' objects are in the caches at the end: memory must be within the pod's limit. */
  crowded: boolean
}

type Oracle = (e: Evidence, x: Expectation) => string[]

export function judge(evidence: Evidence, expectation: Expectation): Violation[] {
  return Object.entries(oracles).flatMap(([oracle, look]) => look(evidence, expectation).map(what => ({ oracle, what })))
}

export const oracles: Record<string, Oracle> = {
  'it comes to rest': (e, { reference }) => (reference === undefined && isJudged(e) ? e.stuck.filter(s => !s.startsWith('step')) : e.stuck),
  'the end is the clean run’s': sameEnd,
  'each object is made and deleted as often as in the clean run': sameCounts,
  'a start finds nothing to do': e => {
    const writes = e.journal.filter(x => isWrite(x) && x.at > e.restartedAt)
    return writes.map(x => `after a restart: ${tell(x)} ${JSON.stringify(x.body)}`)
  },
  'deletions name a UID': e =>
    applied(e)
      .filter(x => x.verb === 'delete' && x.body?.preconditions?.uid === undefined)
      .map(tell),
  'changes name the object that they mean': unconditional,
  'nothing is written without a change': (e, { deceived }) => (deceived ? [] : vainWrites(e)),
  'its own writes are known to it': ownWritesForgotten,
  'lists are not asked for in vain': vainLists,
  'volumes and passwords go by policy alone': goneByPolicy,
  'a pod is replaced only for a reason': podsReplaced,
  'never two pods on one volume': twoPods,
  'everything of ours is fenced by the finalizer': fenced,
  'a password never changes': passwordsKept,
  'engine, Secret and binding agree': agreement,
  'databases are dropped only where it was asked for': dropped,
  'status is never ahead of what is so': honestStatus,
  'nothing foreign is touched': foreign,
  'no secret is told': told,
  'retries are bounded': bounded,
  'one leader at a time': oneLeader,
  'connections and memory return to where they were': baseline,
}

/** Of everything it is said what became of it as it is asked for now. */
function isJudged(e: Evidence): boolean {
  return ['instances', 'databases', 'databaseusers'].every(plural =>
    e.view.list(plural).every(({ metadata, status }) => status?.observedGeneration === metadata.generation),
  )
}

const applied = (e: Evidence): Exchange[] => e.journal.filter(x => isWrite(x) && wasApplied(x))
const tell = (x: Exchange): string => `#${x.n} ${x.verb} ${x.resource}${x.subresource ? `/${x.subresource}` : ''} ${x.namespace}/${x.name}`
const keyOf = (v: { resource: string; object: KubeObject }) =>
  `${v.resource} ${v.object.metadata.namespace ?? ''}/${v.object.metadata.name}`
const inGuests = (e: Evidence, { metadata }: KubeObject) => metadata.namespace === `g-${e.id}`
const instanceUid = ({ metadata }: KubeObject): string | undefined => metadata.labels?.['trove.dev/instance-uid']

/** Goes through history, with the world as it was just before each version. */
function* through(e: Evidence): Generator<{ v: Version; before: Map<string, Loose> }> {
  const world = new Map<string, Loose>()
  for (const v of [...e.view.versions].sort((a, b) => a.at - b.at)) {
    yield { v, before: world }
    if (v.type === 'DELETED') world.delete(keyOf(v))
    else world.set(keyOf(v), v.object)
  }
}

const instancesOf = (world: Map<string, Loose>): Loose[] => [...world].filter(([key]) => key.startsWith('instances ')).map(([, o]) => o)
const byUid = (world: Map<string, Loose>, uid: string | undefined): Loose | undefined =>
  instancesOf(world).find(i => i.metadata.uid === uid)

function sameEnd(e: Evidence, { reference }: Expectation): string[] {
  if (reference === undefined || e.end === reference.end || e.stuck.length > 0) return []
  return [difference(e.end, reference.end)]
}

function sameCounts(e: Evidence, { reference }: Expectation): string[] {
  if (reference === undefined || e.stuck.length > 0) return []
  const counts = countsOf(e)
  return counts === reference.counts ? [] : [difference(counts, reference.counts)]
}

/** How often each object was made and deleted, a line for each. */
export function countsOf(e: Evidence): string {
  const counts = new Map<string, { made: number; deleted: number }>()
  for (const { type, resource, object } of e.view.versions.filter(v => isCompared(v.resource))) {
    const key = `${resource} ${masked(object.metadata.name, e.id)}`
    const count = counts.get(key) ?? { made: 0, deleted: 0 }
    if (type === 'ADDED') count.made += 1
    if (type === 'DELETED') count.deleted += 1
    counts.set(key, count)
  }
  return [...counts]
    .map(([key, c]) => `${key}: made ${c.made}, deleted ${c.deleted}`)
    .sort()
    .join('\n')
}

/** The lines that only one of two texts has, with where they are. */
function difference(is: string, shouldBe: string): string {
  const [a, b] = [is, shouldBe].map(t => t.split('\n')) as [string[], string[]]
  const at = a.findIndex((line, i) => line !== b[i])
  const some = (lines: string[]) => lines.slice(Math.max(0, at - 2), at + 4).join('\n    ')
  return `line ${at + 1}\n  is\n    ${some(a)}\n  in the clean run\n    ${some(b)}`
}

/** A patch or an update without a condition could hit another object than the one that was looked at. */
function unconditional(e: Evidence): string[] {
  const conditional = (x: Exchange): boolean => {
    if (x.verb === 'create' || x.verb === 'delete') return true
    if (Array.isArray(x.body)) return x.body.some(op => op.op === 'test' && op.path === '/metadata/uid')
    if (x.verb === 'update') return x.body?.metadata?.resourceVersion !== undefined
    return x.body?.metadata?.uid !== undefined
  }
  return applied(e)
    .filter(x => !conditional(x) && x.status !== 201)
    .map(tell)
}

/** The server takes a write that changes nothing, and leaves the resourceVersion as the write before made it. */
function vainWrites(e: Evidence): string[] {
  const before = new Map<string, string>()
  return applied(e)
    .filter(x => {
      const { uid, resourceVersion } = x.answer?.metadata ?? {}
      // Whoever does not know whether a write was applied must write again.
      if (uid === undefined || resourceVersion === undefined || x.told !== undefined) return false
      const vain = before.get(uid) === resourceVersion && x.verb !== 'delete' && !endsIt(x)
      before.set(uid, resourceVersion)
      return vain
    })
    .map(tell)
}

/** One list of each kind for each process that was started. */
function vainLists(e: Evidence, { relists }: Expectation): string[] {
  if (relists) return []
  const lists = Map.groupBy(
    e.journal.filter(x => x.query.has('sendInitialEvents') && x.told === undefined),
    x => `${x.who} ${x.life}: ${x.resource}`,
  )
  return [...lists].filter(([, all]) => all.length > 1).map(([what, all]) => `${what} listed ${all.length} times`)
}

/** The last finalizer went, and with it the object: the answer is its last state. */
const endsIt = ({ answer }: Exchange): boolean => answer?.metadata.deletionTimestamp !== undefined && !answer.metadata.finalizers?.length

/** What a process has made, it knows to be there. */
function ownWritesForgotten(e: Evidence): string[] {
  const made = new Map<string, string>()
  const forgotten: string[] = []
  for (const x of e.journal.filter(x => x.verb === 'create' && isWrite(x))) {
    const key = `${x.life} ${x.resource} ${x.namespace}/${x.name}`
    const uid = made.get(key)
    if (x.status === 409 && uid !== undefined && !e.view.versions.some(v => v.type === 'DELETED' && v.object.metadata.uid === uid))
      forgotten.push(tell(x))
    if (x.status === 201 && x.told === undefined) made.set(key, x.answer!.metadata.uid)
  }
  return forgotten
}

const data = new Set(['persistentvolumeclaims', 'secrets'])

/** resourceVersion at which a deletion showed. */
function momentOf(e: Evidence, x: Exchange): number {
  const uid = x.body?.preconditions?.uid
  const ended = (v: Version) => v.type === 'DELETED' || v.object.metadata.deletionTimestamp !== undefined
  return e.view.versions.find(v => v.object.metadata.uid === uid && ended(v))?.at ?? Number.POSITIVE_INFINITY
}

function goneByPolicy(e: Evidence): string[] {
  const wrong: string[] = []
  const deletions = applied(e).filter(x => x.verb === 'delete' && data.has(x.resource) && x.namespace === `g-${e.id}`)
  for (const x of deletions) {
    const uid = x.body?.preconditions?.uid
    const object = e.view.versions.find(v => v.object.metadata.uid === uid)?.object
    const owner = object && instanceUid(object)
    const marked = e.view.versions.filter(v => v.object.metadata.uid === owner && v.at < momentOf(e, x))
    const instance = marked.find(v => v.object.metadata.deletionTimestamp !== undefined)?.object as Loose | undefined
    if (instance === undefined) wrong.push(`${tell(x)}: its Instance was not being deleted`)
    else if (instance.spec?.deletionPolicy === 'Retain') wrong.push(`${tell(x)}: its Instance retains it`)
  }
  return wrong
}

function podsReplaced(e: Evidence): string[] {
  const wrong: string[] = []
  for (const x of applied(e).filter(x => x.verb === 'delete' && x.resource === 'pods')) {
    const uid = x.body?.preconditions?.uid
    const lives = e.view.versions.filter(v => v.object.metadata.uid === uid)
    const pod = lives[0]?.object
    const owner = e.view.versions.filter(v => v.object.metadata.uid === (pod && instanceUid(pod)) && v.at < momentOf(e, x))
    const ended = lives.some(v => ['Failed', 'Succeeded'].includes(String((v.object as Loose).status?.phase)))
    const leaving = owner.some(v => v.object.metadata.deletionTimestamp !== undefined || v.type === 'DELETED')
    const madeFor = pod?.metadata.annotations?.['trove.dev/restart'] ?? ''
    const asked = owner.some(v => ((v.object as Loose).spec?.restartRequestedAt ?? '') !== madeFor)
    if (!ended && !leaving && !asked) wrong.push(`${tell(x)}: it neither ended, nor did anybody ask for it`)
  }
  return wrong
}

function twoPods(e: Evidence): string[] {
  const wrong: string[] = []
  for (const { v, before } of through(e)) {
    if (v.resource !== 'pods' || v.type !== 'ADDED') continue
    const claims = claimsOf(v.object)
    const others = [...before].filter(([key, o]) => key.startsWith('pods ') && claimsOf(o).some(c => claims.includes(c)))
    for (const [key] of others) wrong.push(`${keyOf(v)} was made while ${key} had its volume`)
  }
  return wrong
}

function claimsOf(pod: KubeObject): string[] {
  const volumes = ((pod as Loose).spec?.volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[]
  return volumes.flatMap(v => (v.persistentVolumeClaim === undefined ? [] : [v.persistentVolumeClaim.claimName]))
}

/** Nothing is made for an Instance that could vanish unseen, and it does not vanish before what was made for it. */
function fenced(e: Evidence, { meddled }: Expectation): string[] {
  const wrong: string[] = []
  for (const { v, before } of through(e)) {
    const uid = instanceUid(v.object)
    if (v.type === 'ADDED' && inGuests(e, v.object) && uid !== undefined && !meddled) {
      const instance = byUid(before, uid)
      if (instance === undefined) wrong.push(`${keyOf(v)} was made for an Instance that was gone`)
      else if (!instance.metadata.finalizers?.includes('trove.dev/instance')) wrong.push(`${keyOf(v)} was made before the finalizer`)
    }
    if (v.resource === 'instances' && v.type === 'DELETED' && !meddled) {
      const kept = (v.object as Loose).spec?.deletionPolicy === 'Retain' ? data : new Set<string>()
      for (const [key, object] of before) {
        if (instanceUid(object) === v.object.metadata.uid && !kept.has(key.split(' ')[0]!))
          wrong.push(`${key} was still there when its Instance went`)
      }
    }
  }
  return wrong
}

const revisionKey = /^[0-9a-f]{8}-\d+$/

function passwordsKept(e: Evidence, { meddled }: Expectation): string[] {
  const first = new Map<string, string>()
  const wrong: string[] = []
  for (const v of e.view.versions.filter(v => v.resource === 'secrets' && inGuests(e, v.object))) {
    for (const [key, value] of Object.entries((v.object as Loose).data ?? {}).filter(([key]) => revisionKey.test(key))) {
      const name = `${v.object.metadata.name} ${key}`
      const before = first.get(name)
      if (before !== undefined && before !== value && !meddled) wrong.push(`${name} was given a second password`)
      first.set(name, value)
    }
  }
  return wrong
}

function agreement(e: Evidence): string[] {
  const wrong: string[] = []
  for (const user of e.view.list('databaseusers')) {
    if (condition(user, 'Ready')?.status !== 'True') continue
    const name = String(user.spec?.name)
    const { name: of } = user.spec!.instanceRef as { name: string }
    const instance = e.view.get('instances', of, user.metadata.namespace)
    const binding = e.view.get('secrets', `${user.metadata.name}-credentials`, user.metadata.namespace)
    const side = `${instance?.metadata.name}-${instance?.metadata.uid.slice(0, 8)}`
    const kept = e.view.get('secrets', side, `g-${e.id}`)?.data?.[`${user.metadata.uid.slice(0, 8)}-${user.spec!.passwordGeneration ?? 1}`]
    const claim = e.view.get('persistentvolumeclaims', side, `g-${e.id}`)
    const engine = e.engines.get(claim?.metadata.uid ?? '')?.users.get(name)
    const text = (value: string | undefined) => (value === undefined ? undefined : Buffer.from(value, 'base64').toString())
    if (engine === undefined) wrong.push(`${name} is Ready, and the engine does not know it`)
    else if (text(kept) !== engine) wrong.push(`${name}: the guest’s Secret has another password than the engine`)
    else if (text(binding?.data?.password) !== engine) wrong.push(`${name}: the binding has another password than the engine`)
  }
  // A login that was deleted lets nobody in any more.
  for (const engine of e.engines.values()) {
    for (const name of engine.users.keys()) {
      const owners = e.view.versions.filter(v => v.resource === 'databaseusers' && (v.object as Loose).spec?.name === name)
      const released = owners.length > 0 && owners.every(({ object }) => isGone(e, object)) && !everyInstanceLeft(e)
      if (released) wrong.push(`${name} is gone, and the engine still knows its login`)
    }
  }
  return wrong
}

const isGone = (e: Evidence, { metadata: { uid } }: KubeObject) =>
  e.view.versions.some(v => v.object.metadata.uid === uid && v.type === 'DELETED')
const everyInstanceLeft = (e: Evidence) =>
  e.view.versions.filter(v => v.resource === 'instances').some(v => v.object.metadata.deletionTimestamp !== undefined)

function dropped(e: Evidence): string[] {
  return [...e.engines.values()].flatMap(engine =>
    engine.dropped
      .filter(name => {
        const owners = e.view.versions.filter(v => v.resource === 'databases' && (v.object as Loose).spec?.name === name)
        return !owners.some(
          ({ object }) => object.metadata.deletionTimestamp !== undefined && (object as Loose).spec?.deletionPolicy === 'Delete',
        )
      })
      .map(name => `database ${name} was dropped`),
  )
}

type Condition = { type: string; status: string; observedGeneration?: number }

/** What is said of a generation was judged of that generation: never a later one than there is, never one after another that was judged later. */
function honestStatus(e: Evidence): string[] {
  const wrong: string[] = []
  const reached = new Map<string, number>()
  for (const { v, before } of through(e)) {
    const { uid, generation = 0 } = v.object.metadata
    const status = (v.object as Loose).status as { observedGeneration?: number; conditions?: Condition[] } | undefined
    if (v.type === 'DELETED' || status?.conditions === undefined || v.resource === 'pods') continue
    const observed = status.observedGeneration ?? 0
    if (observed > generation) wrong.push(`${keyOf(v)} speaks of generation ${observed} at ${generation}`)
    if (observed < (reached.get(uid) ?? 0)) wrong.push(`${keyOf(v)} speaks of generation ${observed} after ${reached.get(uid)}`)
    reached.set(uid, observed)
    for (const c of status.conditions) {
      if (c.observedGeneration !== observed)
        wrong.push(`${keyOf(v)}: ${c.type} was judged for ${c.observedGeneration}, the rest for ${observed}`)
    }
    if (v.resource === 'instances' && v.type === 'MODIFIED') wrong.push(...readyTooEarly(v, observed, e, before))
  }
  return wrong
}

/** Ready for a generation means that who may connect, which can be read off the network policy, is as that generation says. */
function readyTooEarly(v: Version, observed: number, e: Evidence, world: Map<string, Loose>): string[] {
  const { uid } = v.object.metadata
  const before = world.get(keyOf(v))
  const was = condition(before, 'Ready') as Condition | undefined
  const is = condition(v.object as Loose, 'Ready') as Condition | undefined
  if (is?.status !== 'True' || (was?.status === 'True' && was.observedGeneration === observed)) return []
  const asked = e.view.versions.find(x => x.object.metadata.uid === uid && x.object.metadata.generation === observed)?.object as
    | Loose
    | undefined
  const cidrs = ((asked?.spec?.access as { allowedCidrs?: string[] } | undefined)?.allowedCidrs ?? []) as string[]
  const policy = [...world].find(([key, o]) => key.startsWith('networkpolicies ') && instanceUid(o) === uid)?.[1]
  const text = JSON.stringify(policy?.spec?.ingress ?? [])
  const allowed = [...text.matchAll(/"cidr":"([^"]+)"/g)].map(m => m[1]!)
  if (JSON.stringify([...cidrs].sort()) === JSON.stringify(allowed.sort())) return []
  return [`${keyOf(v)} is Ready for generation ${observed}, which allows [${cidrs}]; the network policy allows [${allowed}]`]
}

/** What bears somebody else's label is theirs. */
function foreign(e: Evidence): string[] {
  const theirs = new Set(
    e.view.versions.filter(v => v.object.metadata.labels?.['app.kubernetes.io/managed-by'] === 'somebody').map(v => v.object.metadata.uid),
  )
  const uidOf = (x: Exchange) => x.answer?.metadata?.uid ?? x.body?.preconditions?.uid ?? ''
  const touched = applied(e).filter(x => theirs.has(uidOf(x)))
  const strange = applied(e).filter(x => {
    if (x.namespace !== `t-${e.id}`) return false
    if (x.resource === 'secrets') return !x.name!.endsWith('-credentials')
    return x.resource === 'services' && e.view.versions.every(v => v.resource !== 'instances' || v.object.metadata.name !== x.name)
  })
  return [...touched, ...strange].map(tell)
}

function told(e: Evidence): string[] {
  const secrets = e.view.versions.filter(v => v.resource === 'secrets' && v.object.metadata.name !== 'bystander')
  const values = new Set(
    secrets.flatMap(v =>
      Object.entries((v.object as Loose).data ?? {})
        .filter(([key]) => revisionKey.test(key) || key === 'password')
        .flatMap(([, value]) => [value, Buffer.from(value, 'base64').toString()]),
    ),
  )
  const elsewhere = e.view.versions.filter(v => v.resource !== 'secrets')
  const texts = [...elsewhere.map(v => ({ where: keyOf(v), text: JSON.stringify(v.object) })), { where: 'the log', text: e.output }]
  return texts.flatMap(({ where, text }) => ([...values].some(value => text.includes(value)) ? [`a password is in ${where}`] : []))
}

/** Of one deed that fails over and over there are at most so many attempts: 5 ms, doubled each time, is 13 in half a minute; then come the events. */
const mostAttempts = 30

function bounded(e: Evidence): string[] {
  const failed = e.journal.filter(x => x.resource !== 'leases' && (x.told !== undefined || (x.status ?? 200) >= 400))
  const byDeed = Map.groupBy(failed, x => `${x.who} ${x.verb} ${x.resource} ${x.name ?? ''}`)
  return [...byDeed].filter(([, all]) => all.length > mostAttempts).map(([deed, all]) => `${deed} failed ${all.length} times`)
}

/** Once another holds the lease, or would be free to, whoever held it before writes nothing any more. */
function oneLeader(e: Evidence, { replicas }: Expectation): string[] {
  if (replicas < 2) return []
  const journal = e.journal.slice(
    0,
    e.journal.findIndex(x => x.at > e.restartedAt),
  )
  const takeover = journal.find(x => x.who === 'standby' && x.resource === 'leases' && x.verb === 'update' && wasApplied(x))
  if (takeover === undefined) return ['no other process took over']
  const renewed = journal.findLast(x => x.who === 'operator' && x.resource === 'leases' && wasApplied(x))!
  const late = (x: Exchange) => x.who === 'operator' && (x.n > takeover.n || x.at > renewed.at + leaseHeldMs)
  const early = (x: Exchange) => x.who === 'standby' && x.n < takeover.n
  return journal.filter(x => isWrite(x) && (late(x) || early(x))).map(x => `${x.who}, who did not lead: ${tell(x)}`)
}

/** So long after a renewal it may be believed, with a little for the way. */
const leaseHeldMs = 10_500

function baseline(e: Evidence, { reference, replicas, crowded }: Expectation): string[] {
  if (reference === undefined || replicas > 1) return []
  const wrong: string[] = []
  if (e.connections > reference.connections + 10) wrong.push(`${e.connections} connections, ${reference.connections} in the clean run`)
  if (e.rssMiB > Math.max(reference.rssMiB * 1.5, crowded ? 230 : 0))
    wrong.push(`${e.rssMiB.toFixed(0)} MiB, ${reference.rssMiB.toFixed(0)} in the clean run`)
  return wrong
}
