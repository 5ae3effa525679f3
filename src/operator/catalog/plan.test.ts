import { expect, test } from 'vitest'
import { fault } from '../../errors.ts'
import { aDatastore, aFlavor, ago, aVersion, engine, now } from '../examples.ts'
import { finalizers } from '../names.ts'
import { judgeDatastore, judgeVersion } from './judge.ts'
import { planEntry } from './plan.ts'

const entry = (more: object = {}) => ({ ...aFlavor(), metadata: { ...aFlavor().metadata, finalizers: [finalizers.inUse], ...more } })
const leaving = { deletionTimestamp: ago(1) }
const plan = (e: Parameters<typeof planEntry>[0], users: string[] = [], wrong?: ReturnType<typeof fault>) =>
  planEntry(e, users, 'kubectl get x', wrong, now)

test('an entry that is new gets the finalizer', () => expect(plan(aFlavor()).do).toBe('addFinalizer'))
test('one that nobody uses may go', () => expect(plan(entry(leaving)).do).toBe('removeFinalizer'))

test('one in use is held; tenants see how many, the platform team hears who', () => {
  const held = plan(entry(leaving), ['a/x', 'b/y'])
  expect(held.do).toBe('nothing')
  const said = JSON.stringify(held.status)
  expect(said).toContain('kubectl get x')
  expect(said).not.toContain('a/x')
  expect(held.status?.users).toBe(2)
  // Nobody new may take it up.
  expect(held.status?.conditions).toMatchObject([
    { type: 'Ready', status: 'False', reason: 'InUse' },
    { type: 'Stalled' },
    { type: 'InUse' },
  ])
  expect(held.heldBy?.message).toContain('a/x, b/y')
  const again = plan({ ...entry(leaving), status: held.status }, ['a/x', 'b/y'])
  expect(again.heldBy).toBeUndefined()
})

test('what is wrong with it is said, and it is used on', () => {
  const { status } = plan(entry(), ['a/x'], fault('NoDefaultVersion', { datastore: 'x' }))
  expect(status).toMatchObject({ users: 1, conditions: [{ type: 'Ready', status: 'False' }, { type: 'Stalled' }] })
})

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
