import { expect, test } from 'vitest'
import type { GuestConfiguration, GuestStatus } from '../../api/guest.ts'
import { aGuest, anInstance, engine, healthy } from '../examples.ts'
import { renderConfiguration } from './configuration.ts'
import type { Decided } from './decide.ts'

const decided: Decided = {
  datastore: 'pg',
  engine,
  version: '17',
  flavor: { name: 'small', cpu: '500m', memory: '1Gi' },
  image: 'pg:17',
  settings: {},
}
const memory = String(2 ** 30)
const first = renderConfiguration(anInstance(), decided, undefined, false)
/** A Guest with that configuration, whose engine was started with the one of that hash. */
const guest = (configuration: GuestConfiguration, startedWith: string) =>
  aGuest({ configuration }, healthy({ configuration: { hash: configuration.hash }, engine: { startedWith } }))
const render = (
  previous: ReturnType<typeof aGuest> | undefined,
  settings: Record<string, string> | undefined,
  isRestarting = false,
  formulas = 1,
) =>
  renderConfiguration(
    anInstance(),
    { ...decided, engine: { ...engine, formulas }, ...(settings === undefined ? { settings: undefined as never } : { settings }) },
    previous,
    isRestarting,
  )
const text = ({ files }: Pick<GuestConfiguration, 'files'>) => JSON.parse(files[0]!.content)

test('at first it is the default formulas, and what the version sets is laid over them', () => {
  expect(text(first)).toEqual({ memory })
  expect(text(render(undefined, { memory: '5', more: 'x' }))).toEqual({ memory: '5', more: 'x' })
})

test('what the version sets reaches a guest that runs, and goes from it again', () => {
  const set = render(guest(first, first.hash), { more: 'x' })
  expect(text(set)).toEqual({ memory, more: 'x' })
  const gone = render(guest(set, first.hash), {})
  expect(text(gone)).toEqual({ memory })
  expect(gone.hash).toBe(first.hash)
})

test('a version that is gone, or sets something that is wrong, leaves its part as it was', () => {
  const set = render(guest(first, first.hash), { more: 'x' })
  expect(text(render(guest(set, set.hash), undefined))).toEqual({ memory, more: 'x' })
})

test('what the group sets is laid over what the version does, and goes when the group does; one that is no good leaves it as it was', () => {
  const asked = (groupSettings: Record<string, string> | undefined, previous: GuestConfiguration) =>
    renderConfiguration(
      anInstance(),
      { ...decided, settings: { memory: '5' }, ...(groupSettings !== undefined && { groupSettings }) },
      guest(previous, previous.hash),
      false,
    )
  const set = asked({ memory: '6', more: 'x' }, first)
  expect(text(set)).toEqual({ memory: '6', more: 'x' })
  expect(set.layers).toMatchObject({ defaults: { memory }, version: { memory: '5' }, group: { memory: '6', more: 'x' } })
  expect(text(asked(undefined, set))).toEqual({ memory: '6', more: 'x' })
  expect(text(asked({}, set))).toEqual({ memory: '5' })
})

test('nothing is made anew where nothing is different, and formulas wait for a restart', () => {
  const before = guest(first, first.hash)
  expect(render(before, {}, false, 2)).toBe(before.spec.configuration)
  const set = render(before, { more: 'x' }, false, 2)
  expect(set).toMatchObject({ formulas: 1, layers: { defaults: first.layers.defaults } })
  expect(render(before, {}, true, 2)).toMatchObject({ formulas: 2 })
})

test('what the engine was last seen to start with goes along, until it is what is asked for', () => {
  const second = render(guest(first, first.hash), { more: 'x' })
  expect(second.lastGood).toEqual({ hash: first.hash, files: first.files })
  // In force meanwhile, but never started with.
  const third = render(guest(second, first.hash), { more: 'y' })
  expect(third.lastGood?.hash).toBe(first.hash)
  // Started with by now.
  expect(render(guest(second, second.hash), { more: 'y' }).lastGood?.hash).toBe(second.hash)
  expect(render(guest(third, first.hash), {}).lastGood).toBeUndefined()
})

test.each<[string, ReturnType<typeof aGuest> | undefined]>([
  ['a new Instance', undefined],
  ['one that was never seen to start', aGuest({ configuration: first })],
  ['one whose Guest was lost', undefined],
  ['one that goes back to the version before, which has started with it', aGuest({ ...guest(first, first.hash).spec, version: '18' })],
])('where nobody knows what it has started with, the default formulas go along: %s', (_, previous) => {
  const { lastGood } = render(previous, { more: 'x' })
  expect(lastGood).toEqual({ hash: first.hash, files: first.files })
  expect(render(previous, {}).lastGood).toBeUndefined()
})

test.each<[string, GuestStatus]>([
  ['between two pods', { podUID: 'former', operatingStatus: 'SHUTDOWN' }],
  ['while it is started again', { podUID: 'pod-1', operatingStatus: 'RESTARTING' }],
])('no engine need run for it: %s', (_, status) => {
  const told = (configuration: GuestConfiguration) => aGuest({ configuration }, { ...status, engine: { startedWith: first.hash } })
  const second = render(told(first), { more: 'x' }, true)
  expect(second.lastGood).toEqual({ hash: first.hash, files: first.files })
  // The second is being started with, and nobody knows yet whether it can be.
  expect(render(told(second), { more: 'y' }).lastGood).toEqual(second.lastGood)
})

test('the order of settings in a map makes no other file', () => {
  const one = render(undefined, { a: '1', z: '2' })
  expect(render(undefined, { z: '2', a: '1' }).hash).toBe(one.hash)
})

test('what one version started with is not what another falls back to: that is its defaults', () => {
  const before = guest(first, first.hash)
  const next = { ...decided, version: '17.2', upgradeFrom: '17', settings: { more: 'x' } }
  const moved = renderConfiguration(anInstance(), next, before, true)
  expect(text(moved)).toEqual({ memory, more: 'x' })
  expect(text(moved.lastGood!)).toEqual({ memory })
  const between = aGuest({ ...before.spec, version: '17.2', upgradeFrom: '17', configuration: moved }, before.status)
  expect(renderConfiguration(anInstance(), { ...next, settings: { more: 'y' } }, between, false).lastGood).toEqual(moved.lastGood)
  expect(renderConfiguration(anInstance(), { ...next, settings: {} }, between, false).lastGood).toBeUndefined()
})
