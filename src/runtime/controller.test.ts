import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import { openController, type Reconcile, type Source, watchEach, watchGone, watchMembers, watchSpecs } from './controller.ts'
import type { Logger } from './log.ts'
import type { QueueState, RuntimeMetrics } from './metrics.ts'
import type { Change } from './store.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function rig(reconcile: Reconcile, concurrency = 3) {
  const results: string[] = []
  const logged: string[] = []
  const say = (level: string) => (fields: object) => void logged.push(`${level} ${(fields as { code?: string }).code ?? ''}`.trim())
  const log: Logger = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error'), child: () => log }
  const nothing = () => {}
  const metrics: RuntimeMetrics = {
    controller: () => ({
      started: nothing,
      finished: result => results.push(result),
      timeout: () => results.push('timeout'),
    }),
    queue: () => ({ added: nothing, started: nothing, finished: nothing, retried: nothing, observe: nothing }),
    leading: nothing,
    listed: nothing,
  }
  let enqueue: Parameters<Source>[0] = nothing
  const source = (given: typeof enqueue) => {
    enqueue = given
  }
  const controller = openController({ name: 'test', concurrency, deadlineMs: 1000, reconcile, sources: [source] }, { log, metrics })
  const stopTaking = new AbortController()
  const abort = new AbortController()
  const running = controller.run(stopTaking.signal, abort.signal)
  return { add: (key: string) => enqueue(key, 'normal'), results, logged, stopTaking, abort, running }
}

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

test('several keys run at once, one key never does', async () => {
  const running = new Map<string, number>()
  const most = { inAll: 0, ofOne: 0 }
  const runs: Record<string, number> = {}
  const {
    add,
    stopTaking,
    running: ended,
  } = rig(async key => {
    running.set(key, (running.get(key) ?? 0) + 1)
    runs[key] = (runs[key] ?? 0) + 1
    most.ofOne = Math.max(most.ofOne, running.get(key)!)
    most.inAll = Math.max(
      most.inAll,
      [...running.values()].reduce((a, b) => a + b),
    )
    await sleep(10)
    running.set(key, running.get(key)! - 1)
  })
  for (let i = 0; i < 20; i++) {
    for (const key of ['a', 'b', 'c', 'd']) add(key)
    await vi.advanceTimersByTimeAsync(3)
  }
  await vi.advanceTimersByTimeAsync(100)
  expect(most).toEqual({ inAll: 3, ofOne: 1 })
  expect(Object.keys(runs).sort()).toEqual(['a', 'b', 'c', 'd'])
  stopTaking.abort()
  await ended
})

test('a change that comes during a run leads to another run', async () => {
  let runs = 0
  const { add } = rig(async () => {
    runs += 1
    await sleep(10)
  })
  add('a')
  await vi.advanceTimersByTimeAsync(5)
  add('a')
  await vi.advanceTimersByTimeAsync(50)
  expect(runs).toBe(2)
})

test('a result may ask to come again later', async () => {
  let runs = 0
  const { add, results } = rig(async () => {
    runs += 1
    return runs === 1 ? { requeueAfterMs: 500 } : undefined
  })
  add('a')
  await vi.advanceTimersByTimeAsync(499)
  expect(runs).toBe(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(results).toEqual(['requeue_after', 'success'])
})

const conflict = new ApiError(409, 'Conflict', 'the object has been modified')
const failedTest = new ApiError(422, 'Invalid', 'the server rejected our request')

test.each<[string, unknown, string, string[]]>([
  ['a lost race is retried quietly', conflict, 'debug', ['requeue', 'success']],
  ['so is a failed test of a patch', failedTest, 'debug', ['requeue', 'success']],
  ['a failure is logged with its code and retried', new ApiError(0, 'Unreachable', 'x'), 'error Unreachable', ['error', 'success']],
  ['a fault is logged with its own code', Object.assign(new Error('x'), { fault: { code: 'Full' } }), 'error Full', ['error', 'success']],
  ['whatever is thrown is a failure like any other', 'oops', 'error Unknown', ['error', 'success']],
  ['even nothing at all', undefined, 'error Unknown', ['error', 'success']],
])('%s', async (_, error, line, outcome) => {
  let runs = 0
  const { add, results, logged } = rig(async () => {
    runs += 1
    if (runs === 1) throw error
  })
  add('a')
  await vi.advanceTimersByTimeAsync(1000)
  expect(results).toEqual(outcome)
  expect(logged).toEqual([line])
  add('a')
  await vi.advanceTimersByTimeAsync(10)
  expect(results.at(-1)).toBe('success')
})

test('the deadline ends a run that listens to its signal, and it is retried', async () => {
  let runs = 0
  const { add, results } = rig(async (_, { signal }) => {
    runs += 1
    if (runs > 1) return
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  add('a')
  await vi.advanceTimersByTimeAsync(1100)
  expect(results).toEqual(['timeout', 'error', 'success'])
})

test('at shutdown nothing new is begun, and what is in work may finish until it is called off', async () => {
  const finished: string[] = []
  const { add, stopTaking, abort, running } = rig(async (key, { signal }) => {
    await new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
      setTimeout(resolve, key === 'quick' ? 100 : 900)
    })
    finished.push(key)
  }, 2)
  for (const key of ['quick', 'slow', 'waiting']) add(key)
  await vi.advanceTimersByTimeAsync(50)
  stopTaking.abort()
  await vi.advanceTimersByTimeAsync(100)
  expect(finished).toEqual(['quick'])
  abort.abort(new Error('enough'))
  await running
  await vi.advanceTimersByTimeAsync(1000)
  expect(finished).toEqual(['quick'])
})

test('what changes while a key rests leads to one run when the rest is over', async () => {
  const runs: number[] = []
  const { add, results } = rig(async () => {
    runs.push(performance.now())
    return { restMs: 500 }
  })
  const began = performance.now()
  add('a')
  for (let i = 0; i < 6; i++) {
    await vi.advanceTimersByTimeAsync(50)
    add('a')
  }
  await vi.advanceTimersByTimeAsync(2000)
  expect(runs.map(at => at - began)).toEqual([0, 500])
  expect(results).toEqual(['success', 'success'])
})

test.each([
  [
    'each object, old and new, and what was there at the start has low priority',
    watchEach,
    ['a low', 'a normal', 'b normal', 'b normal', 'b normal', 'b normal'],
  ],
  ['each object whose spec is new', watchSpecs, ['a low', 'a normal', 'b normal', 'b normal', 'b normal']],
  ['each object that comes under a key or leaves it', watchMembers, ['a low', 'a normal', 'b normal', 'b normal']],
  ['each object that is gone', watchGone, ['b normal']],
])('a source gives keys for %s', (_, source, expected) => {
  const owned = (owner: string, generation: number) => ({
    apiVersion: 'v1',
    kind: 'T',
    metadata: { name: owner, uid: 'u', resourceVersion: '1', generation },
  })
  let tell: (change: Change<KubeObject>) => void = () => {}
  const subscribe = (handler: typeof tell) => {
    tell = handler
  }
  const got: string[] = []
  source({ subscribe }, o => [o.metadata.name])((key, priority) => got.push(`${key} ${priority}`))
  tell({ new: owned('a', 1), initial: true })
  tell({ old: owned('a', 1), new: owned('b', 2), initial: false })
  tell({ old: owned('b', 2), new: owned('b', 3), initial: false })
  tell({ old: owned('b', 3), new: owned('b', 3), initial: false })
  tell({ old: owned('b', 3), initial: false })
  expect(got).toEqual(expected)
})

test('what is collected before it runs is no backlog, and the wait for the lease no delay', async () => {
  const nothing = () => {}
  const waits: number[] = []
  let state: () => QueueState = () => ({ depth: -1, workingMs: [] })
  const metrics = {
    controller: () => ({ started: nothing, finished: nothing, timeout: nothing }),
    queue: () => ({
      added: nothing,
      started: (ms: number) => void waits.push(ms),
      finished: nothing,
      retried: nothing,
      observe: (read: () => QueueState) => {
        state = read
      },
    }),
    leading: nothing,
    listed: nothing,
  }
  const log: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log }
  let enqueue: Parameters<Source>[0] = nothing
  const source: Source = given => {
    enqueue = given
  }
  const done: string[] = []
  const reconcile = async (key: string) => void done.push(key)
  const controller = openController({ name: 'test', concurrency: 1, deadlineMs: 1000, reconcile, sources: [source] }, { log, metrics })
  enqueue('early', 'low')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(state().depth).toBe(0)
  const stop = new AbortController()
  const running = controller.run(stop.signal, stop.signal)
  await vi.advanceTimersByTimeAsync(10)
  expect(done).toEqual(['early'])
  expect(waits).toEqual([0])
  stop.abort()
  await running
})
