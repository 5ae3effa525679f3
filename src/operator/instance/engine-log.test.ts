import { expect, test } from 'vitest'
import { pickFromLog } from './engine-log.ts'

test('the last lines that say FATAL, PANIC or ERROR are picked', () => {
  const log = 'LOG: starting\nFATAL:  first\nLOG: x\nERROR: second\nPANIC: third\nFATAL: fourth\nLOG: bye\n'
  expect(pickFromLog(log)).toBe('ERROR: second; PANIC: third; FATAL: fourth')
})

test('without any the last line is', () => expect(pickFromLog('one\ntwo\n\n')).toBe('two'))

test('an empty log says nothing', () => expect(pickFromLog('\n')).toBeUndefined())

test('control characters are out and the rest is bounded', () => {
  const picked = pickFromLog(`FATAL: \u001b[31m${'x'.repeat(5000)}\u0000`)!
  expect(picked.length).toBeLessThanOrEqual(1024)
  expect(picked).not.toMatch(/\p{Cc}/u)
})
