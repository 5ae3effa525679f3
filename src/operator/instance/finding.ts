/** One step of the way to a working database, as it was found: what its condition says, and what stands in the way there. */
import type { Fault } from '../../errors.ts'
import type { Said } from '../conditions.ts'

export interface Finding {
  said: Said
  fault?: Fault
  /** Look again after so long, for time alone will change the finding. */
  againMs?: number
}

/** Schedulers and kubelets settle within moments; what lasts longer than this is worth a person's attention. */
export const patienceMs = 3000

export const fine = (type: string, reason: string, message: string): Finding => ({ said: { type, status: 'True', reason, message } })

export const stuck = (type: string, fault: Fault, status: 'False' | 'Unknown' = 'False'): Finding => ({
  said: { type, status, reason: fault.code, message: fault.message },
  fault,
})

/** Milliseconds since a time that the API gave. One that cannot be read is now. */
export function since(now: Date, time: string | undefined): number {
  const at = Date.parse(time ?? '')
  return Number.isNaN(at) ? 0 : Math.max(0, now.getTime() - at)
}

/** What some part of the cluster said, as the end of a sentence of ours. */
export const clean = (text: string) => text.replaceAll(/\s+/g, ' ').replace(/\.$/, '').slice(0, 500)
