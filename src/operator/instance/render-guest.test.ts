import { expect, test } from 'vitest'
import { aDatabase, aGuest, ago, anInstance, aUser, engine, healthy } from '../examples.ts'
import type { Decided } from './decide.ts'
import { type GuestInput, renderGuest } from './render-guest.ts'

const decided: Decided = {
  datastore: 'pg',
  engine,
  version: '17',
  flavor: { name: 'small', cpu: '500m', memory: '1Gi' },
  image: 'pg:17',
  offered: { image: 'pg:17', imagePullSecrets: [] },
}
const render = (more: Partial<GuestInput> = {}) =>
  renderGuest({
    previous: undefined,
    instance: anInstance(),
    decided,
    initialisedClaim: undefined,
    isRestarting: false,
    digestInUse: undefined,
    databases: [],
    users: [],
    root: undefined,
    ...more,
  })
const moved = { ...decided, engine: { ...engine, formulas: 2 }, offered: { image: 'pg:17.1', imagePullSecrets: [] } }
const leaving = { deletionTimestamp: ago(1) }
const previous = aGuest(
  {
    databases: [{ name: 'shop', ensure: 'Present' }],
    users: [{ name: 'app', ensure: 'Present', passwordRevision: 'uid-app-1' }],
  },
  healthy(),
)

test('image and settings stay as recorded until a pod is made for a restart', () => {
  const still = render({ previous: aGuest(), decided: moved })
  expect(still).toMatchObject({ image: 'pg:17', configuration: { hash: 'h1', formulas: 1 } })
  const restarted = render({ previous: aGuest(), decided: moved, isRestarting: true })
  expect(restarted).toMatchObject({ image: 'pg:17.1' })
  expect(restarted.configuration).toMatchObject({ formulas: 2, files: [{ content: JSON.stringify({ memory: String(2 ** 30) }) }] })
})

test('a digest is recorded once, and goes with the image at a restart', () => {
  const [one, two] = ['a', 'b'].map(c => `sha256:${c.repeat(64)}`) as [string, string]
  expect(render({ digestInUse: one }).imageDigest).toBeUndefined()
  const recorded = render({ previous: aGuest(), digestInUse: one })
  expect(recorded.imageDigest).toBe(one)
  const previous = { ...aGuest(), spec: recorded }
  expect(render({ previous, digestInUse: two }).imageDigest).toBe(one)
  expect(render({ previous, isRestarting: true, digestInUse: two }).imageDigest).toBeUndefined()
})

test('what was decided once stays: flavor, zone and the claim', () => {
  const before = aGuest({ availabilityZone: 'a', volume: { claimUID: 'c1' } })
  const spec = render({ previous: before, initialisedClaim: 'c2', decided: { ...decided, flavor: { name: 'x', cpu: '1', memory: '2Gi' } } })
  expect(spec).toMatchObject({ availabilityZone: 'a', volume: { claimUID: 'c1' }, flavor: { name: 'small' } })
})

test.each([
  ['a database is asked for', [aDatabase({ name: 'shop' })], [{ name: 'shop', ensure: 'Present' }]],
  ['one without our finalizer is not yet', [aDatabase({ name: 'new' }, { finalizers: [] })], [{ name: 'shop', ensure: 'Present' }]],
  ['one that the engine refuses is not', [aDatabase({ name: 'reserved' })], [{ name: 'shop', ensure: 'Present' }]],
  ['a retained one is no longer spoken of', [aDatabase({ name: 'shop' }, leaving)], undefined],
  ['one to delete is asked to go', [aDatabase({ name: 'shop', deletionPolicy: 'Delete' }, leaving)], [{ name: 'shop', ensure: 'Absent' }]],
  ['one whose object vanished unseen stays', [], [{ name: 'shop', ensure: 'Present' }]],
])('%s', (_, databases, expected) => expect(render({ previous, databases, users: [] }).databases).toEqual(expected))

test('an entry that was to go goes once the guest says that it went, and its object is gone', () => {
  const entry = { databases: [{ name: 'shop', ensure: 'Absent' as const }] }
  const gone = healthy({ databases: [{ name: 'shop', state: 'Absent' }] })
  expect(render({ previous: aGuest(entry, healthy()) }).databases).toEqual(entry.databases)
  expect(render({ previous: aGuest(entry, gone) }).databases).toBeUndefined()
})

test('a user is always asked to go, though never asked for before', () => {
  const users = render({ users: [aUser({ name: 'app' }, { ...leaving, uid: 'uid-app-' })] }).users
  expect(users).toEqual([{ name: 'app', ensure: 'Absent', passwordRevision: 'uid-app--1' }])
})

test('rights on a database that no object names follow when it is there', () => {
  const access = [
    { database: 'shop', privilege: 'Owner' as const },
    { database: 'later', privilege: 'ReadOnly' as const },
  ]
  const spec = render({ databases: [aDatabase({ name: 'shop' })], users: [aUser({ name: 'app', access })] })
  expect(spec.users).toMatchObject([{ name: 'app', access: [access[0]] }])
})
