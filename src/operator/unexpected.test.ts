import { expect, test } from 'vitest'
import { ApiError } from '../kube/errors.ts'
import { unexpected } from './unexpected.ts'

const going = new AbortController().signal
const api = (status: number, reason: string, details?: object) => new ApiError(status, reason, 'words', details && { details })

test.each([
  ['a webhook that fails', api(500, 'InternalError'), 'words'],
  ['an object that is too large', api(413, 'RequestEntityTooLarge'), 'words'],
  ['a defect of our own', new TypeError('x is not a function'), 'x is not a function'],
])('%s is told', (_, error, what) => {
  const told = unexpected(error, going)
  expect(told).toMatchObject({ code: 'Internal', heals: true })
  expect(told?.message).toContain(what)
})

test.each([
  ['a lost race', api(409, 'Conflict')],
  ['a failed test of a patch', api(422, 'Invalid')],
  ['an API server that is not there', api(0, 'Unreachable')],
  ['one that has too much to do', api(429, 'TooManyRequests')],
])('%s is not', (_, error) => expect(unexpected(error, going)).toBeUndefined())

test('nor is work that was called off', () => {
  expect(unexpected(new Error('any'), AbortSignal.abort())).toBeUndefined()
})
