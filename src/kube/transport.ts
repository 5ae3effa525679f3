/**
 * HTTP to one API server over two long-lived connection pools, one for watches and one for everything else, so that open watches never keep
 * a request waiting. Pools are made anew when the CA or the client certificate changes; the old ones end with their last request.
 */
import type { Dispatcher } from 'undici'
// biome-ignore lint/style/noRestrictedImports: undici's folder `api` is not ours
import request from 'undici/lib/api/api-request.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { ClusterAccess, Tls } from './access.ts'
import { DeadlinePassed, orAborted } from './deadline.ts'
import { ApiError, type StatusBody } from './errors.ts'

export interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  contentType?: string
  signal: AbortSignal
  /** Asked when the request has its connection and is about to be written to it. If it throws, nothing is sent and that is the failure. */
  mayGo?: () => void
}

/** The body of an answer, to be read once. */
export interface Answer {
  text(): Promise<string>
  chunks(): AsyncIterable<Buffer>
}

export interface Transport {
  /** Resolves when the server has answered with success; everything else is an ApiError, or the signal's own reason. */
  send(r: Request, lane: 'unary' | 'watch'): Promise<Answer>
  close(): Promise<void>
}

export function openTransport(access: ClusterAccess, userAgent: string): Transport {
  let pools: { tls: Tls; unary: Pool; watch: Pool } | undefined

  const poolFor = (tls: Tls, lane: 'unary' | 'watch'): Pool => {
    if (pools === undefined || !sameTls(pools.tls, tls)) {
      void pools?.unary.close()
      void pools?.watch.close()
      // 60 s is below the API server's own idle limit of 90 s, so it is always we who close an idle connection.
      const common = { connect: { ...tls, timeout: 10_000 }, allowH2: false, keepAliveTimeout: 60_000, bodyTimeout: 0 }
      pools = {
        tls,
        unary: new Pool(access.server, { ...common, connections: 16, headersTimeout: 0 }),
        watch: new Pool(access.server, { ...common, connections: null, headersTimeout: 30_000 }),
      }
    }
    return pools[lane]
  }

  return {
    async send(r, lane) {
      let denied: unknown
      const mayGo = () => {
        try {
          r.mayGo?.()
        } catch (error) {
          denied = error
          throw error
        }
      }
      const failed = (error: unknown) => denied ?? unreachable(error, r, access.server)
      const credentials = orAborted(access.credentials(), r.signal).catch((error: unknown) => Promise.reject(failed(error)))
      const { authorization, tls } = await credentials
      const response = await request
        .call(asking(poolFor(tls, lane), mayGo), {
          method: r.method,
          path: r.path + queryString(r.query),
          headers: {
            accept: 'application/json',
            'user-agent': userAgent,
            ...(authorization !== undefined && { authorization }),
            ...(r.body !== undefined && { 'content-type': r.contentType ?? 'application/json' }),
          },
          ...(r.body !== undefined && { body: JSON.stringify(r.body) }),
          signal: r.signal,
        })
        .catch((error: unknown) => Promise.reject(failed(error)))
      const text = () => response.body.text().catch((error: unknown) => Promise.reject(failed(error)))
      if (response.statusCode >= 300) throw refused(response.statusCode, response.headers['retry-after'], await text())
      return {
        text,
        async *chunks() {
          try {
            yield* response.body as AsyncIterable<Buffer>
          } catch (error) {
            throw failed(error)
          }
        },
      }
    },
    async close() {
      const open = pools
      pools = undefined
      await Promise.all([open?.unary.destroy(), open?.watch.destroy()])
    },
  }
}

/** A request may wait long for its connection: what is to be asked about it is asked at the end of that wait. */
const asking = (pool: Pool, mayGo: () => void): Pick<Dispatcher, 'dispatch'> => ({
  dispatch(options, handler) {
    const start = handler.onRequestStart?.bind(handler)
    handler.onRequestStart = (controller, context) => {
      mayGo()
      start?.(controller, context)
    }
    return pool.dispatch(options, handler)
  },
})

const sameTls = (a: Tls, b: Tls): boolean => a.ca === b.ca && a.cert === b.cert && a.key === b.key && a.servername === b.servername

function queryString(query: Request['query']): string {
  const given = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) given.append(name, String(value))
  return given.size === 0 ? '' : `?${given}`
}

/** What went wrong when there was no answer, or no end to it. Being called off by the caller is the caller's own affair. */
function unreachable(error: unknown, r: Request, server: string): unknown {
  if (error instanceof ApiError) return error
  const what = `${r.method} ${r.path}`
  if (r.signal.aborted) {
    const { reason } = r.signal
    return reason instanceof DeadlinePassed ? new ApiError(0, 'Timeout', `${what}: ${reason.message}`, { cause: reason }) : reason
  }
  const { message, code } = error as { message: string; code?: string }
  return new ApiError(0, 'Unreachable', `${what}: no answer from ${server}: ${message || code}`, { cause: error })
}

/** Whatever a proxy on the way may say: nothing is left alone for longer than a failure is. */
const longestRetryAfterMs = 300_000

function refused(status: number, retryAfter: string | string[] | undefined, text: string): ApiError {
  const body = parseStatus(text)
  const seconds = Number(retryAfter ?? body.details?.retryAfterSeconds)
  return new ApiError(status, body.reason ?? '', body.message ?? `HTTP ${status}: ${text.slice(0, 200)}`, {
    ...(body.details !== undefined && { details: body.details }),
    ...(seconds > 0 && { retryAfterMs: Math.min(seconds * 1000, longestRetryAfterMs) }),
  })
}

/** Proxies and a server that is starting answer with plain text. */
function parseStatus(text: string): StatusBody {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}
