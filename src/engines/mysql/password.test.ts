import { expect, test } from 'vitest'
import { cachingSha2Password, nativePassword } from './password.ts'

test('a native verifier is what MariaDB’s PASSWORD() gives', () => {
  expect(nativePassword.verifier('secret').toString()).toBe('*14E65567ABDB5135D0CFD9A70B3032C179A49EE7')
  expect(nativePassword.verifies('secret', Buffer.from('*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'))).toBe(true)
  expect(nativePassword.verifies('Secret', nativePassword.verifier('secret'))).toBe(false)
})

test('a verifier of MySQL fits its password and no other, and has a salt of its own each time', () => {
  const made = cachingSha2Password.verifier('pässword')
  expect(made).toHaveLength(7 + 20 + 43)
  expect(made.subarray(0, 7).toString()).toBe('$A$005$')
  expect(made.subarray(7, 27).every(byte => byte > 0 && byte < 128 && byte !== 0x24)).toBe(true)
  expect(cachingSha2Password.verifies('pässword', made)).toBe(true)
  expect(cachingSha2Password.verifies('password', made)).toBe(false)
  expect(cachingSha2Password.verifier('pässword').equals(made)).toBe(false)
})

test.each(['', '$A$005$', '$A$00A$'.padEnd(70, 'x'), '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'])(
  'what is no verifier fits nothing: %j',
  stored => expect(cachingSha2Password.verifies('', Buffer.from(stored))).toBe(false),
)
