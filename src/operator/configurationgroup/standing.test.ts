import { expect, test } from 'vitest'
import type { GuestStatus } from '../../api/guest.ts'
import { aGroup, aGuest, anInstance, aPod, engine, healthy } from '../examples.ts'
import { count, standingOf, type User } from './standing.ts'

const engines = { postgresql: engine }
const group = aGroup({ work_mem: '8MB' })
const configuration = (of: Record<string, string>) => ({
  hash: 'h2',
  formulas: 1,
  files: [],
  layers: { defaults: {}, group: of },
})
const instance = anInstance({ configurationRef: { name: 'settings' } })
const user = (reported: GuestStatus['configuration'], of = { work_mem: '8MB' }): User => ({
  instance,
  side: { guest: aGuest({ configuration: configuration(of) }, healthy(reported && { configuration: reported })), pod: aPod() },
})
const stalled = (reason: string): User => ({
  instance: anInstance(
    {},
    {},
    {
      conditions: [{ type: 'Ready', status: 'False', reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }],
    },
  ),
  side: {},
})

const applied = user({ hash: 'h2' })
const waiting = user({ hash: 'h2', restartRequired: ['work_mem'] })
const onItsWay = user({ hash: 'h1' })
const faulty = user({ hash: 'h1', fault: { code: 'ConfigurationNotApplied', message: 'no' } })

test.each([
  ['that runs with all of it', applied, 'applied'],
  ['that waits for a restart', waiting, 'restartRequired'],
  ['whose agent has not come to it yet', onItsWay, 'onItsWay'],
  ['whose Guest still asks for what the group had before', user({ hash: 'h2' }, { work_mem: '4MB' }), 'onItsWay'],
  ['whose pod is another than the one that reported', { ...applied, side: { guest: applied.side.guest! } }, 'onItsWay'],
  ['whose engine did not take it', faulty, 'failed'],
  ['that is not provisioned yet', { instance, side: {} }, 'onItsWay'],
  ['that is not provisioned because of the group', stalled('ConfigurationInvalid'), 'failed'],
  ['that is not provisioned for another reason', stalled('FlavorNotFound'), 'onItsWay'],
] as [string, User, string][])('an Instance %s', (_, one, standing) => expect(standingOf(group, one, engines)).toBe(standing))

test('a group that cannot be taken has failed everywhere, whatever runs', () => {
  expect(standingOf(aGroup({ no_such: 1 }), applied, engines)).toBe('failed')
  expect(standingOf(aGroup({}, { type: 'other' }), applied, engines)).toBe('failed')
})

test('a group for which the version’s settings leave no memory has failed', () => {
  const guest = aGuest({
    configuration: { hash: 'h', formulas: 1, files: [], layers: { defaults: {}, version: { shared_buffers: '900MB' } } },
  })
  const one = { instance, side: { guest, pod: aPod() } }
  expect(standingOf(aGroup({ wal_buffers: '200MB' }), one, engines)).toBe('failed')
  expect(standingOf(aGroup({ wal_buffers: '20MB' }), one, engines)).toBe('onItsWay')
})

test('Instances that are on their way are in the total alone', () => {
  const users = [applied, applied, waiting, onItsWay, faulty]
  expect(count(group, users, engines)).toEqual({ total: 5, applied: 2, restartRequired: 1, failed: 1 })
})
