import { expect, test } from 'vitest'
import { afterAnswer, afterEnd, type EngineEnd, type EngineHistory, mayBeItsConfiguration, untroubled } from './history.ts'

const crash: EngineEnd = { exit: 137, ranMs: 1000, answered: true, volume: { percent: 40, full: false } }
const after = (...ends: EngineEnd[]): EngineHistory =>
  ends.reduce((history, end) => afterEnd(history, end, '/data/.trove-lock', 0), untroubled)

test('pauses double from half a second to a minute', () => {
  const pauses = Array.from({ length: 9 }, (_, n) => after(...Array<EngineEnd>(n + 1).fill(crash)).retryAtMs)
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
})

test.each<[string, EngineEnd[], string, string]>([
  ['an engine that never answered did not start', [{ ...crash, answered: false }], 'FAILED', 'EngineStartFailed'],
  ['however often', Array(5).fill({ ...crash, answered: false }), 'FAILED', 'EngineStartFailed'],
  ['one crash is a restart', [crash], 'RESTARTING', 'EngineStopped'],
  ['two are', [crash, crash], 'RESTARTING', 'EngineStopped'],
  ['three are CRASHED', [crash, crash, crash], 'CRASHED', 'EngineCrashed'],
  [
    'three are, if it did not come up again in between',
    [crash, { ...crash, answered: false }, { ...crash, answered: false }],
    'CRASHED',
    'EngineCrashed',
  ],
  ['five minutes of running end a streak', [crash, crash, { ...crash, ranMs: 300_000 }], 'RESTARTING', 'EngineStopped'],
  ['a full volume is the cause', [{ ...crash, answered: false, volume: { percent: 100, full: true } }], 'FAILED', 'VolumeFull'],
  ['a lock that is held is no crash', [{ ...crash, exit: 75 }], 'FAILED', 'VolumeBusy'],
  ['nor is a volume that cannot be written', [{ ...crash, exit: 73 }], 'FAILED', 'VolumeNotWritable'],
  ['which may be because it is full', [{ ...crash, exit: 73, volume: { percent: 100, full: true } }], 'FAILED', 'VolumeFull'],
])('%s', (_, ends, operatingStatus, code) => {
  expect(after(...ends).trouble).toMatchObject({ operatingStatus, fault: { code } })
})

test('hindered attempts count as no crash and are repeated at least every five seconds', () => {
  const busy = { ...crash, exit: 75 }
  expect(after(...Array<EngineEnd>(10).fill(busy))).toMatchObject({ times: 0, retryAtMs: 5000 })
  expect(after(crash, busy, busy, crash).times).toBe(2)
})

test('an answer ends the trouble and forgets nothing', () => {
  const history = afterAnswer(after(crash, crash))
  expect(history).toMatchObject({ times: 2, answered: true })
  expect(history).not.toHaveProperty('trouble')
})

test('how it ended is said in words', () => {
  expect(after(crash).trouble?.fault.message).toContain('ended by signal KILL, as when memory runs out')
  expect(after({ ...crash, exit: 1 }).trouble?.fault.message).toContain('ended with status 1')
})

test.each<[string, Partial<EngineEnd>, boolean]>([
  ['it gave up by itself', { exit: 1 }, true],
  ['it was killed, as when it was given more memory than there is', { exit: 137 }, true],
  ['it had answered', { exit: 1, answered: true }, false],
  ['it was ended in order', { exit: 0 }, false],
  ['the lock was held', { exit: 75 }, false],
  ['the volume could not be written', { exit: 73 }, false],
  ['the volume was full', { exit: 1, volume: { percent: 100, full: true } }, false],
])('what it was started with may have ended it: %s', (_, end, may) =>
  expect(mayBeItsConfiguration({ ...crash, answered: false, ...end })).toBe(may),
)
