import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ApiError } from '../kube/errors.ts'
import type { Lease } from '../kube/resource.ts'
import { systemClock } from './clock.ts'
import { acquireLease, type HeldLease, type LeaseOptions, microTime } from './lease.ts'
import type { Logger } from './log.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const log: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => log }
const never = new AbortController().signal

/** One Lease as an API server keeps it, with optimistic locking, and a switch that makes it unreachable. */
function server() {
  let lease: Lease | undefined
  let version = 0
  const state = { down: false, cutOff: '', writes: 0 }
  const reach = async (who: string) => {
    await systemClock.sleep(1, never)
    if (state.down || state.cutOff === who) throw new ApiError(0, 'Unreachable', 'down')
  }
  const store = (next: Lease) => {
    state.writes += 1
    lease = { ...next, metadata: { ...next.metadata, uid: 'u', resourceVersion: String(++version) } }
    return lease
  }
  const client = (who: string) => ({
    async get() {
      await reach(who)
      if (lease === undefined) throw new ApiError(404, 'NotFound', 'no lease')
      return lease
    },
    async create(_: unknown, made: Lease) {
      await reach(who)
      if (lease !== undefined) throw new ApiError(409, 'AlreadyExists', 'lease exists')
      return store(made)
    },
    async replace(_: unknown, next: Lease) {
      await reach(who)
      if (next.metadata.resourceVersion !== lease?.metadata.resourceVersion) throw new ApiError(409, 'Conflict', 'modified')
      return store(next)
    },
  })
  const acquire = (identity: string, signal = never) =>
    // The lease asks for leases only: the methods' other uses are not played.
    acquireLease(
      { client: client(identity) as unknown as LeaseOptions['client'], clock: systemClock, log, namespace: 'n', name: 'l', identity },
      signal,
    )
  return {
    state,
    acquire,
    holder: () => lease?.spec?.holderIdentity,
    lease: () => lease!,
    remove: () => {
      lease = undefined
    },
    /** Somebody else writes the record. */
    usurp: (by: string) => store({ ...lease!, spec: { ...lease!.spec, holderIdentity: by } }),
    plant: (spec: NonNullable<Lease['spec']>) =>
      store({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l', uid: '', resourceVersion: '' }, spec }),
  }
}

/** How a promise stands, without waiting for it. */
function follow<T>(promise: Promise<T>) {
  const seen: { value?: T } = {}
  void promise.then(value => {
    seen.value = value
  })
  return seen
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

async function soon(acquiring: Promise<HeldLease>): Promise<HeldLease> {
  const seen = follow(acquiring)
  await pass(50)
  expect(seen.value).toBeDefined()
  return seen.value!
}

test('the first who comes has it, and keeps it by renewing', async () => {
  const { acquire, holder, state } = server()
  const held = await soon(acquire('a'))
  const second = follow(acquire('b'))
  await pass(120_000)
  expect([held.holds(), holder(), second.value]).toEqual([true, 'a', undefined])
  expect(state.writes).toBeGreaterThan(50)
})

test('a lease is judged by our own clock: however old its times are, it holds for 15 s after we saw it', async () => {
  const { acquire, plant } = server()
  plant({ holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: '2001-01-01T00:00:00.000000Z' })
  const waiting = follow(acquire('b'))
  await pass(14_900)
  expect(waiting.value).toBeUndefined()
  await pass(3_000)
  expect(waiting.value?.holds()).toBe(true)
})

test('an outage of less than 10 s loses nothing', async () => {
  const { acquire, holder, state, lease } = server()
  const held = await soon(acquire('a'))
  const lost = follow(held.lost)
  const other = follow(acquire('b'))
  await pass(5_000)
  state.down = true
  await pass(7_000)
  state.down = false
  await pass(20_000)
  expect([held.holds(), holder(), lost.value, other.value]).toEqual([true, 'a', undefined, undefined])
  expect(lease().spec?.leaseTransitions).toBe(0)
})

test('who cannot renew for 10 s has lost it, before anybody else can have it', async () => {
  const { acquire, state } = server()
  const held = await soon(acquire('a'))
  const lost = follow(held.lost)
  await pass(4_000)
  state.down = true
  await pass(7_000)
  expect(held.holds()).toBe(true)
  await pass(3_500)
  expect([held.holds(), lost.value]).toEqual([false, ''])
})

test('after a holder that fell silent the next one takes over, and says so in the record', async () => {
  const { acquire, usurp, holder, lease } = server()
  const held = await soon(acquire('a'))
  usurp('silent')
  await pass(3_000)
  expect(held.holds()).toBe(false)
  const second = follow(acquire('b'))
  await pass(14_000)
  expect(second.value).toBeUndefined()
  await pass(4_000)
  expect([second.value?.holds(), holder(), lease().spec?.leaseTransitions]).toEqual([true, 'b', 1])
})

test('who has been waiting takes over within 2 s of the end of a lease that is no longer renewed, and not before', async () => {
  const { acquire, usurp } = server()
  await soon(acquire('a'))
  const waiting = follow(acquire('b'))
  await pass(20_000)
  // The last that is ever written by whoever this is.
  usurp('dead')
  await pass(14_900)
  expect(waiting.value).toBeUndefined()
  await pass(2_100)
  expect(waiting.value?.holds()).toBe(true)
})

test('a lease that another took is lost at once, with the name of who took it', async () => {
  const { acquire, usurp } = server()
  const held = await soon(acquire('a'))
  const lost = follow(held.lost)
  usurp('b')
  await pass(2_100)
  expect([held.holds(), lost.value]).toEqual([false, 'b'])
})

test('a process that was stopped for long does not believe in its lease when it wakes', async () => {
  const { acquire } = server()
  const held = await soon(acquire('a'))
  expect(held.holds()).toBe(true)
  const later = performance.now() + 11_000
  const stopped = vi.spyOn(performance, 'now').mockReturnValue(later)
  expect(held.holds()).toBe(false)
  stopped.mockRestore()
})

test('a released lease is free for others at once, and is not lost', async () => {
  const { acquire, holder } = server()
  const held = await soon(acquire('a'))
  const lost = follow(held.lost)
  const second = follow(acquire('b'))
  await pass(1_000)
  // Who waits may look at any moment, and have it in the next.
  const released = follow(held.release().then(() => [holder(), held.holds()]))
  await pass(50)
  expect(released.value).toEqual(['', false])
  await pass(2_500)
  expect([second.value?.holds(), holder()]).toEqual([true, 'b'])
  expect(lost.value).toBeUndefined()
})

test('a restarted container takes its own lease back without waiting', async () => {
  const { acquire, holder } = server()
  await soon(acquire('a'))
  const again = await soon(acquire('a'))
  expect([again.holds(), holder()]).toEqual([true, 'a'])
})

test('who waits can be called off', async () => {
  const { acquire } = server()
  await soon(acquire('a'))
  const off = new AbortController()
  const waiting = acquire('b', off.signal).catch((error: unknown) => error)
  await pass(1_000)
  off.abort(new Error('shutting down'))
  expect(await waiting).toBe(off.signal.reason)
})

test('a lease that somebody deleted is taken no sooner than one that is no longer renewed: its holder may not know yet', async () => {
  const { acquire, remove } = server()
  const held = await soon(acquire('a'))
  const waiting = follow(acquire('b'))
  await pass(20_000)
  remove()
  await pass(9_000)
  expect(waiting.value).toBeUndefined()
  await pass(3_000)
  expect(held.holds()).toBe(false)
  await pass(5_000)
  expect(waiting.value?.holds()).toBe(true)
})

test('nor by one who saw none of its last renewals', async () => {
  const { acquire, remove, state } = server()
  const held = await soon(acquire('a'))
  const waiting = follow(acquire('b'))
  await pass(5_000)
  state.cutOff = 'b'
  await pass(20_000)
  remove()
  state.cutOff = ''
  await pass(7_000)
  expect([held.holds(), waiting.value]).toEqual([true, undefined])
  await pass(4_000)
  expect(held.holds()).toBe(false)
  await pass(6_000)
  expect(waiting.value?.holds()).toBe(true)
})

test('times have the six digits that the API server insists on', () => {
  expect(microTime(new Date('2026-01-02T03:04:05.678Z'))).toBe('2026-01-02T03:04:05.678000Z')
})
