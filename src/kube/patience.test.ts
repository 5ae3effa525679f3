import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from './errors.ts'
import { patient } from './patience.ts'
import type { Answer, Request } from './transport.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const { signal } = new AbortController()
const get = (path: string): Request => ({ method: 'GET', path, signal })
const answer: Answer = { text: async () => 'ok', async *chunks() {} }

/** A server that is busy at first, and a list of what reached it. */
function busy(error: ApiError) {
  const reached: string[] = []
  const send = patient(async ({ method, path }) => {
    reached.push(`${method} ${path}`)
    if (reached.length === 1) throw error
    return answer
  })
  return { send, reached }
}

test('what the server does not want to be asked for a while fails without asking it, with the time that is left', async () => {
  const { send, reached } = busy(new ApiError(429, 'TooManyRequests', 'busy', { retryAfterMs: 3000 }))
  await expect(send(get('/a'), 'unary')).rejects.toMatchObject({ status: 429, retryAfterMs: 3000 })
  vi.advanceTimersByTime(2000)
  await expect(send(get('/a'), 'unary')).rejects.toMatchObject({
    status: 429,
    reason: 'TooManyRequests',
    message: 'busy',
    retryAfterMs: 1000,
  })
  expect(reached).toEqual(['GET /a'])
  vi.advanceTimersByTime(1000)
  await expect(send(get('/a'), 'unary')).resolves.toBe(answer)
})

test('what has waited for its connection meanwhile is not sent either', async () => {
  const waiting: (() => void)[] = []
  const reached: string[] = []
  const send = patient(async ({ path, mayGo }) => {
    await new Promise<void>(resolve => waiting.push(resolve))
    mayGo?.()
    reached.push(path)
    throw new ApiError(429, '', 'busy', { retryAfterMs: 3000 })
  })
  const both = Promise.allSettled([send(get('/a'), 'unary'), send(get('/a'), 'unary')])
  waiting[0]!()
  await vi.advanceTimersByTimeAsync(1000)
  waiting[1]!()
  expect(await both).toMatchObject([{ reason: { retryAfterMs: 3000 } }, { reason: { retryAfterMs: 2000 } }])
  expect(reached).toEqual(['/a'])
})

test('other requests go on', async () => {
  const { send, reached } = busy(new ApiError(503, '', 'busy', { retryAfterMs: 3000 }))
  await expect(send(get('/a'), 'unary')).rejects.toThrow('busy')
  await send(get('/b'), 'unary')
  await send({ ...get('/a'), method: 'PATCH' }, 'unary')
  expect(reached).toEqual(['GET /a', 'GET /b', 'PATCH /a'])
})

test('another object of the same kind is made as ever: it is not the one that was refused', async () => {
  const { send, reached } = busy(new ApiError(429, '', 'busy', { retryAfterMs: 300_000 }))
  const post = (name: string): Request => ({ method: 'POST', path: '/pods', body: { metadata: { name } }, signal })
  await expect(send(post('sick'), 'unary')).rejects.toThrow('busy')
  await expect(send(post('sick'), 'unary')).rejects.toThrow('busy')
  await expect(send(post('well'), 'unary')).resolves.toBe(answer)
  expect(reached).toHaveLength(2)
})

test('where no time was told, whoever asks decides when to ask again', async () => {
  const { send } = busy(new ApiError(500, 'InternalError', 'oh'))
  await expect(send(get('/a'), 'unary')).rejects.toThrow('oh')
  await expect(send(get('/a'), 'unary')).resolves.toBe(answer)
})
