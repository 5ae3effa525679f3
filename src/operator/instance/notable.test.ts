import { expect, test } from 'vitest'
import type { InstanceStatus } from '../../api/instance.ts'
import { fault } from '../../errors.ts'
import { mergeConditions, ready } from '../conditions.ts'
import { anInstance, now } from '../examples.ts'
import { notable } from './notable.ts'

const status = (volumeReason: string, ...more: Parameters<typeof ready>): InstanceStatus => {
  const volume = { type: 'VolumeBound', status: 'True' as const, reason: volumeReason, message: 'the words' }
  return { conditions: mergeConditions(undefined, [ready(...more), volume], { generation: 1, now }) }
}
const well = status('Bound', 'Active', 'the database answers')
const reasons = (before: InstanceStatus, after: InstanceStatus, stands?: ReturnType<typeof fault>) =>
  notable({ ...anInstance(), status: before }, { status: after, ...(stands && { stands }) }).map(n => `${n.type} ${n.reason}`)

test('what goes on as before is worth no Event', () => expect(reasons(well, well)).toEqual([]))

test('a fault is told once, when it comes', () => {
  const stands = fault('GuestSilent', { why: 'x' })
  expect(reasons(well, well, stands)).toEqual(['Warning GuestSilent'])
  expect(reasons(status('Bound', 'GuestSilent', ''), well, stands)).toEqual([])
})

test('a growth that is refused is told although the database runs on, and once', () => {
  const refused = status('VolumeNotExpandable', 'Active', 'the database answers')
  expect(reasons(well, refused)).toEqual(['Warning VolumeNotExpandable'])
  expect(reasons(refused, refused)).toEqual([])
  expect(reasons(refused, well)).toEqual([])
})

test('that root comes and goes is told, and what keeps it away is, but not that it is on its way', () => {
  const root = (enabled: boolean, reason?: string): InstanceStatus => ({
    root: { enabled, firstEnabledAt: '2026-01-01T00:00:00Z' },
    conditions: [
      ...well.conditions!,
      ...(reason === undefined ? [] : mergeConditions(undefined, [{ ...ready(reason, 'm'), type: 'RootEnabled' }], { generation: 1, now })),
    ],
  })
  expect(reasons(well, root(true, 'Enabled'))).toEqual(['Normal RootEnabled'])
  expect(reasons(root(true, 'Enabled'), root(true, 'Enabled'))).toEqual([])
  expect(reasons(root(true, 'Enabled'), root(false))).toEqual(['Normal RootDisabled'])
  expect(reasons(root(false), root(false, 'Provisioning'))).toEqual([])
  expect(reasons(root(false, 'Provisioning'), root(false, 'NameTaken'))).toEqual(['Warning NameTaken'])
})

test('settings that are not in force are told although the database runs on, once for each reason, and what is on its way or waits is not', () => {
  const settings = (reason: string): InstanceStatus => ({
    conditions: [
      ...well.conditions!,
      ...mergeConditions(undefined, [{ type: 'ConfigurationApplied', status: 'False', reason, message: 'm' }], { generation: 1, now }),
    ],
  })
  expect(reasons(settings('RestartRequired'), settings('ConfigurationRefused'))).toEqual(['Warning ConfigurationRefused'])
  expect(reasons(settings('ConfigurationRefused'), settings('ConfigurationRefused'))).toEqual([])
  expect(reasons(settings('ConfigurationRefused'), settings('ConfigurationInvalid'))).toEqual(['Warning ConfigurationInvalid'])
  for (const reason of ['Provisioning', 'RestartRequired', 'NotReported', 'Applied']) expect(reasons(well, settings(reason))).toEqual([])
  const stands = fault('ConfigurationGroupNotFound', { group: 'settings' })
  expect(reasons(well, settings('ConfigurationGroupNotFound'), stands)).toEqual(['Warning ConfigurationGroupNotFound'])
})
