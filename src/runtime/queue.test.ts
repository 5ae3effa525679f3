import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { QueueState } from './metrics.ts'
import { openQueue } from './queue.ts'

const counted = { adds: 0, retries: 0 }
let state: () => QueueState

beforeEach(() => {
  vi.useFakeTimers()
  Object.assign(counted, { adds: 0, retries: 0 })
})
afterEach(() => vi.useRealTimers())

const open = () =>
  openQueue({
    added: () => counted.adds++,
    retried: () => counted.retries++,
    started() {},
    finished() {},
    observe: read => {
      state = read
    },
  })

/** Takes everything that is ready now, without giving it back. */
async function ready(queue: ReturnType<typeof open>): Promise<string[]> {
  const keys: string[] = []
  while (state().depth > 0) keys.push((await queue.next())!)
  return keys
}

test('a key that is added often is given out once', async () => {
  const queue = open()
  for (const key of ['a', 'b', 'a', 'a']) queue.add(key)
  expect(await ready(queue)).toEqual(['a', 'b'])
  expect(counted.adds).toBe(2)
})

test('a key that is added while it is worked on comes again after that, and only once', async () => {
  const queue = open()
  queue.add('a')
  await queue.next()
  queue.add('a')
  queue.add('a', 'low')
  expect(state().depth).toBe(0)
  queue.done('a')
  expect(await ready(queue)).toEqual(['a'])
  queue.done('a')
  expect(state()).toEqual({ depth: 0, workingMs: [] })
})

test('a key that rests is not being worked on, comes again after the rest if anything was added meanwhile, and otherwise not', async () => {
  const queue = open()
  for (const key of ['a', 'b']) queue.add(key)
  for (const key of await ready(queue)) queue.done(key, 200)
  queue.add('a', 'low')
  queue.addAfter('b', 300)
  expect(state()).toEqual({ depth: 0, workingMs: [] })
  await vi.advanceTimersByTimeAsync(199)
  expect(await ready(queue)).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(await ready(queue)).toEqual(['a'])
  await vi.advanceTimersByTimeAsync(100)
  expect(await ready(queue)).toEqual(['b'])
})

test('a waiting worker gets the next key at once', async () => {
  const queue = open()
  const first = queue.next()
  const second = queue.next()
  queue.add('a')
  queue.add('b')
  expect(await Promise.all([first, second])).toEqual(['a', 'b'])
})

test('what changes goes before what is merely there, and an added key takes the higher priority', async () => {
  const queue = open()
  for (const key of ['l1', 'l2', 'l3']) queue.add(key, 'low')
  queue.add('n1')
  queue.add('l3')
  queue.add('n1', 'low')
  expect(await ready(queue)).toEqual(['n1', 'l3', 'l1', 'l2'])
})

test('of several times the earliest counts, and being added at once overrules them', async () => {
  const queue = open()
  queue.addAfter('a', 1000)
  queue.addAfter('a', 200)
  queue.addAfter('a', 5000)
  queue.addAfter('b', 300)
  queue.add('b')
  expect(await ready(queue)).toEqual(['b'])
  queue.done('b')
  await vi.advanceTimersByTimeAsync(199)
  expect(await ready(queue)).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(await ready(queue)).toEqual(['a'])
  queue.done('a')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await ready(queue)).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('one timer serves every delay, and each key comes in its time', async () => {
  const queue = open()
  for (const [key, ms] of [
    ['c', 300],
    ['a', 100],
    ['b', 200],
  ] as const)
    queue.addAfter(key, ms)
  expect(vi.getTimerCount()).toBe(1)
  for (const key of ['a', 'b', 'c']) {
    await vi.advanceTimersByTimeAsync(100)
    expect(await ready(queue)).toEqual([key])
  }
})

test('failures come back later and later, up to five minutes, and anew after a success', async () => {
  const queue = open()
  const delayOf = async () => {
    queue.retry('a')
    const began = performance.now()
    while (state().depth === 0) await vi.advanceTimersToNextTimerAsync()
    await queue.next()
    queue.done('a')
    return performance.now() - began
  }
  for (let n = 0; n < 30; n++) {
    const expected = Math.min(5 * 2 ** n, 300_000)
    const delay = await delayOf()
    expect(delay).toBeGreaterThanOrEqual(expected * 0.8)
    expect(delay).toBeLessThanOrEqual(expected * 1.2 + 1)
  }
  queue.forget('a')
  expect(await delayOf()).toBeLessThanOrEqual(7)
  expect(counted.retries).toBe(31)
})

test('a retry waits at least as long as the server asked', async () => {
  const queue = open()
  queue.retry('a', 5000)
  await vi.advanceTimersByTimeAsync(4999)
  expect(await ready(queue)).toEqual([])
  await vi.advanceTimersByTimeAsync(1)
  expect(await ready(queue)).toEqual(['a'])
})

test('a closed queue lets its workers go and takes nothing more', async () => {
  const queue = open()
  queue.addAfter('later', 100)
  const worker = queue.next()
  queue.close()
  queue.add('a')
  expect(await worker).toBeUndefined()
  expect(await queue.next()).toBeUndefined()
  expect(vi.getTimerCount()).toBe(0)
})
