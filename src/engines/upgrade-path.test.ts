import { expect, test } from 'vitest'
import type { EngineName } from '../api/datastore.ts'
import { operatorEngines } from './operator-engines.ts'
import { compareVersions } from './upgrade-path.ts'

test.each([
  ['10.11', '11.8', -1],
  ['10.11', '10.6', 1],
  ['8.0', '8', 0],
  ['7.0.15', '7.0', 1],
])('%s against %s', (a, b, sign) => expect(Math.sign(compareVersions(a, b)!)).toBe(sign))

test('of a version that is not a number nobody knows the order', () => {
  expect(compareVersions('lts', '8.4')).toBeUndefined()
  expect(compareVersions('8.4', '8.4-1')).toBeUndefined()
})

test.each<[EngineName, string, string, RegExp | undefined]>([
  ['postgresql', '15', '17', /pg_upgrade/],
  ['postgresql', '17.1', '17.2', undefined],
  ['mariadb', '10.11', '11.8', undefined],
  ['mysql', '8.4', '9.7', undefined],
  ['mysql', '8.4.1', '8.4.9', undefined],
  ['mysql', '8.0', '9.7', /^8\.4 may not be skipped/],
  ['mysql', '8.0', '9.1', /^8\.4 may not be skipped/],
  ['mysql', '5.7', '9.7.1', /^8\.0 and 8\.4 may not be skipped/],
  ['mysql', '9.1', '9.7', undefined],
  ['redis', '7.0', '8.0', undefined],
  ['valkey', '7.2', '8.1', undefined],
])('%s from %s to %s', (engine, from, to, why) => {
  const refused = operatorEngines[engine].refusesUpgrade(from, to)
  if (why === undefined) expect(refused).toBeUndefined()
  else expect(refused).toMatch(why)
})
