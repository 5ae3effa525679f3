/**
 * Conditions as kstatus reads them: Ready always, Reconciling and Stalled only while true. A condition's transition time moves only with
 * its status, or when a wait for what may yet come begins, and each says for which generation it was judged.
 */
import type { Condition } from '../api/fields.ts'
import { type Fault, mayYetCome } from '../errors.ts'

/** An Instance and its Databases are applied one after the other: so long what is missing at first is waited for, before it is Stalled. */
const patienceMs = 5_000

export interface Said {
  type: string
  status: Condition['status']
  reason: string
  message: string
}

export function mergeConditions(
  previous: readonly Condition[] | undefined,
  said: readonly Said[],
  at: { generation: number; now: Date },
): Condition[] {
  return said.map(one => {
    const since = waitedForSince(previous, one, at)
    const s = since === undefined ? one : { ...one, type: 'Reconciling' }
    const before = previous?.find(c => c.type === s.type)
    const lastTransitionTime = since ?? (before?.status === s.status ? before.lastTransitionTime : timestamp(at.now))
    return { ...s, observedGeneration: at.generation, lastTransitionTime }
  })
}

/** Nothing that we watch tells that patience has run out: after so long the object has to be looked at again. */
export function patienceLeftMs(conditions: readonly Condition[], now: Date): number | undefined {
  const waits = conditions.find(c => c.type === 'Reconciling' && mayYetCome(c.reason))
  return waits && Math.max(0, Date.parse(waits.lastTransitionTime) + patienceMs - now.getTime())
}

/** Since when that which may yet come has been waited for, from the first look at what is asked for; undefined if it is not, or no longer. */
function waitedForSince(
  previous: readonly Condition[] = [],
  { type, reason }: Said,
  { generation, now }: { generation: number; now: Date },
): string | undefined {
  if (type !== 'Stalled' || !mayYetCome(reason)) return undefined
  if (previous.every(c => c.observedGeneration !== generation)) return timestamp(now)
  const before = previous.find(c => c.type === 'Reconciling' && mayYetCome(c.reason))
  if (before === undefined) return undefined
  // A time before the wait began is another clock's: rather than for who knows how long, nothing is waited for.
  const waitedMs = now.getTime() - Date.parse(before.lastTransitionTime)
  return waitedMs >= 0 && waitedMs < patienceMs ? before.lastTransitionTime : undefined
}

/**
 * Not ready because of a fault: it is Reconciling if it heals by itself, and Stalled if something else must change first. What may yet come is
 * waited for a little before that.
 */
export function notReady(fault: Fault, status: 'False' | 'Unknown' = 'False'): Said[] {
  const { code: reason, message } = fault
  const also = fault.heals ? 'Reconciling' : 'Stalled'
  return [
    { type: 'Ready', status, reason, message },
    { type: also, status: 'True', reason, message },
  ]
}

export const ready = (reason: string, message: string): Said => ({ type: 'Ready', status: 'True', reason, message })

/** So long the first word on what belongs to a running Instance is waited with: it is the outcome then, and one write less. */
const momentMs = 2_000

/** How much longer nothing need be said of an object that was only just made, for all that it waits for is its turn at a running Instance. */
export function momentLeftMs(
  { metadata, status }: { metadata: { creationTimestamp?: string }; status?: { conditions?: Condition[] | undefined } },
  said: readonly Said[],
  instance: Parameters<typeof isReadyNow>[0] | undefined,
  now: Date,
): number | undefined {
  if (status?.conditions !== undefined || said[0]?.reason !== 'InstanceNotReady') return undefined
  if (instance === undefined || !isReadyNow(instance)) return undefined
  const age = now.getTime() - Date.parse(metadata.creationTimestamp ?? '')
  // Younger than nothing: the server's clock is ahead of ours, and says nothing.
  return age >= 0 && age < momentMs ? momentMs - age : undefined
}

/** Whether Ready was said to be True for the object as it is now. */
export function isReadyNow(object: { metadata: { generation?: number }; status?: { conditions?: Condition[] | undefined } }): boolean {
  const condition = object.status?.conditions?.find(c => c.type === 'Ready')
  return condition?.status === 'True' && condition.observedGeneration === object.metadata.generation
}

/** Times in status have no fractions: nobody reads them, and they would make equal statuses differ. */
export const timestamp = (date: Date) => date.toISOString().replace(/\.\d+Z$/, 'Z')
