import { expect, test } from 'vitest'
import { operatorEngines } from '../../engines/operator-engines.ts'
import { aDatastore, aFlavor, aGroup, ago, anInstance, aVersion, engine } from '../examples.ts'
import { type Catalog, decide, digestRecord, readRecord, recordOf } from './decide.ts'
import { settingsOf } from './settle.ts'

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
  ['ConfigurationInvalid', first({ versions: [aVersion({ defaults: { shared_buffers: '2GB' } })] })],
  ['ConfigurationGroupNotFound', first({}, grouped)],
  ['ConfigurationGroupNotFound', first({ group: aGroup({}, { type: 'pg' }, leaving) }, grouped)],
  ['ConfigurationGroupMismatch', first({ group: aGroup({}, { type: 'other' }) }, grouped)],
  ['ConfigurationInvalid', first({ group: aGroup({ no_such: 1 }) }, grouped)],
  ['ConfigurationInvalid', first({ group: aGroup({ shared_buffers: '2GB' }) }, grouped)],
])('%s is a fault before anything is provisioned', (code, decision) => {
  expect(decision).toMatchObject({ fault: { code } })
  expect(decision.decided).toBeUndefined()
})

test('of two entries for one version the older is in force', () => {
  const younger = aVersion({ image: 'pg:other' }, { name: 'a', creationTimestamp: ago(1) })
  expect(first({ versions: [younger, aVersion()] }).decided?.image).toBe('pg:17')
})

test.each(['mysql', 'percona'] as const)('settings of %s 8.4 are refused, for there are no rules to judge them by', engine => {
  const version = (defaults: Record<string, string>) => aVersion({ version: '8.4', defaults })
  expect(settingsOf(version({ back_log: '99' }), operatorEngines[engine])).toEqual({
    fault: expect.objectContaining({
      code: 'ConfigurationInvalid',
      message: expect.stringContaining(`nothing can be set for ${engine} 8.4`),
    }),
  })
  expect(settingsOf(version({}), operatorEngines[engine])).toEqual({ settings: {} })
})

const recorded = { datastore: 'pg', engine: 'postgresql', version: '15', image: 'pg:15.old' } as const
const flavor = { name: 'small', cpu: '500m', memory: '1Gi' }
test('what was decided wins over a catalog that has moved or is gone', () => {
  const { decided } = decide(anInstance().spec, recorded, flavor, { versions: [] }, engines)
  expect(decided).toMatchObject({ version: '15', image: 'pg:15.old', flavor })
  expect(decided?.offered).toBeUndefined()
})

const newer = (spec: Parameters<typeof aVersion>[0] = {}, metadata = {}) =>
  aVersion({ version: '17.2', image: 'pg:17.2', upgradeFrom: ['17'], ...spec }, { name: 'pg-17.2', ...metadata })
const running = { datastore: 'pg', engine: 'postgresql', version: '17', image: 'pg:17.old' } as const
const asks = (version: string | undefined, offered = [newer()], from: object = running, found?: Parameters<typeof decide>[5]) =>
  decide(
    anInstance({ datastore: { type: 'pg', ...(version !== undefined && { version }) } }).spec,
    from as typeof running,
    flavor,
    { ...whole, versions: [aVersion({ image: 'pg:17.new' }), ...offered] },
    engines,
    found,
  )

test('another version that is allowed is decided for the next pod, with all that belongs to it; the present one stays as it is', () => {
  const { decided, next, fault } = asks('17.2', [newer({ defaults: { work_mem: '8MB' }, maxVolumeSize: '4Gi', imagePullSecrets: ['s'] })])
  expect(fault).toBeUndefined()
  expect(decided).toMatchObject({ version: '17', image: 'pg:17.old' })
  expect(decided).not.toHaveProperty('upgradeFrom')
  expect(next).toMatchObject({
    waits: true,
    decided: {
      version: '17.2',
      upgradeFrom: '17',
      image: 'pg:17.2',
      offered: { image: 'pg:17.2', imagePullSecrets: ['s'] },
      settings: { work_mem: '8MB' },
      maxVolumeSize: '4Gi',
      flavor,
    },
  })
  expect(next?.decided).not.toHaveProperty('imageDigest')
})

test.each([
  ['DatastoreVersionNotFound', asks('17.9')],
  ['DatastoreVersionNotFound', asks('17.2', [newer({}, leaving)])],
  ['DowngradeImpossible', asks('15', [newer({ version: '15', upgradeFrom: ['17'] })])],
  ['UpgradeImpossible', asks('18', [newer({ version: '18', upgradeFrom: ['17'] })])],
  ['UpgradeImpossible', asks('latest', [newer({ version: 'latest', upgradeFrom: ['17'] })])],
  ['VersionChangeNotAllowed', asks('17.2', [newer({ upgradeFrom: ['17.1'] })])],
  ['DatastoreVersionInactive', asks('17.2', [newer({ active: false })])],
  ['FlavorNotAllowed', asks('17.2', [newer({ allowedFlavors: ['huge'] })])],
  ['VolumeTooLarge', asks('17.2', [newer({ maxVolumeSize: '512Mi' })])],
  ['ConfigurationInvalid', asks('17.2', [newer({ defaults: { no_such_setting: 1 } })])],
  ['DowngradeImpossible', asks('17', [newer()], { ...running, version: '17.2' })],
])('%s refuses another version, and what runs goes on', (code, { decided, next, fault }) => {
  expect(fault).toMatchObject({ code })
  expect(next).toBeUndefined()
  expect(decided?.image).toBe('pg:17.old')
})

const moved = { ...running, version: '17.2', upgradeFrom: '17', image: 'pg:17.2' }
test('until the engine answers with the new version, both are known; then the old one is no longer spoken of', () => {
  expect(asks('17.2', [newer()], moved).decided).toMatchObject({ version: '17.2', upgradeFrom: '17' })
  expect(asks(undefined, [newer()], moved).decided, 'no version is stated any more').toMatchObject({ version: '17.2', upgradeFrom: '17' })
  const done = asks('17.2', [newer()], moved, { data: '17.2', isDone: true })
  expect(done.decided).toMatchObject({ version: '17.2' })
  expect(done.decided).not.toHaveProperty('upgradeFrom')
})

test('one change comes to its end before another begins', () => {
  const further = newer({ version: '17.3', upgradeFrom: ['17.2'] })
  expect(asks('17.3', [newer(), further], moved)).toMatchObject({ decided: { version: '17.2', upgradeFrom: '17' } })
  expect(asks('17.3', [newer(), further], moved).next).toBeUndefined()
  const then = asks('17.3', [newer(), further], moved, { data: '17.2', isDone: true })
  expect(then.next?.decided).toMatchObject({ version: '17.3', upgradeFrom: '17.2' })
})

test('as long as the data is the old version’s there is a way back, even to one that is no longer active', () => {
  const back = asks('17', [newer()], moved, { data: '17', isDone: false })
  expect(back.next).toMatchObject({ waits: false, decided: { version: '17', image: 'pg:17.new' } })
  expect(back.next?.decided).not.toHaveProperty('upgradeFrom')
  expect(asks('17', [newer()], moved).next, 'nobody has looked yet').toMatchObject({ decided: { version: '17' } })
})

test.each([{ no_such: 1 }, { shared_buffers: '2GB' }])('what the old version sets is not in the way back, whatever it is: %o', defaults => {
  const back = decide(
    anInstance({ datastore: { type: 'pg', version: '17' } }).spec,
    moved,
    flavor,
    { ...whole, versions: [aVersion({ defaults }), newer()] },
    engines,
    { data: '17', isDone: false, layers: { defaults: {}, version: { work_mem: '8MB' } } },
  )
  expect(back.fault).toBeUndefined()
  expect(back.next?.decided).toMatchObject({ version: '17', settings: {} })
})

test('once the data is the new version’s there is none', () => {
  const { decided, next, fault } = asks('17', [newer()], moved, { data: '17.2', isDone: false })
  expect(fault).toMatchObject({ code: 'DowngradeImpossible' })
  expect(next).toBeUndefined()
  expect(decided).toMatchObject({ version: '17.2', upgradeFrom: '17' })
})

test('whoever went back too late is brought on again, for the old engine would not start', () => {
  const { next, fault } = asks('17', [newer()], running, { data: '17.2', isDone: false })
  expect(next).toMatchObject({ waits: false, decided: { version: '17.2', upgradeFrom: '17' } })
  expect(fault).toMatchObject({ code: 'DowngradeImpossible' })
  expect(asks('17', [], running, { data: '17.2', isDone: false }).next, 'a version that is not offered').toBeUndefined()
})

test('of a group that is leaving what runs still has the settings, and of one that is no good it keeps what it had', () => {
  const again = (group: Catalog['group']) =>
    decide(anInstance(grouped).spec, recorded, flavor, { versions: [], ...(group !== undefined && { group }) }, engines)
  expect(again(aGroup({ work_mem: '8MB' }, { type: 'pg' }, leaving))).toMatchObject({ decided: { groupSettings: { work_mem: '8MB' } } })
  const refused = again(aGroup({ no_such: 1 }))
  expect(refused).toMatchObject({ configurationFault: { code: 'ConfigurationInvalid' }, decided: { version: '15' } })
  expect(refused.decided?.groupSettings).toBeUndefined()
  expect(refused.fault).toBeUndefined()
  expect(again(undefined).configurationFault?.code).toBe('ConfigurationGroupNotFound')
  expect(decide(anInstance().spec, recorded, flavor, whole, engines).decided?.groupSettings).toEqual({})
})

test.each<Record<string, string | number>>([{ no_such: 1 }, { shared_buffers: '2GB' }])(
  'what runs is told when its version sets something wrong, and keeps what it had: %o',
  defaults => {
    const versions = [aVersion({ version: '15', defaults })]
    const told = decide(anInstance().spec, recorded, flavor, { versions }, engines)
    expect(told).toMatchObject({ configurationFault: { code: 'ConfigurationInvalid' }, decided: { version: '15' } })
    expect(told.configurationFault?.message).toContain('DatastoreVersion')
    expect(told.decided?.settings).toBeUndefined()
    expect(told.fault).toBeUndefined()
  },
)

test('a claim’s record reads back as it was written', () => {
  const { decided } = first({})
  expect(readRecord(recordOf(decided!, 3))).toEqual({ datastore: 'pg', engine: 'postgresql', version: '17', image: 'pg:17' })
  expect(readRecord({})).toBeUndefined()
  const both = recordOf({ ...decided!, version: '17.2', upgradeFrom: '17' }, 3)
  expect(readRecord(both)).toMatchObject({ version: '17.2', upgradeFrom: '17' })
  expect(readRecord({ ...both, ...recordOf({ ...decided!, version: '17.2' }, 3, both) })?.upgradeFrom).toBeUndefined()
  const imageDigest = `sha256:${'a'.repeat(64)}`
  const pinned = digestRecord({ image: 'pg:17', imageDigest })
  expect(readRecord({ ...recordOf(decided!, 3), ...pinned })).toMatchObject({ image: 'pg:17', imageDigest })
  expect(readRecord({ ...recordOf({ ...decided!, image: 'pg:18' }, 3), ...pinned })?.imageDigest, 'of an earlier image').toBeUndefined()
})

test('a group is judged for the version that comes, and one that does not suit it refuses the change', () => {
  const change = (group: Catalog['group']) =>
    decide(
      anInstance({ ...grouped, datastore: { type: 'pg', version: '17.2' } }).spec,
      running,
      flavor,
      { ...whole, versions: [aVersion(), newer()], ...(group !== undefined && { group }) },
      engines,
    )
  const pinned = change(aGroup({ work_mem: '8MB' }, { type: 'pg', version: '17' }))
  expect(pinned).toMatchObject({ fault: { code: 'ConfigurationGroupMismatch' }, decided: { groupSettings: { work_mem: '8MB' } } })
  expect(pinned.next).toBeUndefined()
  const ahead = change(aGroup({ work_mem: '8MB' }, { type: 'pg', version: '17.2' }))
  expect(ahead).toMatchObject({
    configurationFault: { code: 'ConfigurationGroupMismatch' },
    next: { decided: { groupSettings: { work_mem: '8MB' } } },
  })
})
