import { expect, test } from 'vitest'
import { pickFromLog } from './engine-log.ts'

const picksFatal = { logFault: (lines: readonly string[]) => lines.findLast(line => line.startsWith('FATAL')) }

test('what the engine’s own rules pick is told', () => {
  expect(pickFromLog('LOG: starting\nFATAL: why\nLOG: bye\n', picksFatal)).toBe('FATAL: why')
})

test('without anything to pick the last line is told', () => expect(pickFromLog('one\ntwo\n\n', picksFatal)).toBe('two'))

test('an empty log says nothing', () => expect(pickFromLog('\n', picksFatal)).toBeUndefined())

test('control characters are out and the rest is bounded', () => {
  const picked = pickFromLog(`FATAL: \u001b[31m${'x'.repeat(5000)}\u0000`, picksFatal)!
  expect(picked.length).toBeLessThanOrEqual(1024)
  expect(picked).not.toMatch(/\p{Cc}/u)
})
