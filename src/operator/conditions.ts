/**
 * Conditions as kstatus reads them: Ready always, Reconciling and Stalled only while true. A condition's transition time moves only with
 * its status, and each says for which generation it was judged.
 */
import type { Condition } from '../api/fields.ts'
import type { Fault } from '../errors.ts'

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
  return said.map(s => {
    const before = previous?.find(c => c.type === s.type)
    const lastTransitionTime = before?.status === s.status ? before.lastTransitionTime : timestamp(at.now)
    return { ...s, observedGeneration: at.generation, lastTransitionTime }
  })
}

/** Not ready because of a fault: it is Reconciling if it heals by itself, and Stalled if something else must change first. */
export function notReady(fault: Fault, status: 'False' | 'Unknown' = 'False'): Said[] {
  const { code: reason, message } = fault
  const also = fault.heals ? 'Reconciling' : 'Stalled'
  return [
    { type: 'Ready', status, reason, message },
    { type: also, status: 'True', reason, message },
  ]
}

export const ready = (reason: string, message: string): Said => ({ type: 'Ready', status: 'True', reason, message })

/** Whether Ready was said to be True for the object as it is now. */
export function isReadyNow(object: { metadata: { generation?: number }; status?: { conditions?: Condition[] | undefined } }): boolean {
  const condition = object.status?.conditions?.find(c => c.type === 'Ready')
  return condition?.status === 'True' && condition.observedGeneration === object.metadata.generation
}

/** Times in status have no fractions: nobody reads them, and they would make equal statuses differ. */
export const timestamp = (date: Date) => date.toISOString().replace(/\.\d+Z$/, 'Z')
