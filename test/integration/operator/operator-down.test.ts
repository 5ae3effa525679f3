/** The operator dies, is away, comes back, and at rest does nothing: it has no memory, and needs none. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Instance } from '../../../src/api/instance.ts'
import { pods, secrets } from '../../../src/kube/resource.ts'
import { guestName } from '../../../src/operator/names.ts'
import {
  aDatabase,
  anInstance,
  aUser,
  databaseusers,
  guests,
  guestsNamespace,
  instances,
  isActive,
  openRig,
  type Rig,
  readyReason,
  signal,
} from './rig.ts'

let rig: Rig
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig?.stop())

const active = (namespace: string, name: string): Promise<Instance> =>
  rig.until(instances, { namespace, name }, isActive, `${name} is ACTIVE`)
const sideOf = (instance: Instance) => ({ namespace: guestsNamespace, name: guestName(instance) })

test('killed at any moment of provisioning it carries on, and no password is made twice', async () => {
  const namespace = await rig.newNamespace()
  const names = ['a', 'b', 'c']
  for (const name of names)
    await rig.apply(anInstance(namespace, name), aDatabase(namespace, `d${name}`, name), aUser(namespace, `u${name}`, name))
  // From before its first write to somewhere in the middle; what each start gets done is left to chance.
  for (const ms of [450, 550, 600, 650, 700, 750, 800, 900]) {
    await rig.startOperator()
    await pause(ms)
    await rig.killOperator()
  }
  await rig.startOperator()
  for (const name of names) {
    const instance = await active(namespace, name)
    const user = await rig.until(databaseusers, { namespace, name: `u${name}` }, readyReason('Ready'), 'the user is Ready')
    const kept = await rig.client.get(secrets, sideOf(instance), { signal })
    const binding = await rig.client.get(secrets, { namespace, name: `u${name}-credentials` }, { signal })
    expect(Object.entries(kept.data ?? {})).toEqual([[`${user.metadata.uid.slice(0, 8)}-1`, binding.data?.password]])
    expect(rig.node.starts(`${name}-`)).toBe(1)
  }
})

test('killed in the middle of a deletion it carries on', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'ending'), aUser(namespace, 'app', 'ending'))
  await active(namespace, 'ending')
  rig.node.play('ending', { stays: true })
  await rig.kubectl(['delete', 'instance', 'ending', '-n', namespace, '--wait=false'])
  await rig.until(instances, { namespace, name: 'ending' }, i => i?.status?.phase === 'SHUTDOWN', 'it is ending')
  await rig.killOperator()
  rig.node.play('ending', {})
  await pause(300)
  await rig.startOperator()
  await rig.until(instances, { namespace, name: 'ending' }, found => found === undefined, 'it is gone')
  await rig.untilEmpty('ending')
})

test('at rest it writes nothing at all, and a restart of it writes nothing either', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'idle'), aDatabase(namespace, 'd', 'idle'), aUser(namespace, 'u', 'idle'))
  await active(namespace, 'idle')
  await rig.until(databaseusers, { namespace, name: 'u' }, readyReason('Ready'), 'the user is Ready')
  await pause(1500)
  const before = (await rig.writes()).length
  await rig.kubectl(['delete', 'service', 'idle', '-n', namespace])
  await pause(1500)
  const counted = (await rig.writes()).slice(before)
  expect(counted).toContain(`create services ${namespace}/idle`)
  // Long enough for several readings of the binding Secret, which are set to two seconds here.
  await pause(6000)
  await rig.killOperator()
  await rig.startOperator()
  await pause(4000)
  expect((await rig.writes()).slice(before + counted.length)).toEqual([])
})

test('what bears our name but another Instance’s UID is not adopted', async () => {
  const namespace = await rig.newNamespace()
  await rig.killOperator()
  await rig.apply(anInstance(namespace, 'colliding'))
  const instance = await rig.client.get(instances, { namespace, name: 'colliding' }, { signal })
  const { name } = sideOf(instance)
  const labels = { 'trove.dev/instance-uid': 'another' }
  await rig.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: guestsNamespace, labels }, stringData: { k: 'v' } })
  await rig.startOperator()
  await rig.until(instances, { namespace, name: 'colliding' }, readyReason('NameCollision'), 'the collision is said')
  expect(await rig.left('colliding')).toEqual([])
  await rig.kubectl(['delete', 'instance', 'colliding', '-n', namespace, '--timeout=10s'])
  expect(await rig.client.get(secrets, { name, namespace: guestsNamespace }, { signal })).toBeDefined()
})

test('a namespace that is ending takes nothing new, and that is said', async () => {
  const namespace = await rig.newNamespace()
  await rig.killOperator()
  await rig.apply(anInstance(namespace, 'late'))
  await rig.kubectl(['delete', 'namespace', namespace, '--wait=false'])
  await rig.startOperator()
  await rig.until(instances, { namespace, name: 'late' }, readyReason('NamespaceTerminating'), 'it is said')
  await rig.kubectl(['delete', 'instance', 'late', '-n', namespace, '--timeout=20s'])
  await rig.untilEmpty('late')
})

test('OrphanedGuest: a Guest whose Instance vanished has its pod stopped and its data kept', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'orphaned'), aUser(namespace, 'app', 'orphaned'))
  const instance = await active(namespace, 'orphaned')
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  await rig.killOperator()
  await rig.kubectl(['delete', 'instance', 'orphaned', '-n', namespace, '--wait=false'])
  const asAdmin = ['--as=somebody', '--as-group=trove:admins', '--as-group=system:masters']
  await rig.kubectl([
    'patch',
    'instance',
    'orphaned',
    '-n',
    namespace,
    '--type=merge',
    '-p',
    '{"metadata":{"finalizers":null}}',
    ...asAdmin,
  ])
  await rig.until(instances, { namespace, name: 'orphaned' }, found => found === undefined, 'it vanished')
  await rig.startOperator()
  await rig.until(pods, sideOf(instance), found => found === undefined, 'the pod is stopped')
  await pause(1000)
  const left = await rig.left('orphaned')
  const { name } = sideOf(instance)
  expect(left).toEqual(expect.arrayContaining([`Guest/${name}`, `PersistentVolumeClaim/${name}`, `Secret/${name}`]))
  expect(left).not.toContain(`Pod/${name}`)
})

test('an agent that says nothing is GuestSilent, and a pod on a dead node is NodeLost and is not replaced', {
  timeout: 180_000,
}, async () => {
  const namespace = await rig.newNamespace()
  rig.node.play('mute', { silent: true })
  rig.node.play('stranded', { node: 'lost' })
  await rig.apply(anInstance(namespace, 'mute'), anInstance(namespace, 'stranded'))
  const stranded = await active(namespace, 'stranded')
  rig.node.play('stranded', { node: 'lost', stays: true })
  await rig.kubectl(['delete', 'pod', guestName(stranded), '-n', guestsNamespace, '--wait=false'])
  const said = await rig.until(instances, { namespace, name: 'stranded' }, readyReason('NodeLost'), 'the node is lost', 90_000)
  expect(said.status?.phase).toBe('REBOOT')
  const mute = await rig.until(instances, { namespace, name: 'mute' }, readyReason('GuestSilent'), 'the guest is silent', 90_000)
  expect(mute.status).toMatchObject({ operatingStatus: 'UNKNOWN', fault: { code: 'GuestSilent' } })
  expect((await rig.client.get(pods, sideOf(stranded), { signal })).metadata.deletionTimestamp).toBeDefined()
  rig.node.play('mute', {})
  rig.node.play('stranded', {})
  await active(namespace, 'mute')
  await active(namespace, 'stranded')
  expect((await rig.client.get(guests, sideOf(stranded), { signal })).spec.volume.claimUID).toBeDefined()
})
