import { expect, test } from 'vitest'
import { pickFromLog, saidIn } from './engine-log.ts'

const picksFatal = { logFault: (lines: readonly string[]) => lines.findLast(line => line.startsWith('FATAL')) }

test('what the engine’s own rules pick is told', () => {
  expect(pickFromLog('LOG: starting\nFATAL: why\nLOG: bye\n', picksFatal)).toBe('FATAL: why')
})

test('without anything to pick nothing is told: the last line may be a tenant’s statement', () => {
  expect(pickFromLog("LOG: one\nSTATEMENT: alter role app password 'secret'\n", picksFatal)).toBeUndefined()
})

test('a line of a statement cannot pass for an entry', () => {
  expect(pickFromLog('FATAL: why\n\tFATAL: forged\n', picksFatal)).toBe('FATAL: why')
})

test('an empty log says nothing', () => expect(pickFromLog('\n', picksFatal)).toBeUndefined())

test('control characters are out and the rest is bounded', () => {
  const picked = pickFromLog(`FATAL: \u001b[31m${'x'.repeat(5000)}\u0000`, picksFatal)!
  expect(picked.length).toBeLessThanOrEqual(1024)
  expect(picked).not.toMatch(/\p{Cc}/u)
})

const run = { startedAt: '2026-01-01T12:00:01.500Z', endedAt: '2026-01-01T12:00:02.000Z' }

test('of a run that is over only what was said in it is left, and a moment later, without the times', () => {
  const text = [
    '2026-01-01T12:00:01.400000001Z FATAL: of the run before',
    '2026-01-01T12:00:01.600000001Z FATAL: why',
    '2026-01-01T14:00:01.700+02:00 \tFATAL: of a statement',
    '2026-01-01T12:00:02.050Z LOG: bye',
    '2026-01-01T12:00:02.250Z FATAL: of the run after',
    '',
    'FATAL: no time',
  ].join('\n')
  expect(saidIn(run, text)).toBe('FATAL: why\n\tFATAL: of a statement\nLOG: bye')
})

test('of a run with times that are none nothing is left', () => {
  expect(saidIn({ startedAt: 'x', endedAt: 'y' }, '2026-01-01T12:00:01.600Z FATAL: why')).toBe('')
})
