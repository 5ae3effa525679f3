import { expect, test } from 'vitest'
import type { GuestRoot } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import { aGuest, anInstance, aSecret, engine, healthy } from '../examples.ts'
import { planRoot } from './root.ts'

const present = (n: number): GuestRoot => ({ ensure: 'Present', passwordRevision: `root-${n}` })
const absent = (n: number): GuestRoot => ({ ensure: 'Absent', passwordRevision: `root-${n}` })
const asked = (root?: GuestRoot, state?: 'Ready' | 'Absent' | 'Failed', revision = root?.passwordRevision) =>
  aGuest(
    { ...(root !== undefined && { root }), volume: { claimUID: 'c' } },
    healthy(state === undefined ? {} : { root: { state, passwordRevision: revision! } }),
  )
type Told = NonNullable<Instance['status']>['root']
const told = (enabled: boolean, bound = enabled): Told => ({
  enabled,
  firstEnabledAt: '2026-01-01T00:00:00Z',
  ...(bound && { binding: { name: 'db-root' } }),
})
const plan = (
  rootEnabled: boolean | undefined,
  guest: ReturnType<typeof asked> | undefined,
  kept: string[],
  root?: Told,
  initialised = false,
) => {
  const instance = anInstance(
    { ...(rootEnabled !== undefined && { rootEnabled }) },
    {},
    {
      ...(root !== undefined && { root }),
      ...(initialised && { volume: { claim: 'db', claimUID: 'c' } }),
    },
  )
  const secret = aSecret(Object.fromEntries(['uid-app-1', ...kept].map(key => [key, 'eA=='])))
  return planRoot({ instance, side: { secret, ...(guest !== undefined && { guest }) } }, engine)
}

test.each([
  ['never asked for, nothing is said of it', plan(undefined, asked(), []), undefined, []],
  ['false is the same as nothing', plan(false, asked(), []), undefined, []],
  ['asked for at creation, it has a password before there is a Guest', plan(true, undefined, []), present(1), ['root-1']],
  ['asked for later, it has one as well', plan(true, asked(), []), present(1), ['root-1']],
  ['a password that was made before a crash is used', plan(true, asked(), ['root-1']), present(1), []],
  ['on, it keeps its password', plan(true, asked(present(1), 'Ready'), ['root-1'], told(true)), present(1), []],
  [
    'one that the Guest names and the Secret lost is not made again',
    plan(true, asked(present(1), 'Ready'), [], told(true)),
    present(1),
    [],
  ],
  ['switched off, it must go', plan(false, asked(present(1), 'Ready'), ['root-1'], told(true)), absent(1), []],
  ['but not before it is on record that it was there', plan(false, asked(present(1), 'Ready'), ['root-1']), present(1), []],
  ['one that the engine never had must go at once', plan(false, asked(present(1)), ['root-1']), absent(1), []],
  ['off, it stays spoken of', plan(undefined, asked(absent(1), 'Absent'), ['root-1'], told(false)), absent(1), []],
  ['on again, it has another password', plan(true, asked(absent(1), 'Absent'), ['root-1'], told(false)), present(2), ['root-2']],
  ['on again before it was gone, too', plan(true, asked(absent(1), 'Ready'), ['root-1'], told(true)), present(2), ['root-2']],
  ['that one, too, is used after a crash', plan(true, asked(absent(1), 'Absent'), ['root-1', 'root-2'], told(false)), present(2), []],
  [
    'a Guest that is made anew speaks of the password that the engine has',
    plan(true, undefined, ['root-3'], told(true), true),
    present(3),
    [],
  ],
  ['one that is made anew while root is off says so first', plan(false, undefined, ['root-3'], told(false), true), absent(3), []],
  [
    'also if it is switched on meanwhile: then it has another password',
    plan(true, undefined, ['root-3'], told(false), true),
    absent(3),
    [],
  ],
  ['where it was going when the Guest was lost it goes', plan(false, undefined, ['root-3'], told(true), true), absent(3), []],
  ['where all is lost nothing takes the place of what somebody was given', plan(true, undefined, [], told(true), true), present(1), []],
  ['where nobody was given it, it is made', plan(true, undefined, [], told(true, false), true), present(1), ['root-1']],
])('%s', (_, { root, missing }, expected, expectedMissing) => {
  expect(root).toEqual(expected)
  expect(missing).toEqual(expectedMissing)
})

test('the password before is forgotten once the engine has the next, and not sooner', () => {
  const kept = ['root-1', 'root-2']
  expect(plan(true, asked(absent(1), 'Absent'), kept, told(false)).obsolete).toEqual([])
  expect(plan(true, asked(present(2), 'Absent', 'root-1'), kept, told(false)).obsolete).toEqual([])
  expect(plan(true, asked(present(2), 'Failed'), kept, told(false)).obsolete).toEqual([])
  expect(plan(true, asked(present(2), 'Ready'), kept, told(true)).obsolete).toEqual(['root-1'])
  expect(plan(false, asked(absent(2), 'Absent'), kept, told(false)).obsolete).toEqual([])
})

test('of an engine that has no root nothing is asked', () => {
  const without = { ...engine, capabilities: { ...engine.capabilities, root: false } }
  const instance = anInstance({ rootEnabled: true })
  expect(planRoot({ instance, side: {} }, without)).toEqual({ missing: [], obsolete: [] })
})
