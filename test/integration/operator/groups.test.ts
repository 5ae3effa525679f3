/** ConfigurationGroups on a real API server: in any order, on many Instances, and held as long as somebody uses them. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ConfigurationGroup } from '../../../src/api/configurationgroup.ts'
import type { Instance } from '../../../src/api/instance.ts'
import { guestName } from '../../../src/operator/names.ts'
import { configurationgroups, guests, instances } from '../../../src/operator/resources.ts'
import { anInstance, guestsNamespace, isActive, openRig, type Rig, readyReason, signal } from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
  await rig.startOperator()
})
afterAll(() => rig?.stop())

const aGroup = (namespace: string, values: object, datastore: object = { type: 'postgresql' }) => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind: 'ConfigurationGroup',
  metadata: { name: 'settings', namespace },
  spec: { datastore, values },
})
const grouped = (namespace: string, name: string, more: object = {}) =>
  anInstance(namespace, name, { configurationRef: { name: 'settings' }, ...more })
const said = (reason: string) => (i: Instance | undefined) =>
  i?.status?.conditions?.find(c => c.type === 'ConfigurationApplied')?.reason === reason && isActive(i)
const counts = (total: number, applied: number, failed: number) => (g: ConfigurationGroup | undefined) => {
  const { instances: found } = g?.status ?? {}
  return found?.total === total && found.applied === applied && found.failed === failed
}
const group = (namespace: string, test: (g: ConfigurationGroup | undefined) => boolean, what: string) =>
  rig.until(configurationgroups, { namespace, name: 'settings' }, test, what)

test('ConfigurationGroupNotFound: nothing is provisioned before the group is there, and good', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(grouped(namespace, 'early'))
  await rig.until(instances, { namespace, name: 'early' }, readyReason('ConfigurationGroupNotFound'), 'the group is missed')
  await rig.apply(aGroup(namespace, { work_mem: 'lots' }))
  await rig.until(instances, { namespace, name: 'early' }, readyReason('ConfigurationInvalid'), 'it is told what is wrong')
  await group(namespace, counts(1, 0, 1), 'the group counts it as failed')
  expect(await rig.left('early')).toEqual([])
  await rig.apply(aGroup(namespace, { work_mem: '8MB' }))
  const instance = await rig.until(instances, { namespace, name: 'early' }, isActive, 'it is ACTIVE')
  const guest = await rig.client.get(guests, { namespace: guestsNamespace, name: guestName(instance) }, { signal })
  expect(guest.spec.configuration.layers.group).toEqual({ work_mem: '8MB' })
  expect(guest.spec.configuration.files[0]?.content).toContain("work_mem = '8MB'")
})

test('ConfigurationGroupMismatch: what runs goes on with what it had', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(aGroup(namespace, { work_mem: '8MB' }), grouped(namespace, 'db'))
  const instance = await rig.until(instances, { namespace, name: 'db' }, said('Applied'), 'it has the settings')
  await rig.apply(aGroup(namespace, { work_mem: '9MB' }, { type: 'postgresql', version: '15' }))
  await rig.until(instances, { namespace, name: 'db' }, said('ConfigurationGroupMismatch'), 'it is told')
  const warnings = () =>
    rig.kubectl(['get', 'events.events.k8s.io', '-n', namespace, '--field-selector=type=Warning', '-o', 'jsonpath={.items[*].reason}'])
  await expect.poll(warnings, { timeout: 5000 }).toBe('ConfigurationGroupMismatch')
  const guest = await rig.client.get(guests, { namespace: guestsNamespace, name: guestName(instance) }, { signal })
  expect(guest.spec.configuration.layers.group).toEqual({ work_mem: '8MB' })
  expect(rig.node.starts('db')).toBe(1)
})

test('a change reaches every Instance that has the group; while one has it, it is not deleted, and says whose it is', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(aGroup(namespace, { work_mem: '8MB' }), ...['one', 'two', 'three'].map(name => grouped(namespace, name)))
  await group(namespace, counts(3, 3, 0), 'all three run with it')
  await rig.apply(aGroup(namespace, { work_mem: '12MB' }))
  for (const name of ['one', 'two', 'three']) {
    const { metadata } = await rig.client.get(instances, { namespace, name }, { signal })
    const guest = { namespace: guestsNamespace, name: guestName({ metadata } as Instance) }
    await rig.until(guests, guest, g => g?.spec.configuration.layers.group?.work_mem === '12MB', `${name} has the new value`)
  }
  await group(namespace, counts(3, 3, 0), 'all three run with it again')

  await rig.kubectl(['delete', 'configurationgroups.trove.dev', 'settings', '-n', namespace, '--wait=false'])
  const held = await group(namespace, g => g?.status?.conditions?.some(c => c.type === 'InUse') ?? false, 'it is held')
  expect(held.status?.conditions?.find(c => c.type === 'Ready')?.message).toContain('3 Instances do: one, three, two')
  const notes = () => rig.kubectl(['get', 'events.events.k8s.io', '-n', namespace, '-o', 'jsonpath={.items[*].note}'])
  await expect.poll(notes, { timeout: 5000 }).toContain('3 Instances do: one, three, two')

  // It waits for the next group of that name, and does not keep this one.
  await rig.apply(grouped(namespace, 'four'))
  await rig.until(instances, { namespace, name: 'four' }, readyReason('ConfigurationGroupNotFound'), 'a new one does not begin with it')
  await rig.kubectl(['delete', 'instances.trove.dev', 'one', '-n', namespace, '--timeout=20s'])
  const detach = JSON.stringify({ spec: { configurationRef: null } })
  await rig.kubectl(['patch', 'instances.trove.dev', 'two', 'three', '-n', namespace, '--type=merge', '-p', detach])
  await group(namespace, g => g === undefined, 'it is gone')
  for (const name of ['two', 'three']) await rig.until(instances, { namespace, name }, said('Applied'), `${name} has the defaults`)
  await rig.apply(aGroup(namespace, { work_mem: '8MB' }))
  await group(namespace, counts(1, 1, 0), 'the one that waited has the next')
})

test('ConfigurationRefused: a new Instance that does not start with its settings comes up without them; one that does not start at all says so', async () => {
  const namespace = await rig.newNamespace()
  rig.node.play('wary', { refuses: '96MB' })
  await rig.apply(aGroup(namespace, { shared_buffers: '96MB' }), grouped(namespace, 'wary'))
  await rig.until(instances, { namespace, name: 'wary' }, said('ConfigurationRefused'), 'it runs with the defaults')
  await group(namespace, counts(1, 0, 1), 'the group counts it as failed')
  await rig.apply(aGroup(namespace, { work_mem: '8MB' }))
  await rig.until(instances, { namespace, name: 'wary' }, said('Applied'), 'it has other settings')

  rig.node.play('unable', { refuses: 'max_wal_size' })
  await rig.apply(grouped(namespace, 'unable'))
  const failed = await rig.until(instances, { namespace, name: 'unable' }, readyReason('EngineStartFailed'), 'it does not start')
  expect(failed.status).toMatchObject({ phase: 'ERROR', operatingStatus: 'FAILED' })
  expect(failed.status).not.toHaveProperty('configuration')
  rig.node.play('unable', {})
  await rig.until(instances, { namespace, name: 'unable' }, said('Applied'), 'it starts with what is asked for')
})

test('RestartRequired: what a running engine cannot take waits, is counted, and is in force after a restart', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(aGroup(namespace, {}), grouped(namespace, 'later'))
  await group(namespace, counts(1, 1, 0), 'it runs with it')
  await rig.apply(aGroup(namespace, { max_connections: 50, work_mem: '8MB' }))
  const waits = await rig.until(instances, { namespace, name: 'later' }, i => i?.status?.phase === 'RESTART_REQUIRED', 'it waits')
  expect(waits.status?.configuration?.restartRequired).toEqual(['max_connections'])
  await group(namespace, g => counts(1, 0, 0)(g) && g?.status?.instances?.restartRequired === 1, 'the group counts it as waiting')
  const restart = JSON.stringify({ spec: { restartRequestedAt: '2026-01-01T00:00:00Z' } })
  await rig.kubectl(['patch', 'instances.trove.dev', 'later', '-n', namespace, '--type=merge', '-p', restart])
  await rig.until(instances, { namespace, name: 'later' }, said('Applied'), 'it is in force')
  await group(namespace, counts(1, 1, 0), 'the group counts it as applied')
})
