import { expect, test } from 'vitest'
import { checkUser } from './names.ts'

test.each([
  ['app', undefined],
  ['-rf', undefined],
  ['a b"\'\\', undefined],
  ['имя', undefined],
  ['x'.repeat(63), undefined],
  ['x'.repeat(64), 'IdentifierTooLong'],
  ['é'.repeat(32), 'IdentifierTooLong'],
  ['a\nb', 'IdentifierInvalid'],
  ['a\0b', 'IdentifierInvalid'],
  ['\ud800', 'IdentifierInvalid'],
  ['', 'IdentifierInvalid'],
  ['root', 'IdentifierReserved'],
])('a user named %j: %s', (name, code) => expect(checkUser({ name })?.code).toBe(code))
