import { expect, test } from 'vitest'
import { checkUser } from './names.ts'

test.each([
  ['app', undefined],
  ['App-1_x.y', undefined],
  ['имя', undefined],
  ['a"b\'c\\d', undefined],
  ['(#>~&+@all', undefined],
  ['defaults', undefined],
  ['x'.repeat(63), undefined],
  ['x'.repeat(64), 'IdentifierTooLong'],
  ['é'.repeat(32), 'IdentifierTooLong'],
  ['a b', 'IdentifierInvalid'],
  [' a', 'IdentifierInvalid'],
  ['a\nuser b on nopass +@all', 'IdentifierInvalid'],
  ['a\tb', 'IdentifierInvalid'],
  ['a\0b', 'IdentifierInvalid'],
  ['', 'IdentifierInvalid'],
  ['default', 'IdentifierReserved'],
  ['root', 'IdentifierReserved'],
  ['trove', 'IdentifierReserved'],
  ['trove.probe', 'IdentifierReserved'],
])('a user named %j: %s', (name, code) => expect(checkUser({ name })?.code).toBe(code))
