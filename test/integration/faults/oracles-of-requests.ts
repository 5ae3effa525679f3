/** Oracles that look at what was asked of the API server. */
import type { Version } from './history.ts'
import { type Exchange, isAnyWrite, isWrite, masked, wasApplied } from './journal.ts'
import type { Expectation } from './oracles.ts'
import type { Evidence } from './trial.ts'
import { applied, requestOf, tell } from './witness.ts'

/** A change without a condition could hit another object than the one that was looked at, or one that says more by now. */
export function unconditional(e: Evidence): string[] {
  const isConditional = (x: Exchange): boolean => {
    if (x.verb === 'create' || x.verb === 'delete') return true
    const conditions = conditionsOf(x)
    // A finalizer is taken off and put on wherever the list of them is as it was.
    const asSeen = Array.isArray(x.body) ? conditions.size > 1 : conditions.has('/metadata/resourceVersion')
    return asSeen && conditions.has('/metadata/uid')
  }
  return applied(e)
    .filter(x => !isConditional(x) && x.status !== 201)
    .map(tell)
}

/** What must be so for a write to be applied, by path. */
function conditionsOf({ body }: Exchange): Map<string, unknown> {
  const tests = Array.isArray(body)
    ? body.filter(op => op.op === 'test').map(op => [op.path, op.value] as const)
    : [['/metadata/uid', body?.metadata?.uid] as const, ['/metadata/resourceVersion', body?.metadata?.resourceVersion] as const]
  return new Map(tests.filter(([, value]) => value !== undefined))
}

/** The server takes a write that changes nothing, and leaves the resourceVersion as it was: as the write before made it, or as this one was based on. */
export function vainWrites(e: Evidence): string[] {
  const before = new Map<string, string>()
  return applied(e)
    .filter(x => {
      const { uid, resourceVersion } = x.answer?.metadata ?? {}
      // Whoever does not know whether a write was applied must write again.
      if (uid === undefined || resourceVersion === undefined || x.told !== undefined) return false
      const was = [before.get(uid), conditionsOf(x).get('/metadata/resourceVersion')]
      const vain = was.includes(resourceVersion) && x.verb !== 'delete' && !endsIt(x)
      before.set(uid, resourceVersion)
      return vain
    })
    .map(tell)
}

/** One list of each kind for each process that was started. */
export function vainLists(e: Evidence, { relists }: Expectation): string[] {
  if (relists) return []
  const lists = Map.groupBy(
    e.journal.filter(x => x.query.has('sendInitialEvents') && x.told === undefined && (x.status ?? 200) < 300),
    x => `${x.who} ${x.life}: ${x.resource}`,
  )
  return [...lists].filter(([, all]) => all.length > 1).map(([what, all]) => `${what} listed ${all.length} times`)
}

/** The last finalizer went, and with it the object: the answer is its last state. */
const endsIt = ({ answer }: Exchange): boolean => answer?.metadata.deletionTimestamp !== undefined && !answer.metadata.finalizers?.length

/**
 * What a process has made, it knows to be there; unless somebody took off the label by which it is watched, or its watch told of what came later
 * and not of that.
 */
export function ownWritesForgotten(e: Evidence, { unheard }: Expectation): string[] {
  const unlabelled = ({ object }: Version) => object.metadata.labels?.['app.kubernetes.io/managed-by'] === undefined
  const ended = new Map<string, number>()
  for (const v of e.view.versions) {
    const { uid } = v.object.metadata
    if ((v.type === 'DELETED' || unlabelled(v)) && !ended.has(uid)) ended.set(uid, v.at)
  }
  const made = e.journal.filter(x => isWrite(x) && x.verb !== 'delete' && wasApplied(x))
  /** A moment of history that came after this was asked. */
  const after = (x: Exchange) => Number(made.find(w => w.n > x.n)?.answer?.metadata.resourceVersion ?? Number.POSITIVE_INFINITY)
  const passedOver = (x: Exchange, since: number) =>
    unheard === `${x.resource} ${masked(x.name ?? '', e.id)}` &&
    e.view.versions.some(
      v =>
        v.resource === x.resource &&
        // Services it watches wherever they are.
        (v.resource === 'services' || v.object.metadata.namespace === x.namespace) &&
        v.object.metadata.name !== x.name &&
        v.at > since &&
        v.at < after(x),
    )
  const known = new Map<string, { uid: string; at: number }>()
  const forgotten: string[] = []
  for (const x of e.journal.filter(x => x.verb === 'create' && isWrite(x))) {
    const key = `${x.who} ${x.life} ${x.resource} ${x.namespace}/${x.name}`
    const before = known.get(key)
    const isKnown = before !== undefined && !((ended.get(before.uid) ?? Number.POSITIVE_INFINITY) < after(x))
    if (x.status === 409 && isKnown && !passedOver(x, before.at)) forgotten.push(tell(x))
    const { uid, resourceVersion } = x.answer?.metadata ?? {}
    if (x.status === 201 && x.told === undefined) known.set(key, { uid: uid!, at: Number(resourceVersion) })
  }
  return forgotten
}

/** Of one deed that fails over and over there are at most so many attempts: 5 ms, doubled each time, is 13 in half a minute; then come the events. */
const mostAttempts = 30

export function bounded(e: Evidence): string[] {
  const failed = e.journal.filter(x => x.resource !== 'leases' && !/^2\d\d$/.test(x.told ?? String(x.status ?? 200)))
  const byDeed = Map.groupBy(failed, x => `${x.who} ${x.verb} ${x.resource} ${x.name ?? ''}`)
  // One object may be asked for on account of the Instance, of its Databases and of its users, each at its own pace.
  const most = ({ verb }: Exchange) => (verb === 'get' ? 3 * mostAttempts : mostAttempts)
  return [...byDeed].filter(([, all]) => all.length > most(all[0]!)).map(([deed, all]) => `${deed} failed ${all.length} times`)
}

/** Timers may be a little early, and what is asked within so long may have been asked together with what was answered so. */
const earlyMs = 20
const togetherMs = 200

/** A server that says for how long it does not want to be asked is not asked the same meanwhile. */
export function impatient(e: Evidence): string[] {
  const wrong: string[] = []
  const told = new Map<string, Exchange>()
  for (const x of e.journal) {
    const request = `${x.who} ${x.life} ${requestOf(x)}`
    const before = told.get(request)
    const leftMs = before === undefined ? 0 : before.at + before.retryAfterMs! - earlyMs - x.at
    // Whoever asks in that time is told anew; it counts from the first time.
    if (leftMs > 0 && x.at - before!.at > togetherMs)
      wrong.push(`${tell(x)} came ${Math.round(leftMs)} ms before the time that #${before!.n} was told`)
    if (leftMs <= 0 && x.retryAfterMs !== undefined) told.set(request, x)
  }
  return wrong
}

/** Once another holds the lease, or would be free to, whoever held it before writes nothing any more. */
export function oneLeader(e: Evidence, { replicas }: Expectation): string[] {
  if (replicas < 2) return []
  const journal = e.journal.filter(x => x.life <= e.lives)
  const takeover = journal.find(x => x.who === 'standby' && x.resource === 'leases' && x.verb !== 'get' && wasApplied(x))
  const missing = takeover === undefined && e.hit ? ['no other process took over'] : []
  const from = takeover?.n ?? Number.POSITIVE_INFINITY
  const renewed = journal.findLast(x => x.who === 'operator' && x.resource === 'leases' && wasApplied(x))!
  const late = (x: Exchange) => x.who === 'operator' && (x.n > from || x.at > renewed.at + leaseHeldMs)
  const early = (x: Exchange) => x.who === 'standby' && x.n < from
  return [...missing, ...journal.filter(x => isAnyWrite(x) && (late(x) || early(x))).map(x => `${x.who}, who did not lead: ${tell(x)}`)]
}

/** So long after a renewal it may be believed, with a little for the way. */
const leaseHeldMs = 10_500
