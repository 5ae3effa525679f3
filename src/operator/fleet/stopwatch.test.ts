import { expect, test } from 'vitest'
import type { Clock } from '../../runtime/clock.ts'
import { ago, aPod, now } from '../examples.ts'
import type { Member } from './member.ts'
import { openStopwatch } from './stopwatch.ts'

const askedAt = (at: string): Member => ({
  key: 'a/x',
  tenant: 'a',
  pod: aPod(),
  image: 'v2',
  roll: { from: 'v1', to: 'v2', at, container: 'c1', worked: true },
  health: { kind: 'ready' },
  seen: { kind: 'missing' },
  madeAt: ago(600),
  leaving: false,
})

/** A clock that passes `ms`, and whose date can be set as well. */
function aClock() {
  const time = { date: now.getTime(), ms: 0 }
  const clock: Clock = { now: () => new Date(time.date), monotonicMs: () => time.ms, sleep: async () => {} }
  const pass = (ms: number) => {
    time.date += ms
    time.ms += ms
  }
  const set = (ms: number) => {
    time.date += ms
  }
  return { clock, pass, set }
}

test('what was asked before we came counts by its date, what we see ourselves by our own time', () => {
  const { clock, pass, set } = aClock()
  const stopwatch = openStopwatch(clock)
  const member = askedAt(ago(20))
  expect(stopwatch.read([member])(member)).toEqual({ elapsedMs: 20_000, seenMs: 0 })
  pass(5000)
  set(600_000)
  expect(stopwatch.read([member])(member)).toEqual({ elapsedMs: 25_000, seenMs: 5000 })
  set(-1_200_000)
  pass(1000)
  expect(stopwatch.read([member])(member)).toEqual({ elapsedMs: 26_000, seenMs: 6000 })
})

test('who is asked again has all the time again', () => {
  const { clock, pass } = aClock()
  const stopwatch = openStopwatch(clock)
  stopwatch.read([askedAt(ago(100))])
  pass(1000)
  const again = askedAt(ago(0))
  expect(stopwatch.read([again])(again)).toMatchObject({ seenMs: 0 })
})

test('somebody’s date that is ahead of ours says that it was just now', () => {
  const { clock, pass } = aClock()
  const stopwatch = openStopwatch(clock)
  const member = askedAt(ago(-600))
  stopwatch.read([member])
  pass(3000)
  expect(stopwatch.read([member])(member)).toEqual({ elapsedMs: 3000, seenMs: 3000 })
})

test('a pod that nothing was asked of is as old as it is', () => {
  const { roll: _, ...member } = askedAt(ago(1))
  expect(openStopwatch(aClock().clock).read([member])(member).elapsedMs).toBe(600_000)
})
