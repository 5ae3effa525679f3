import { expect, test } from 'vitest'
import { aDatastore, aFlavor, aGroup, anInstance, aVersion, engine } from '../../operator/examples.ts'
import { renderLayers } from '../../operator/instance/configuration.ts'
import { flavorOf } from '../../operator/instance/decide.ts'
import { columns } from '../columns.ts'
import { configurationOf, type Found } from './origins.ts'
import { asTable } from './show.ts'

const engines = { postgresql: engine }
const memory = String(2 ** 30)
const layers = { defaults: { memory }, version: { jit: 'off', work_mem: '8MB' }, group: { work_mem: '16MB' } }
const { hash } = renderLayers(anInstance(), { engine, version: '17', flavor: flavorOf(aFlavor()) }, layers)
const found = (status: object = {}): Found => ({
  instance: anInstance(
    { configurationRef: { name: 'settings' } },
    {},
    {
      datastore: { type: 'pg', version: '17' },
      configuration: { hash },
      ...status,
    },
  ),
  datastore: aDatastore(),
  versions: [aVersion({ defaults: { jit: false, work_mem: '8MB' } })],
  flavor: aFlavor(),
  group: aGroup({ work_mem: '16MB' }),
})

test('each value is shown with the layer that it comes from, and the hash tells that it is in force', () => {
  const { settings, inForce } = configurationOf(found(), engines, false)
  expect(settings).toEqual([
    { name: 'jit', value: 'off', origin: 'DatastoreVersion pg-17', waits: false },
    { name: 'listen_addresses', value: '*', origin: 'Trove, for itself', waits: false },
    { name: 'memory', value: memory, origin: 'Trove, for Flavor small', waits: false },
    { name: 'work_mem', value: '16MB', origin: 'ConfigurationGroup settings', waits: false },
  ])
  expect(inForce).toBe(true)
  expect(configurationOf(found({ configuration: { hash: 'other' } }), engines, false).inForce).toBe(false)
})

test.each([
  ['True', 'Applied', hash, 'The engine runs with this.'],
  ['False', 'RestartRequired', hash, 'The engine runs with this'],
  ['True', 'Applied', 'of-another-release', 'The engine runs with other values for some of this'],
  ['False', 'ConfigurationRefused', 'older', 'This is asked for, and the engine does not run with all of it.'],
])('the first line is what the Instance says, and what is shown: %s, %s', (status, reason, runsWith, words) => {
  const says = { type: 'ConfigurationApplied', status, reason, message: '', lastTransitionTime: '' }
  expect(asTable(configurationOf(found({ configuration: { hash: runsWith }, conditions: [says] }), engines, false))).toContain(words)
})

test('what waits for a restart is marked, and shown though nobody sets it any more', () => {
  const { settings } = configurationOf(found({ configuration: { hash, restartRequired: ['max_connections', 'work_mem'] } }), engines, false)
  expect(settings.filter(s => s.waits).map(s => [s.name, s.origin])).toEqual([
    ['max_connections', 'the engine'],
    ['work_mem', 'ConfigurationGroup settings'],
  ])
})

test('all that can be set is shown where that is asked for, and of what belongs to Trove that alone which it sets', () => {
  const names = configurationOf(found(), engines, true).settings.map(s => s.name)
  expect(names.length).toBeGreaterThan(200)
  expect(names).toContain('random_page_cost')
  expect(names).toContain('listen_addresses')
  expect(names).not.toContain('data_directory')
})

test('of settings that are no good nothing is shown but whose they are, and the Instance’s own words', () => {
  const says = {
    type: 'ConfigurationApplied',
    status: 'False',
    reason: 'ConfigurationGroupNotFound',
    message: 'there is none',
    lastTransitionTime: '',
  }
  const { group: _, ...rest } = found({ conditions: [says] })
  const { settings, says: said, notShown } = configurationOf(rest, engines, false)
  expect(notShown).toEqual(['ConfigurationGroup settings'])
  expect(configurationOf({ ...rest, versions: [aVersion({ defaults: { no_such: 1 } })] }, engines, false).notShown).toEqual([
    'DatastoreVersion pg-17',
    'ConfigurationGroup settings',
  ])
  expect(configurationOf(found(), engines, false).notShown).toEqual([])
  expect(settings.find(s => s.name === 'work_mem')?.value).toBe('8MB')
  expect(said).toBe('ConfigurationGroupNotFound: there is none')
})

test('of two that do not fit together nothing is shown, for only the Guest has what is in force of each', () => {
  const large = { ...found(), versions: [aVersion({ defaults: { shared_buffers: '900MB' } })], group: aGroup({ wal_buffers: '200MB' }) }
  const { settings, notShown } = configurationOf(large, engines, false)
  expect(settings.map(s => s.name)).toEqual(['listen_addresses', 'memory'])
  expect(notShown).toEqual(['DatastoreVersion pg-17', 'ConfigurationGroup settings'])
})

test.each([
  ['an Instance that is not provisioned', { ...found(), instance: anInstance() }, engines, 'is not provisioned yet'],
  ['an engine that it does not have', found(), {}, 'has no engine "postgresql"'],
])('%s is told in words', (_, given, known, words) => expect(() => configurationOf(given, known, false)).toThrow(words))

test('columns are as wide as their widest entry', () => {
  expect(
    columns(
      ['NAME', 'VALUE'],
      [
        ['a', 'b'],
        ['longer', ''],
      ],
    ),
  ).toBe('NAME     VALUE\na        b\nlonger\n')
})
