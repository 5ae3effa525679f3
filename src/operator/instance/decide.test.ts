import { expect, test } from 'vitest'
import { aDatastore, aFlavor, aGroup, ago, anInstance, aVersion, engine } from '../examples.ts'
import { type Catalog, decide, digestRecord, readRecord, recordOf } from './decide.ts'

const whole: Catalog = { datastore: aDatastore(), versions: [aVersion()], flavor: aFlavor() }
const engines = { postgresql: engine }
const first = (catalog: Partial<Catalog>, spec = {}) =>
  decide(anInstance(spec).spec, undefined, undefined, { ...whole, ...catalog }, engines)
const without = (key: keyof Catalog): Catalog => Object.fromEntries(Object.entries(whole).filter(([k]) => k !== key)) as unknown as Catalog

test('the Datastore’s default version is taken where none is stated', () => {
  expect(first({}).decided).toMatchObject({ datastore: 'pg', version: '17', image: 'pg:17', flavor: { name: 'small', memory: '1Gi' } })
})

const leaving = { deletionTimestamp: ago(1) }
const grouped = { configurationRef: { name: 'settings' } }
test.each([
  ['DatastoreNotFound', decide(anInstance().spec, undefined, undefined, without('datastore'), engines)],
  ['FlavorNotFound', decide(anInstance().spec, undefined, undefined, without('flavor'), engines)],
  ['EngineUnknown', decide(anInstance().spec, undefined, undefined, whole, {})],
  ['NoDefaultVersion', first({ datastore: { ...aDatastore(), spec: { engine: 'postgresql' } } })],
  ['DatastoreVersionNotFound', first({}, { datastore: { type: 'pg', version: '9' } })],
  ['DatastoreVersionNotFound', first({ versions: [aVersion({}, leaving)] })],
  ['DatastoreVersionInactive', first({ versions: [aVersion({ active: false })] })],
  ['FlavorNotAllowed', first({ versions: [aVersion({ allowedFlavors: ['huge'] })] })],
  ['FlavorTooSmall', first({ flavor: aFlavor({ memory: '128Mi' }) })],
  ['VolumeTooLarge', first({ versions: [aVersion({ maxVolumeSize: '512Mi' })] })],
  ['ConfigurationInvalid', first({ versions: [aVersion({ defaults: { no_such: 1 } })] })],
  ['ConfigurationGroupNotFound', first({}, grouped)],
  ['ConfigurationGroupNotFound', first({ group: aGroup({}, { type: 'pg' }, leaving) }, grouped)],
  ['ConfigurationGroupMismatch', first({ group: aGroup({}, { type: 'other' }) }, grouped)],
  ['ConfigurationInvalid', first({ group: aGroup({ no_such: 1 }) }, grouped)],
])('%s is a fault before anything is provisioned', (code, decision) => {
  expect(decision).toMatchObject({ fault: { code } })
  expect(decision.decided).toBeUndefined()
})

test('of two entries for one version the older is in force', () => {
  const younger = aVersion({ image: 'pg:other' }, { name: 'a', creationTimestamp: ago(1) })
  expect(first({ versions: [younger, aVersion()] }).decided?.image).toBe('pg:17')
})

const recorded = { datastore: 'pg', engine: 'postgresql', version: '15', image: 'pg:15.old' } as const
const flavor = { name: 'small', cpu: '500m', memory: '1Gi' }
test('what was decided wins over a catalog that has moved or is gone', () => {
  const { decided } = decide(anInstance().spec, recorded, flavor, { versions: [] }, engines)
  expect(decided).toMatchObject({ version: '15', image: 'pg:15.old', flavor })
  expect(decided?.offered).toBeUndefined()
})

test('another version than the recorded one is refused, and what runs goes on', () => {
  const { decided, fault } = decide(anInstance({ datastore: { type: 'pg', version: '17' } }).spec, recorded, flavor, whole, engines)
  expect(fault).toMatchObject({ code: 'DatastoreImmutable' })
  expect(decided?.version).toBe('15')
})

test('of a group that is leaving what runs still has the settings, and of one that is no good it keeps what it had', () => {
  const again = (group: Catalog['group']) =>
    decide(anInstance(grouped).spec, recorded, flavor, { versions: [], ...(group !== undefined && { group }) }, engines)
  expect(again(aGroup({ work_mem: '8MB' }, { type: 'pg' }, leaving))).toMatchObject({ decided: { groupSettings: { work_mem: '8MB' } } })
  const refused = again(aGroup({ no_such: 1 }))
  expect(refused).toMatchObject({ groupFault: { code: 'ConfigurationInvalid' }, decided: { version: '15' } })
  expect(refused.decided?.groupSettings).toBeUndefined()
  expect(refused.fault).toBeUndefined()
  expect(again(undefined).groupFault?.code).toBe('ConfigurationGroupNotFound')
  expect(decide(anInstance().spec, recorded, flavor, whole, engines).decided?.groupSettings).toEqual({})
})

test('a claim’s record reads back as it was written', () => {
  const { decided } = first({})
  expect(readRecord(recordOf(decided!, 3))).toEqual({ datastore: 'pg', engine: 'postgresql', version: '17', image: 'pg:17' })
  expect(readRecord({})).toBeUndefined()
  const imageDigest = `sha256:${'a'.repeat(64)}`
  const pinned = digestRecord({ image: 'pg:17', imageDigest })
  expect(readRecord({ ...recordOf(decided!, 3), ...pinned })).toMatchObject({ image: 'pg:17', imageDigest })
  expect(readRecord({ ...recordOf({ ...decided!, image: 'pg:18' }, 3), ...pinned })?.imageDigest, 'of an earlier image').toBeUndefined()
})
