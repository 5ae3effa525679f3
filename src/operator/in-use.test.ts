import { expect, test } from 'vitest'
import { fault } from '../errors.ts'
import { aFlavor, ago, now } from './examples.ts'
import { planHeld, some } from './in-use.ts'
import { finalizers } from './names.ts'

const entry = (more: object = {}) => ({ ...aFlavor(), metadata: { ...aFlavor().metadata, finalizers: [finalizers.inUse], ...more } })
const leaving = { deletionTimestamp: ago(1) }
const plan = (e: Parameters<typeof planHeld>[0], users: string[] = [], wrong?: ReturnType<typeof fault>) =>
  planHeld(e, users, '`kubectl get x` lists them', wrong, now)

test('an object that is new gets the finalizer', () => expect(plan(aFlavor()).do).toBe('addFinalizer'))
test('one that nobody uses may go', () => expect(plan(entry(leaving)).do).toBe('removeFinalizer'))

test('one in use is held; tenants see how many, the platform team hears who', () => {
  const held = plan(entry(leaving), ['a/x', 'b/y'])
  expect(held.do).toBe('nothing')
  const said = JSON.stringify(held.conditions)
  expect(said).toContain('`kubectl get x` lists them')
  expect(said).not.toContain('a/x')
  // Nobody new may take it up.
  expect(held.conditions).toMatchObject([{ type: 'Ready', status: 'False', reason: 'InUse' }, { type: 'Stalled' }, { type: 'InUse' }])
  expect(held.heldBy?.message).toContain('a/x, b/y')
  const again = plan({ ...entry(leaving), status: held }, ['a/x', 'b/y'])
  expect(again.heldBy).toBeUndefined()
})

test('what is wrong with it is said, and it is used on', () => {
  const { conditions } = plan(entry(), ['a/x'], fault('NoDefaultVersion', { datastore: 'x' }))
  expect(conditions).toMatchObject([{ type: 'Ready', status: 'False' }, { type: 'Stalled' }])
})

test('of more users than a message has room for it says how to list them all', () => {
  const names = Array.from({ length: 12 }, (_, n) => `db-${n}`)
  expect(some(names.slice(0, 10), 'kubectl get x')).toBe(names.slice(0, 10).join(', '))
  expect(some(names, 'kubectl get x')).toMatch(/db-9 and 2 more \(`kubectl get x` lists all\)$/)
})
