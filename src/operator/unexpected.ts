/** A failure that none of our own words fit, as a condition may tell it. Pure. */
import { type Fault, fault } from '../errors.ts'
import { ApiError, isConflict, isTestFailed, isUidMismatch } from '../kube/errors.ts'

/** No answer, too much to do, or not there for a while: the API server's own trouble, of which nothing could be written down anyway. */
const unavailable = new Set([0, 429, 503, 504])

/** Undefined for what is no news to anybody: a lost race, an API server that is not well, work that was called off. */
export function unexpected(error: unknown, signal: AbortSignal): Fault | undefined {
  if (signal.aborted || isConflict(error) || isTestFailed(error) || isUidMismatch(error)) return undefined
  if (error instanceof ApiError && unavailable.has(error.status)) return undefined
  return fault('Internal', { what: error instanceof Error ? error.message : String(error) })
}
