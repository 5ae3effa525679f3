import { expect, test } from 'vitest'
import { aDatastore, aGroup, aVersion, engine } from '../examples.ts'
import { judgeGroup, settingsOfGroup } from './judge.ts'

const engines = { postgresql: engine }
const versions = [aVersion(), aVersion({ version: '15' }), aVersion({ version: '9.6', active: false })]
const judge = (group: Parameters<typeof judgeGroup>[0], some = versions) => judgeGroup(group, aDatastore(), some, engines)

test('a group that suits every active version is good; what is no longer active does not count', () => {
  expect(judge(aGroup({ work_mem: '8MB' }))).toBeUndefined()
})

test('all that is wrong is told at once, and once, with the versions that it was judged for', () => {
  const { code, message } = judge(aGroup({ work_mem: 'large', port: 1, no_such: true, jit: 'on' }))!
  expect(code).toBe('ConfigurationInvalid')
  expect(message).toContain('ConfigurationGroup "settings" for versions 15, 17 cannot be taken: ')
  for (const name of ['work_mem must be', 'port belongs to Trove', 'no_such is no parameter']) {
    expect(message.split(name).length - 1, name).toBe(name.startsWith('no_such') ? 2 : 1)
  }
})

test('what one of the versions lacks is told, unless the group is for another alone', () => {
  // New in 16.
  const values = { vacuum_buffer_usage_limit: '1MB' }
  expect(judge(aGroup(values))?.message).toContain('no parameter of PostgreSQL 15')
  expect(judge(aGroup(values, { type: 'pg', version: '17' }))).toBeUndefined()
})

test('a version without rules takes no settings, which is no fault of a group that is for others too', () => {
  const more = [...versions, aVersion({ version: '12' })]
  expect(judge(aGroup({ work_mem: '8MB' }), more)).toBeUndefined()
  expect(judge(aGroup({ work_mem: 'large' }), more)?.message).toContain('for versions 15, 17 cannot be taken')
})

test.each([
  ['a Datastore that is not there', judgeGroup(aGroup(), undefined, [], engines), 'DatastoreNotFound'],
  ['an engine that we do not have', judgeGroup(aGroup(), aDatastore(), versions, {}), 'EngineUnknown'],
  ['a version that is not there', judge(aGroup({}, { type: 'pg', version: '12' })), 'DatastoreVersionNotFound'],
  ['no version that is active', judge(aGroup(), [aVersion({ active: false })]), 'DatastoreVersionNotFound'],
  ['a version without rules', judge(aGroup({ a: 1 }), [aVersion({ version: '12' })]), 'ConfigurationInvalid'],
])('%s is wrong', (_, wrong, code) => expect(wrong?.code).toBe(code))

const running = { datastore: 'pg', version: '17', engine }
test.each([
  ['is not there', undefined, 'ConfigurationGroupNotFound'],
  ['is for another Datastore', aGroup({}, { type: 'other' }), 'ConfigurationGroupMismatch'],
  ['is for another version', aGroup({}, { type: 'pg', version: '15' }), 'ConfigurationGroupMismatch'],
  ['has what the version does not', aGroup({ no_such: 1 }), 'ConfigurationInvalid'],
])('an Instance has nothing of a group that %s', (_, group, code) => {
  expect(settingsOfGroup('settings', group, running)).toMatchObject({ fault: { code } })
})

test('an Instance has the settings as its engine writes them', () => {
  const group = aGroup({ jit: true, work_mem: '8MB', max_connections: 50 }, { type: 'pg', version: '17' })
  expect(settingsOfGroup('settings', group, running)).toEqual({ settings: { jit: 'on', max_connections: '50', work_mem: '8MB' } })
})
