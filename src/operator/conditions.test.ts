import { expect, test } from 'vitest'
import { fault } from '../errors.ts'
import { isReadyNow, mergeConditions, notReady, ready } from './conditions.ts'

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
  const first = mergeConditions(undefined, notReady(fault('FlavorNotFound', { flavor: 'x' })), { generation: 1, now: t0 })
  expect(first.map(c => c.type)).toEqual(['Ready', 'Stalled'])
  expect(mergeConditions(first, [ready('Active', '')], { generation: 1, now: t1 }).map(c => c.type)).toEqual(['Ready'])
})

test('what heals by itself is Reconciling', () => {
  expect(notReady(fault('InstanceNotReady', { instance: 'a' }))[1]).toMatchObject({ type: 'Reconciling', status: 'True' })
})

test('Ready for an older generation is not Ready', () => {
  const conditions = mergeConditions(undefined, [ready('Active', '')], { generation: 1, now: t0 })
  expect(isReadyNow({ metadata: { generation: 1 }, status: { conditions } })).toBe(true)
  expect(isReadyNow({ metadata: { generation: 2 }, status: { conditions } })).toBe(false)
})
