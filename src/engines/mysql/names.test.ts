import { expect, test } from 'vitest'
import { checkDatabase, checkUser } from './names.ts'

test.each([
  ['shop', undefined],
  ['Shop `1`; --', undefined],
  ['ünïcode ☃', undefined],
  ['mysql', 'IdentifierReserved'],
  ['MySQL', 'IdentifierReserved'],
  ['sys', 'IdentifierReserved'],
  ['trove_guest', 'IdentifierReserved'],
  ['..', 'IdentifierReserved'],
  ['#mysql50#x', 'IdentifierReserved'],
  ['emoji 🙂', 'IdentifierInvalid'],
  ['shop ', 'IdentifierInvalid'],
  ['x'.repeat(64), undefined],
  ['_'.repeat(32), undefined],
  [`${'_'.repeat(32)}x`, 'IdentifierInvalid'],
  [`%\\${'é_'.repeat(20)}x`, 'IdentifierInvalid'],
  [`${'é_'.repeat(21)}x`, undefined],
  ['mysql2', undefined],
  ['__proto__', undefined],
])('a database named %j: %s', (name, code) => expect(checkDatabase('mysql', { name })?.code).toBe(code))

test.each([
  ['utf8mb4', undefined],
  ['UTF8', undefined],
  ['latin1', undefined],
  ['gb18030', undefined],
  ['SQL_ASCII', 'CharacterSetUnknown'],
  ['__proto__', 'CharacterSetUnknown'],
])('a database of MySQL in character set %j: %s', (characterSet, code) =>
  expect(checkDatabase('mysql', { name: 'shop', characterSet })?.code).toBe(code),
)

test('MariaDB has one character set less', () => {
  expect(checkDatabase('mariadb', { name: 'shop', characterSet: 'gb18030' })?.code).toBe('CharacterSetUnknown')
})

test.each([
  ['app', undefined],
  ["o'brien", undefined],
  ['root', 'IdentifierReserved'],
  ['ROOT', 'IdentifierReserved'],
  ['mysql', 'IdentifierReserved'],
  ['mysql.sys', 'IdentifierReserved'],
  ['mariadb.sys', 'IdentifierReserved'],
  ['public', 'IdentifierReserved'],
  ['trove-agent', 'IdentifierReserved'],
  ['x'.repeat(32), undefined],
  ['é'.repeat(31), undefined],
  ['x'.repeat(33), 'IdentifierInvalid'],
  ['app ', 'IdentifierInvalid'],
])('a login named %j: %s', (name, code) => expect(checkUser('mysql', { name })?.code).toBe(code))

test('MariaDB takes longer logins', () => expect(checkUser('mariadb', { name: 'x'.repeat(60) })).toBeUndefined())
