/** Oracles that look at what must not be lost: volumes, pods, passwords, databases, and what is not ours. */
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Pod } from '../../../src/kube/resource.ts'
import { imageToRun } from '../../../src/operator/instance/image-digest.ts'
import { restartOf } from '../../../src/operator/instance/observed.ts'
import type { Loose } from './history.ts'
import type { Exchange } from './journal.ts'
import { revisionKey } from './masks.ts'
import type { Expectation } from './oracles.ts'
import { condition } from './stage.ts'
import type { Evidence } from './trial.ts'
import { applied, byUid, inGuests, instanceUid, keyOf, momentOf, tell, through } from './witness.ts'

const data = new Set(['persistentvolumeclaims', 'secrets'])

export function goneByPolicy(e: Evidence): string[] {
  const wrong: string[] = []
  const deletions = applied(e).filter(x => x.verb === 'delete' && data.has(x.resource) && x.namespace === `g-${e.id}`)
  for (const x of deletions) {
    const uid = x.body?.preconditions?.uid
    const object = e.view.versions.find(v => v.object.metadata.uid === uid)?.object
    const owner = object && instanceUid(object)
    const marked = e.view.versions.filter(v => v.object.metadata.uid === owner && v.at < momentOf(e, x))
    const instance = marked.at(-1)?.object as Loose | undefined
    if (instance?.metadata.deletionTimestamp === undefined) wrong.push(`${tell(x)}: its Instance was not being deleted`)
    else if (instance.spec?.deletionPolicy === 'Retain') wrong.push(`${tell(x)}: its Instance retains it`)
    if (hadPod(e, owner, momentOf(e, x))) wrong.push(`${tell(x)}: its pod was still there`)
  }
  return wrong
}

function hadPod(e: Evidence, instance: string | undefined, at: number): boolean {
  const earlier = e.view.versions.filter(v => v.resource === 'pods' && v.at < at)
  const pods = [...Map.groupBy(earlier, v => v.object.metadata.uid).values()]
  return pods.some(pod => pod.some(v => instanceUid(v.object) === instance) && pod.at(-1)!.type !== 'DELETED')
}

export function podsReplaced(e: Evidence): string[] {
  const wrong: string[] = []
  for (const x of applied(e).filter(x => x.verb === 'delete' && x.resource === 'pods')) {
    const uid = x.body?.preconditions?.uid
    const lives = e.view.versions.filter(v => v.object.metadata.uid === uid)
    const pod = lives[0]?.object
    const owner = e.view.versions.filter(v => v.object.metadata.uid === (pod && instanceUid(pod)) && v.at < momentOf(e, x))
    const ended = lives.some(v => ['Failed', 'Succeeded'].includes(String((v.object as Loose).status?.phase)))
    const leaving = owner.some(v => v.object.metadata.deletionTimestamp !== undefined || v.type === 'DELETED')
    const { spec, status } = (owner.at(-1)?.object ?? {}) as Partial<Loose>
    const restart = spec?.restartRequestedAt
    const asked = restart !== undefined && ![restartOf(pod as Pick<Pod, 'spec'>), status?.lastRestartRequestedAt].includes(restart)
    if (!ended && !leaving && !asked && !isVersionChange(e, owner.at(-1)?.object as Loose | undefined, momentOf(e, x)))
      wrong.push(`${tell(x)}: it neither ended, nor did anybody ask for it`)
    const given = x.body?.gracePeriodSeconds
    if (given !== undefined && lives.some(v => v.at <= knownAt(e, x) && hasRun(v.object)))
      wrong.push(`${tell(x)}: its engine has run, and was given ${given} s to end`)
  }
  return wrong
}

/** Whether the Instance asks for a version that takes over the one which its Guest had by then, or for the one that the Guest was to come from. */
function isVersionChange(e: Evidence, instance: Loose | undefined, at: number): boolean {
  const asked = (instance?.spec?.datastore as { version?: string } | undefined)?.version
  const earlier = e.view.versions.filter(v => v.at < at)
  const guest = earlier.filter(v => v.resource === 'guests' && instanceUid(v.object) === instance?.metadata.uid).at(-1)?.object as
    | Loose
    | undefined
  const offered = earlier.filter(v => v.resource === 'datastoreversions' && (v.object as Loose).spec?.version === asked).at(-1)?.object
  const takesOver = (offered as Loose | undefined)?.spec?.upgradeFrom as string[] | undefined
  return takesOver?.includes(String(guest?.spec?.version)) === true || (asked !== undefined && guest?.spec?.upgradeFrom === asked)
}

/** As of when the operator had last asked for the object that it deletes. */
function knownAt(e: Evidence, x: Exchange): number {
  const asked = e.journal.filter(q => q.n < x.n && q.verb === 'get' && q.resource === x.resource && q.name === x.name)
  return Number(asked.at(-1)?.answer?.metadata?.resourceVersion ?? momentOf(e, x) - 1)
}

function hasRun(pod: KubeObject): boolean {
  const statuses = ((pod as Loose).status?.containerStatuses ?? []) as { name: string; state?: object; restartCount?: number }[]
  return statuses.some(s => s.name === 'database' && (!Object.hasOwn(s.state ?? {}, 'waiting') || s.restartCount! > 0))
}

/** What a pod runs is what its Guest says for as long as there is the pod, and data that a newer version has had is never an older one's. */
export function versionsMove(e: Evidence): string[] {
  const wrong: string[] = []
  const data = new Map<string, string>()
  for (const { v, before } of through(e)) {
    if (!inGuests(e, v.object) || v.type === 'DELETED') continue
    const { namespace, name } = v.object.metadata
    const [at, old] = [v.object as Loose, before.get(keyOf(v))]
    if (v.resource === 'guests') {
      const hasMoved = old !== undefined && old.metadata.uid === at.metadata.uid && old.spec?.version !== at.spec?.version
      if (hasMoved && before.has(`pods ${namespace}/${name}`)) wrong.push(`${keyOf(v)} went to version ${at.spec?.version} under its pod`)
      const found = (at.status?.volume as { version?: string } | undefined)?.version
      const former = data.get(name)
      if (found !== undefined && former !== undefined && Number(found) < Number(former))
        wrong.push(`the data of ${name} went from version ${former} to ${found}`)
      if (found !== undefined) data.set(name, found)
    }
    if (v.resource === 'pods' && v.type === 'ADDED') {
      const guest = before.get(`guests ${namespace}/${name}`)?.spec as Parameters<typeof imageToRun>[0] | undefined
      const containers = (at.spec?.containers ?? []) as { name: string; image: string }[]
      const image = containers.find(c => c.name === 'database')?.image
      if (guest !== undefined && image !== imageToRun(guest))
        wrong.push(`${keyOf(v)} runs ${image}, and its Guest says ${imageToRun(guest)}`)
    }
  }
  return wrong
}

export function twoPods(e: Evidence): string[] {
  const wrong: string[] = []
  for (const { v, before } of through(e)) {
    if (v.resource !== 'pods' || v.type !== 'ADDED') continue
    const claims = claimsOf(v.object)
    // One is enough to say: an operator that makes pods without end makes thousands.
    const other = [...before].find(([key, o]) => key.startsWith('pods ') && claimsOf(o).some(c => claims.includes(c)))
    if (other !== undefined) wrong.push(`${keyOf(v)} was made while ${other[0]} had its volume`)
  }
  return wrong
}

function claimsOf(pod: KubeObject): string[] {
  const volumes = ((pod as Loose).spec?.volumes ?? []) as { persistentVolumeClaim?: { claimName: string } }[]
  return volumes.flatMap(v => (v.persistentVolumeClaim === undefined ? [] : [v.persistentVolumeClaim.claimName]))
}

/** Nothing is made for an Instance that could vanish unseen, and it does not vanish before what was made for it. */
export function fenced(e: Evidence, { meddled }: Expectation): string[] {
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

/** Not even where somebody took the Secret away, unless nobody can have been given it yet: no Guest has named it. */
export function passwordsKept(e: Evidence, { meddled }: Expectation): string[] {
  const named = new Set<string>()
  const first = new Map<string, string>()
  const wrong: string[] = []
  for (const { v } of through(e)) {
    const { name } = v.object.metadata
    if (v.resource === 'guests') for (const { passwordRevision } of loginsOf(v.object)) named.add(`${name} ${passwordRevision}`)
    if (v.resource !== 'secrets' || !inGuests(e, v.object)) continue
    for (const [revision, value] of Object.entries((v.object as Loose).data ?? {}).filter(([key]) => revisionKey.test(key))) {
      const key = `${name} ${revision}`
      const before = first.get(key)
      if (before !== undefined && before !== value && (named.has(key) || !meddled)) wrong.push(`${key} was given a second password`)
      else first.set(key, value)
    }
  }
  return wrong
}

function loginsOf(guest: KubeObject): { passwordRevision: string }[] {
  const { users = [], root } = ((guest as Loose).spec ?? {}) as {
    users?: { passwordRevision: string }[]
    root?: { passwordRevision: string }
  }
  return root === undefined ? users : [...users, root]
}

export function agreement(e: Evidence): string[] {
  const wrong: string[] = [...rootAgrees(e)]
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
  // A login that was deleted lets nobody in any more, unless the Instance was going by then.
  const alive = new Set(e.view.list('databaseusers').map(u => u.spec?.name))
  for (const { v, before } of through(e)) {
    if (v.resource !== 'databaseusers' || v.type !== 'DELETED') continue
    const { name, instanceRef } = (v.object as Loose).spec as { name: string; instanceRef: { name: string } }
    const instance = before.get(`instances ${v.object.metadata.namespace}/${instanceRef.name}`)
    if (alive.has(name) || instance === undefined || instance.metadata.deletionTimestamp !== undefined) continue
    const claims = [...before].filter(([key, o]) => key.startsWith('persistentvolumeclaims ') && instanceUid(o) === instance.metadata.uid)
    const knows = claims.some(([, claim]) => e.engines.get(claim.metadata.uid)?.users.has(name))
    if (knows) wrong.push(`${name} is gone, and the engine still knows its login`)
  }
  return wrong
}

/** Where root is said to be enabled it logs in with what its Secret shows; where it is not asked for any more nobody does, and nobody holds a Secret. */
function rootAgrees(e: Evidence): string[] {
  const wrong: string[] = []
  for (const instance of e.view.list('instances')) {
    const { name, namespace, uid, deletionTimestamp } = instance.metadata
    const side = `${name}-${uid.slice(0, 8)}`
    const claim = e.view.get('persistentvolumeclaims', side, `g-${e.id}`)
    const engine = e.engines.get(claim?.metadata.uid ?? '')?.users.get('root')
    const binding = e.view.get('secrets', `${name}-root`, namespace)
    const ours = binding?.metadata.labels?.['trove.dev/owner-uid'] === uid ? binding : undefined
    const shown = ours?.data?.password && Buffer.from(ours.data.password, 'base64').toString()
    const said = condition(instance, 'RootEnabled')?.status === 'True'
    if (deletionTimestamp !== undefined) continue
    if (said && instance.spec?.rootEnabled === true) {
      if (engine === undefined) wrong.push(`${name} has root, and the engine does not know it`)
      else if (shown !== engine) wrong.push(`${name}: root’s Secret has another password than the engine`)
    } else if (!said && instance.spec?.rootEnabled !== true) {
      if (engine !== undefined) wrong.push(`${name} has no root any more, and the engine still lets it in`)
      if (ours !== undefined) wrong.push(`${name} has no root any more, and its Secret is still there`)
    }
  }
  return wrong
}

/** That root was ever on is never forgotten; and once the engine is asked to let it in no more, nobody holds a Secret that says otherwise. */
export function rootRecorded(e: Evidence, { meddled }: Expectation): string[] {
  const wrong: string[] = []
  const since = new Map<string, string>()
  for (const { v, before } of through(e)) {
    const object = v.object as Loose
    if (v.resource === 'instances') {
      const first = (object.status?.root as { firstEnabledAt?: string } | undefined)?.firstEnabledAt
      const was = since.get(object.metadata.uid)
      if (was !== undefined && first !== was) wrong.push(`${keyOf(v)} says that root was first enabled at ${first}, and said ${was}`)
      if (first !== undefined) since.set(object.metadata.uid, first)
    }
    if (v.resource !== 'guests' || v.type === 'DELETED' || meddled) continue
    const { root, instance } = (object.spec ?? {}) as {
      root?: { ensure: string }
      instance: { namespace: string; name: string; uid: string }
    }
    const had = (before.get(keyOf(v))?.spec?.root as { ensure: string } | undefined)?.ensure
    if (root?.ensure !== 'Absent' || had === 'Absent') continue
    const binding = before.get(`secrets ${instance.namespace}/${instance.name}-root`)
    if (binding?.metadata.labels?.['trove.dev/owner-uid'] === instance.uid)
      wrong.push(`${keyOf(v)} asks that root goes while its Secret is there`)
  }
  return wrong
}

/** An agent is asked to drop a database only while a Database that is being deleted says so, and drops no other. */
export function dropped(e: Evidence): string[] {
  const asked = new Set<string>()
  const wrong: string[] = []
  for (const { v, before } of through(e)) {
    if (v.resource !== 'guests' || v.type === 'DELETED') continue
    const earlier = toDrop(before.get(keyOf(v)))
    for (const name of toDrop(v.object).filter(name => !earlier.includes(name))) {
      asked.add(name)
      const isMeant = ([key, { metadata, spec }]: [string, Loose]) =>
        key.startsWith('databases ') && metadata.deletionTimestamp !== undefined && spec?.name === name && spec.deletionPolicy === 'Delete'
      if (![...before].some(isMeant)) wrong.push(`${keyOf(v)} asks to drop database ${name}`)
    }
  }
  const unasked = [...e.engines.values()].flatMap(engine => engine.dropped).filter(name => !asked.has(name))
  return [...wrong, ...unasked.map(name => `database ${name} was dropped`)]
}

const toDrop = (guest: KubeObject | undefined): string[] =>
  (((guest as Loose | undefined)?.spec?.databases ?? []) as { name: string; ensure: string }[])
    .filter(d => d.ensure === 'Absent')
    .map(d => d.name)

/** What bears somebody else's label is theirs. */
export function foreign(e: Evidence): string[] {
  const theirs = new Set(
    e.view.versions.filter(v => v.object.metadata.labels?.['app.kubernetes.io/managed-by'] === 'somebody').map(v => v.object.metadata.uid),
  )
  const uidOf = (x: Exchange) => x.answer?.metadata?.uid ?? x.body?.preconditions?.uid ?? ''
  const touched = applied(e).filter(x => theirs.has(uidOf(x)))
  const strange = applied(e).filter(x => {
    if (x.namespace !== `t-${e.id}`) return false
    if (x.resource === 'secrets') return !/-(credentials|root)$/.test(x.name!)
    return x.resource === 'services' && e.view.versions.every(v => v.resource !== 'instances' || v.object.metadata.name !== x.name)
  })
  return [...touched, ...strange].map(tell)
}

export function told(e: Evidence): string[] {
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
