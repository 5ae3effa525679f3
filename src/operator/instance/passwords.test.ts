import { expect, test } from 'vitest'
import { aGuest, aSecret, aUser, healthy } from '../examples.ts'
import { isLost, planPasswords } from './passwords.ts'

const user = (passwordGeneration = 1) => aUser({ name: 'app', passwordGeneration }, { uid: 'abcdefgh-1' })
const naming = (passwordRevision: string, reported?: string) =>
  aGuest(
    { users: [{ name: 'app', ensure: 'Present', passwordRevision }] },
    healthy(reported === undefined ? {} : { users: [{ name: 'app', state: 'Ready', passwordRevision: reported }] }),
  )

test.each([
  ['a new user gets one', undefined, [], ['abcdefgh-1']],
  ['one that was made before a crash is used', undefined, ['abcdefgh-1'], []],
  ['one that the Guest names is not made again though it is lost', naming('abcdefgh-1'), [], []],
])('%s', (_, guest, kept, missing) => expect(planPasswords([user()], guest, kept, false).missing).toEqual(missing))

test('the old one is forgotten only when the engine has the new one', () => {
  const kept = ['abcdefgh-1', 'abcdefgh-2']
  expect(planPasswords([user(2)], naming('abcdefgh-1', 'abcdefgh-1'), kept, true)).toEqual({ missing: [], obsolete: [] })
  expect(planPasswords([user(2)], naming('abcdefgh-2', 'abcdefgh-1'), kept, true).obsolete).toEqual([])
  expect(planPasswords([user(2)], naming('abcdefgh-2', 'abcdefgh-2'), kept, true).obsolete).toEqual(['abcdefgh-1'])
})

test('that of a user who is gone from the Guest is forgotten', () => {
  expect(planPasswords([], naming('abcdefgh-1'), ['abcdefgh-1'], true).obsolete).toEqual([])
  expect(planPasswords([], aGuest(), ['abcdefgh-1'], true).obsolete).toEqual(['abcdefgh-1'])
})

test('a password is lost if the Guest names it and the Secret has it not', () => {
  expect(isLost(user(), naming('abcdefgh-1'), aSecret())).toBe(true)
  expect(isLost(user(), naming('abcdefgh-1'), aSecret({ 'abcdefgh-1': 'eA==' }))).toBe(false)
  expect(isLost(user(2), naming('abcdefgh-1'), undefined)).toBe(false)
})

test('where Guest and Secret are both lost, a password that an application has is not replaced, and one that none has is made', () => {
  const bound = { ...user(), status: { binding: { name: 'app' } } }
  expect(planPasswords([bound], undefined, [], true).missing).toEqual([])
  expect(planPasswords([user()], undefined, [], true).missing).toEqual(['abcdefgh-1'])
  // another Instance under the same name is a new one
  expect(planPasswords([bound], undefined, [], false).missing).toEqual(['abcdefgh-1'])
})
