import { expect, test } from 'vitest'
import { aDatastore, ago, aVersion, engine } from '../examples.ts'
import { judgeDatastore, judgeVersion } from './judge.ts'

const engines = { postgresql: engine }
const badly = aVersion({ defaults: { no_such_setting: 1 } })
const leaps = aVersion({ upgradeFrom: ['15'] })
const falls = aVersion({ upgradeFrom: ['17.2'] })

test.each([
  ['a default version that is not there', judgeDatastore(aDatastore(), [], { postgresql: engine }), 'DatastoreVersionNotFound'],
  ['one that is inactive', judgeDatastore(aDatastore(), [aVersion({ active: false })], { postgresql: engine }), 'DatastoreVersionInactive'],
  ['an engine that we do not have', judgeDatastore(aDatastore(), [aVersion()], {}), 'EngineUnknown'],
  ['a version of no Datastore', judgeVersion(aVersion(), undefined, [aVersion()], engines), 'DatastoreNotFound'],
  [
    'the younger of two',
    judgeVersion(aVersion({}, { uid: 'b', creationTimestamp: ago(1) }), aDatastore(), [aVersion()], engines),
    'DatastoreVersionAmbiguous',
  ],
  ['a step that the engine cannot take', judgeVersion(leaps, aDatastore(), [leaps], engines), 'UpgradeImpossible'],
  ['a step downwards', judgeVersion(falls, aDatastore(), [falls], engines), 'DowngradeImpossible'],
  ['a setting that the engine does not know', judgeVersion(badly, aDatastore(), [badly], engines), 'ConfigurationInvalid'],
])('%s is wrong', (_, wrong, code) => expect(wrong?.code).toBe(code))

test('a good catalog is Available', () => {
  expect(judgeDatastore(aDatastore(), [aVersion()], { postgresql: engine })).toBeUndefined()
  const good = { defaults: { work_mem: '8MB' }, upgradeFrom: ['17.0'] }
  expect(judgeVersion(aVersion({ version: '17.2', ...good }), aDatastore(), [aVersion()], engines)).toBeUndefined()
})
