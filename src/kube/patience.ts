/**
 * A server that is asked too much says for how long it does not want to be asked the same again (`Retry-After`). Until then the same request fails
 * here as it failed there: it may be somebody else who asks now, for another reason, and does not know what the first was told.
 */
import { ApiError } from './errors.ts'
import type { Transport } from './transport.ts'

export function patient(send: Transport['send']): Transport['send'] {
  const told = new Map<string, { until: number; error: ApiError }>()

  return async (request, lane) => {
    const what = `${request.method} ${request.path} ${nameIn(request.body)}`
    const mayAsk = () => {
      const now = performance.now()
      for (const [key, { until }] of told) if (until <= now) told.delete(key)
      const before = told.get(what)
      if (before !== undefined) throw again(before.error, before.until - now)
    }
    mayAsk()
    // While this one waits for a connection, another may be told.
    const mayGo = () => {
      request.mayGo?.()
      mayAsk()
    }
    try {
      return await send({ ...request, mayGo }, lane)
    } catch (error) {
      if (error instanceof ApiError && error.retryAfterMs !== undefined)
        told.set(what, { until: performance.now() + error.retryAfterMs, error })
      throw error
    }
  }
}

/** What is made is asked for by the path of all of its kind. */
const nameIn = (body: unknown): string => (body as { metadata?: { name?: string } } | undefined)?.metadata?.name ?? ''

const again = ({ status, reason, message, details }: ApiError, retryAfterMs: number) =>
  new ApiError(status, reason, message, { ...(details !== undefined && { details }), retryAfterMs })
