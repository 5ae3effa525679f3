import { expect, test } from 'vitest'
import { checkDatabase, checkUser } from './names.ts'

test.each([
  ['shop', undefined],
  ['Shop "1"; --', undefined],
  ['x'.repeat(57), undefined],
  ['x'.repeat(58), 'IdentifierTooLong'],
  ['é'.repeat(29), 'IdentifierTooLong'],
  ['postgres', 'IdentifierReserved'],
  ['template0', 'IdentifierReserved'],
  ['template1', 'IdentifierReserved'],
  ['pg_shop', 'IdentifierReserved'],
  ['.', 'IdentifierReserved'],
  ['..', 'IdentifierReserved'],
  ['POSTGRES', undefined],
  ['postgres2', undefined],
  ['__proto__', undefined],
])('a database named %j: %s', (name, code) => expect(checkDatabase({ name })?.code).toBe(code))

test.each([
  ['UTF8', undefined],
  ['utf-8', undefined],
  ['LATIN1', undefined],
  ['ISO_8859_5', undefined],
  ['SQL_ASCII', undefined],
  ['EUC_JIS_2004', undefined],
  ['SJIS', 'CharacterSetUnknown'],
  ['GB18030', 'CharacterSetUnknown'],
  ['utf8mb4', 'CharacterSetUnknown'],
  ['__proto__', 'CharacterSetUnknown'],
])('a database in character set %j: %s', (characterSet, code) => expect(checkDatabase({ name: 'shop', characterSet })?.code).toBe(code))

test.each([
  ['app', undefined],
  ['owner', undefined],
  ['shop-owner', undefined],
  ['x'.repeat(63), undefined],
  ['x'.repeat(64), 'IdentifierTooLong'],
  ['postgres', 'IdentifierReserved'],
  ['public', 'IdentifierReserved'],
  ['none', 'IdentifierReserved'],
  ['pg_monitor', 'IdentifierReserved'],
  ['trove', 'IdentifierReserved'],
  ['trove_admin', 'IdentifierReserved'],
  ['shop_owner', 'NameTaken'],
  ['shop_rw', 'NameTaken'],
  ['_ro', 'NameTaken'],
])('a user named %j: %s', (name, code) => expect(checkUser({ name })?.code).toBe(code))

test('a user gets no access to a system database', () => {
  expect(checkUser({ name: 'app', access: [{ database: 'postgres', privilege: 'Owner' }] })?.code).toBe('IdentifierReserved')
})
