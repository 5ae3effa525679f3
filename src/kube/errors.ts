/**
 * One error class for every way in which a request can fail, and the questions that callers ask of it. `status` is the HTTP status, or 0
 * where there was no answer: `Unreachable` (no connection, or it broke) and `Timeout` (our deadline passed) are reasons of our own.
 */
export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface StatusDetails {
  name?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

/** The API's `Status` object, as far as it is of use. */
export interface StatusBody {
  code?: number
  reason?: string
  message?: string
  details?: StatusDetails
}

export class ApiError extends Error {
  readonly status: number
  readonly reason: string
  readonly details?: StatusDetails
  readonly retryAfterMs?: number

  constructor(
    status: number,
    reason: string,
    message: string,
    more: { details?: StatusDetails; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ApiError'
    this.status = status
    this.reason = reason
    if (more.details !== undefined) this.details = more.details
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs
  }

  get code(): string {
    return this.reason === '' ? `Http${this.status}` : this.reason
  }
}

const is =
  (test: (e: ApiError) => boolean) =>
  (error: unknown): error is ApiError =>
    error instanceof ApiError && test(error)

const hasCause = (e: ApiError, reason: string): boolean => e.details?.causes?.some(c => c.reason === reason) ?? false

/** The server's own word that there is none. A proxy, or a server that is still starting, may answer 404 to anything, in words of its own. */
export const isNotFound = is(e => e.status === 404 && e.reason === 'NotFound')
/** For `catch`: what is not there is undefined, and every other failure stays one. */
export const absent = (error: unknown): undefined => {
  if (!isNotFound(error)) throw error
}
/** Somebody wrote before us. Creation of what exists is `isAlreadyExists` and no conflict. */
export const isConflict = is(e => e.status === 409 && e.reason !== 'AlreadyExists')
export const isAlreadyExists = is(e => e.status === 409 && e.reason === 'AlreadyExists')
export const isForbidden = is(e => e.status === 403)
/** The namespace is being deleted: nothing can be created in it any more, however often one asks. */
export const isNamespaceTerminating = is(e => e.status === 403 && hasCause(e, 'NamespaceTerminating'))
/** The history that was asked for is gone: list anew. Servers say it as a status, or within a stream whose status was 200. */
export const isExpired = is(e => e.status === 410)
/** The object that bears the name is not the one that was meant (or, when applying with a uid, none is there). */
export const isUidMismatch = is(
  e =>
    (e.status === 409 && /uid mismatch|UID in the precondition/i.test(e.message)) ||
    (e.status === 422 && (e.details?.causes?.some(c => c.field === 'metadata.uid') ?? false)),
)
/** Policies, quotas and validation say no in these ways; trying the same again at once is of no use. */
export const isRefusal = is(e => e.status === 403 || (e.status === 422 && !isUidMismatch(e)))
/** A `test` of a JSON patch failed. The server says only that the patch could not be applied, without a cause. */
export const isTestFailed = is(e => e.status === 422 && e.details?.causes === undefined)
/** A field that the server's schema does not know was applied. It is answered as 500, yet no retry will help. */
export const isTypedPatchFailure = is(e => e.status === 500 && e.message.includes('failed to create typed patch object'))
