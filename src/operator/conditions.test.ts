import { expect, test } from 'vitest'
import { fault } from '../errors.ts'
import { isReadyNow, mergeConditions, momentLeftMs, notReady, patienceLeftMs, ready } from './conditions.ts'

const t0 = new Date('2026-01-01T00:00:00.123Z')
const t1 = new Date('2026-01-01T00:01:00Z')

test('a transition time moves only with the status', () => {
  const first = mergeConditions(undefined, [ready('Active', 'up')], { generation: 1, now: t0 })
  const again = mergeConditions(first, [ready('Active', 'still up')], { generation: 2, now: t1 })
  expect(again).toMatchObject([{ message: 'still up', observedGeneration: 2, lastTransitionTime: '2026-01-01T00:00:00Z' }])
  const down = mergeConditions(again, notReady(fault('InstanceNotReady', { instance: 'a' })), { generation: 2, now: t1 })
  expect(down[0]).toMatchObject({ status: 'False', lastTransitionTime: '2026-01-01T00:01:00Z' })
})

test('a condition that is no longer said is gone', () => {
  const first = mergeConditions(undefined, notReady(fault('NoDefaultVersion', { datastore: 'x' })), { generation: 1, now: t0 })
  expect(first.map(c => c.type)).toEqual(['Ready', 'Stalled'])
  expect(mergeConditions(first, [ready('Active', '')], { generation: 1, now: t1 }).map(c => c.type)).toEqual(['Ready'])
})

test('what heals by itself is Reconciling', () => {
  expect(notReady(fault('InstanceNotReady', { instance: 'a' }))[1]).toMatchObject({ type: 'Reconciling', status: 'True' })
})

const missing = (flavor = 'x') => notReady(fault('FlavorNotFound', { flavor }))
const after = (ms: number) => new Date(Date.parse('2026-01-01T00:00:00Z') + ms)

test('what may yet come is waited for, a few seconds long, and then it is Stalled', () => {
  const first = mergeConditions(undefined, missing(), { generation: 1, now: t0 })
  expect(first).toMatchObject([
    { type: 'Ready', status: 'False', reason: 'FlavorNotFound' },
    { type: 'Reconciling', status: 'True', reason: 'FlavorNotFound' },
  ])
  expect(patienceLeftMs(first, t0)).toBe(4877)
  const soon = mergeConditions(first, missing(), { generation: 1, now: after(4_999) })
  expect(soon).toEqual(first)
  expect(patienceLeftMs(soon, after(4_999))).toBe(1)
  const late = mergeConditions(soon, missing(), { generation: 1, now: after(5_000) })
  expect(late[1]).toMatchObject({ type: 'Stalled', status: 'True', reason: 'FlavorNotFound', lastTransitionTime: '2026-01-01T00:00:05Z' })
  expect(patienceLeftMs(late, after(5_000))).toBeUndefined()
  expect(mergeConditions(late, missing(), { generation: 1, now: after(60_000) })[1]).toMatchObject({ type: 'Stalled' })
})

test('what is missed after one another in one wait is one wait', () => {
  const none = mergeConditions(undefined, notReady(fault('DatastoreNotFound', { datastore: 'x' })), { generation: 1, now: t0 })
  const one = mergeConditions(none, missing(), { generation: 1, now: after(3_000) })
  expect(one[1]).toMatchObject({ type: 'Reconciling', reason: 'FlavorNotFound', lastTransitionTime: '2026-01-01T00:00:00Z' })
  expect(mergeConditions(one, missing(), { generation: 1, now: after(5_000) })[1]).toMatchObject({ type: 'Stalled' })
})

test('what was there and went is not waited for, unless something else is asked for by now', () => {
  const building = mergeConditions(undefined, notReady(fault('InstanceNotReady', { instance: 'a' })), { generation: 1, now: t0 })
  expect(mergeConditions(building, missing(), { generation: 1, now: after(1_000) })[1]).toMatchObject({ type: 'Stalled' })
  const asked = mergeConditions(building, missing(), { generation: 2, now: t1 })
  expect(asked[1]).toMatchObject({ type: 'Reconciling', lastTransitionTime: '2026-01-01T00:01:00Z' })
})

test('nothing is waited for because another operator’s clock was ahead', () => {
  const ahead = mergeConditions(undefined, missing(), { generation: 1, now: t1 })
  expect(mergeConditions(ahead, missing(), { generation: 1, now: t0 })[1]).toMatchObject({ type: 'Stalled' })
})

test('Ready for an older generation is not Ready', () => {
  const conditions = mergeConditions(undefined, [ready('Active', '')], { generation: 1, now: t0 })
  expect(isReadyNow({ metadata: { generation: 1 }, status: { conditions } })).toBe(true)
  expect(isReadyNow({ metadata: { generation: 2 }, status: { conditions } })).toBe(false)
})

test('of what belongs to a running Instance the first word is the outcome, unless that takes more than a moment', () => {
  const conditions = (said: ReturnType<typeof notReady>) => mergeConditions(undefined, said, { generation: 1, now: t0 })
  const notYet = notReady(fault('InstanceNotReady', { instance: 'a' }))
  const running = { metadata: { generation: 1 }, status: { conditions: conditions([ready('Active', '')]) } }
  const made = { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' }, status: {} }
  expect(momentLeftMs(made, notYet, running, after(500))).toBe(1500)
  expect(momentLeftMs(made, notYet, running, after(2_000))).toBeUndefined()
  expect(momentLeftMs(made, notYet, running, after(-1))).toBeUndefined()
  expect(momentLeftMs(made, notYet, { metadata: { generation: 2 }, status: running.status }, after(500))).toBeUndefined()
  expect(momentLeftMs(made, notYet, undefined, after(500))).toBeUndefined()
  expect(momentLeftMs({ ...made, status: { conditions: conditions(notYet) } }, notYet, running, after(500))).toBeUndefined()
  expect(momentLeftMs(made, notReady(fault('InstanceNotFound', { instance: 'a' })), running, after(500))).toBeUndefined()
})
