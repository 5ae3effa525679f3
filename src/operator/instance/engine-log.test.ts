import { expect, test } from 'vitest'
import { pickFromLog } from './engine-log.ts'

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
