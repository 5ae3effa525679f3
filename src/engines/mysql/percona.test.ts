/** In what Percona Server differs from MySQL for the project, and in what it does not: its image has not been run here. */
import { expect, test } from 'vitest'
import { operatorEngines } from '../operator-engines.ts'
import { mysql, percona } from './dialect.ts'
import * as guest from './guest.ts'

const mib = 1024 * 1024
const self = { name: 'shop', role: 'Writer' } as const
const paths = { data: '/data/percona', configuration: '/trove/configuration', sockets: '/trove/sockets' }

test.each([512, 1024, 4096])('with %i MiB it has the configuration of MySQL, and tells its maker nothing', memory => {
  const size = { version: '8.4', flavor: { cpuMillis: 1000, memoryBytes: memory * mib } }
  const rendered = (engine: 'mysql' | 'percona') => {
    const { defaults, render } = operatorEngines[engine]
    const [{ name, content } = { name: '', content: '' }] = render({ self, members: [self], ...size, parameters: defaults(size) })
    return { name, lines: content.split('\n') }
  }
  const [ours, theirs] = [rendered('percona'), rendered('mysql')]
  expect(ours.name).toBe(theirs.name)
  expect(ours.lines.filter(line => !theirs.lines.includes(line))).toEqual(['percona_telemetry_disable = "ON"'])
  expect(theirs.lines.filter(line => !ours.lines.includes(line))).toEqual([])
})

test('it is initialised, started, asked and given logins as MySQL is', () => {
  expect(guest.percona.initialise(paths)).toBe(guest.mysql.initialise(paths))
  expect(guest.percona.start(paths)).toEqual(guest.mysql.start(paths))
  expect(percona).toEqual({ ...mysql, engine: 'percona' })
})

test('its image runs it as 1001, MySQL’s as 999', () => {
  expect(operatorEngines.percona.user).toEqual({ uid: 1001, gid: 1001 })
  expect(operatorEngines.mysql.user).toEqual({ uid: 999, gid: 999 })
})

test('the account that it makes for itself is nobody else’s', () => {
  expect(operatorEngines.percona.checkUser({ name: 'percona.telemetry' })?.code).toBe('IdentifierReserved')
  expect(operatorEngines.percona.checkUser({ name: 'percona' })).toBeUndefined()
})
