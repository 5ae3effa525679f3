import { expect, test } from 'vitest'
import { covers, same } from './compare.ts'

test('what the server added is no difference', () => {
  expect(covers({ spec: { ports: [{ port: 1, protocol: 'TCP' }], type: 'ClusterIP' } }, { spec: { ports: [{ port: 1 }] } })).toBe(true)
})

test.each([
  ['a changed value', { a: 1 }, { a: 2 }],
  ['a missing field', {}, { a: 1 }],
  ['a longer list', { a: [1, 2] }, { a: [1] }],
  ['a shorter list', { a: [1] }, { a: [1, 2] }],
])('%s is a difference', (_, found, wanted) => expect(covers(found, wanted)).toBe(false))

test('the order of entries with a key is no difference', () => {
  expect(same({ users: [{ name: 'a' }, { name: 'b' }] }, { users: [{ name: 'b' }, { name: 'a' }] })).toBe(true)
})

test('an empty list and none are the same', () => expect(same({ users: [] }, {})).toBe(true))

test('another value in an entry is a difference', () => {
  expect(same({ users: [{ name: 'a', ensure: 'Present' }] }, { users: [{ name: 'a', ensure: 'Absent' }] })).toBe(false)
})
