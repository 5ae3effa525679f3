/** Another version for a running Instance, with the operator and the API server as they are, and the node and its agents played. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Instance } from '../../../src/api/instance.ts'
import { persistentvolumeclaims, pods } from '../../../src/kube/resource.ts'
import { guestName } from '../../../src/operator/names.ts'
import { datastoreversions } from '../../../src/operator/resources.ts'
import {
  anInstance,
  aUser,
  clusterWide,
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
  await rig.startOperator()
})
afterAll(() => rig?.stop())

/** A Datastore of versions 17 and 17.2, where the second takes over the first, and an Instance of the first. */
async function ofTwoVersions(name: string): Promise<{ namespace: string; ref: { namespace: string; name: string }; first: string }> {
  const namespace = await rig.newNamespace()
  const version = (v: string, spec: object = {}) =>
    clusterWide('DatastoreVersion', `${name}-${v}`, { datastoreRef: { name }, version: v, image: `${name}:${v}`, ...spec })
  await rig.apply(clusterWide('Datastore', name, { engine: 'postgresql', defaultVersion: '17' }), version('17'))
  await rig.apply(version('17.2', { upgradeFrom: ['17'] }), version('17.1'), version('15', { upgradeFrom: ['17'] }))
  await rig.until(datastoreversions, { name: `${name}-15` }, readyReason('DowngradeImpossible'), 'a step that cannot be is told')
  await rig.apply(anInstance(namespace, name, { datastore: { type: name } }), aUser(namespace, 'app', name))
  const instance = await rig.until(instances, { namespace, name }, isActive, `${name} is ACTIVE`)
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  const ref = { namespace: guestsNamespace, name: guestName(instance) }
  return { namespace, ref, first: (await rig.client.get(pods, ref, { signal })).metadata.uid }
}
const stateVersion = (namespace: string, name: string, version: string | null) =>
  rig.kubectl([
    'patch',
    'instances.trove.dev',
    name,
    '-n',
    namespace,
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { datastore: { version } } }),
  ])
const hasVersion = (version: string) => (i: Instance | undefined) => isActive(i) && i?.status?.datastore?.version === version

test('another version replaces the pod once: version, image and records move together, and both versions are in use meanwhile', async () => {
  const { namespace, ref, first } = await ofTwoVersions('newer')
  rig.node.play(ref.name, { waiting: { reason: 'ContainerCreating', message: '', image: 'newer:17.2' } })
  await stateVersion(namespace, 'newer', '17.2')
  const between = await rig.until(
    instances,
    { namespace, name: 'newer' },
    i => i?.status?.phase === 'UPGRADE' && i.status.datastore?.upgradingTo === '17.2',
    'UPGRADE',
  )
  expect(between.status?.datastore?.version).toBe('17')
  const users = (v: string, n: number) =>
    rig.until(datastoreversions, { name: `newer-${v}` }, d => d?.status?.users === n, `${v} has ${n} users`)
  await Promise.all([users('17', 1), users('17.2', 1)])
  await rig.until(guests, ref, g => g?.spec.version === '17.2', 'the Guest is moved')
  expect((await rig.client.get(guests, ref, { signal })).spec).toMatchObject({ upgradeFrom: '17', image: 'newer:17.2' })
  await rig.kubectl(['delete', 'datastoreversions.trove.dev', 'newer-17.2', 'newer-17', '--wait=false'])
  await rig.until(datastoreversions, { name: 'newer-17.2' }, readyReason('InUse'), 'the new one is held')
  await rig.until(datastoreversions, { name: 'newer-17' }, readyReason('InUse'), 'the old one is held')

  rig.node.play(ref.name, {})
  await rig.until(instances, { namespace, name: 'newer' }, hasVersion('17.2'), 'ACTIVE with the new version')
  await rig.until(datastoreversions, { name: 'newer-17' }, found => found === undefined, 'the old one may go')
  await rig.until(datastoreversions, { name: 'newer-17.2' }, d => d?.status?.users === 1, 'the new one is used')
  const guest = await rig.client.get(guests, ref, { signal })
  expect(guest.spec.version).toBe('17.2')
  expect(guest.spec).not.toHaveProperty('upgradeFrom')
  const claim = await rig.until(
    persistentvolumeclaims,
    ref,
    c => c?.metadata.annotations?.['trove.dev/upgrade-from'] === '',
    'the claim has the record',
  )
  expect(claim.metadata.annotations).toMatchObject({ 'trove.dev/version': '17.2', 'trove.dev/image': 'newer:17.2' })
  const pod = await rig.client.get(pods, ref, { signal })
  expect(pod.metadata.uid).not.toBe(first)
  expect(pod.spec?.containers[0]?.image).toBe('newer:17.2')
  expect(rig.node.starts('newer')).toBe(2)
})

test('a version that may not come is told, the database runs on untouched, and stating the old one heals it', async () => {
  const { namespace, ref, first } = await ofTwoVersions('refused')
  for (const [version, code] of [
    ['17.1', 'VersionChangeNotAllowed'],
    ['15', 'DowngradeImpossible'],
    ['18', 'DatastoreVersionNotFound'],
  ] as const) {
    await stateVersion(namespace, 'refused', version)
    const told = await rig.until(instances, { namespace, name: 'refused' }, readyReason(code), code)
    expect(told.status).toMatchObject({ phase: 'ACTIVE', operatingStatus: 'HEALTHY', datastore: { version: '17' } })
  }
  await rig.apply(
    clusterWide('DatastoreVersion', 'refused-18', { datastoreRef: { name: 'refused' }, version: '18', image: 'x', upgradeFrom: ['17'] }),
  )
  const impossible = await rig.until(instances, { namespace, name: 'refused' }, readyReason('UpgradeImpossible'), 'UpgradeImpossible')
  expect(impossible.status?.conditions?.find(c => c.type === 'Stalled')?.message).toContain('pg_upgrade')
  await stateVersion(namespace, 'refused', null)
  await rig.until(instances, { namespace, name: 'refused' }, isActive, 'it is as before')
  expect((await rig.client.get(pods, ref, { signal })).metadata.uid).toBe(first)
})

test('until the new engine has touched the data there is a way back, and then there is none', async () => {
  const { namespace, ref } = await ofTwoVersions('back')
  rig.node.play(ref.name, { waiting: { reason: 'ErrImagePull', message: 'no such tag', image: 'back:17.2' } })
  await stateVersion(namespace, 'back', '17.2')
  await rig.until(instances, { namespace, name: 'back' }, readyReason('ImagePullFailed'), 'the image cannot be pulled')
  await stateVersion(namespace, 'back', '17')
  await rig.until(guests, ref, g => g?.spec.version === '17' && g.spec.upgradeFrom === undefined, 'the Guest goes back')
  rig.node.play(ref.name, {})
  await rig.until(instances, { namespace, name: 'back' }, hasVersion('17'), 'ACTIVE with the old version')

  await stateVersion(namespace, 'back', '17.2')
  await rig.until(instances, { namespace, name: 'back' }, hasVersion('17.2'), 'ACTIVE with the new version')
  await stateVersion(namespace, 'back', '17')
  await rig.until(instances, { namespace, name: 'back' }, readyReason('DowngradeImpossible'), 'no way back')
  expect((await rig.client.get(guests, ref, { signal })).spec.version).toBe('17.2')
})

test('a Guest that is lost in the middle of a change comes back for both versions, and the change goes on', async () => {
  const { namespace, ref } = await ofTwoVersions('lostmid')
  rig.node.play(ref.name, { waiting: { reason: 'ContainerCreating', message: '', image: 'lostmid:17.2' } })
  await stateVersion(namespace, 'lostmid', '17.2')
  const guest = await rig.until(guests, ref, g => g?.spec.version === '17.2', 'the Guest is moved')
  await rig.kubectl(['delete', 'guests.trove.dev', ref.name, '-n', guestsNamespace, '--wait=false'])
  await rig.kubectl(['delete', 'pod', ref.name, '-n', guestsNamespace, '--wait=false'])
  const again = await rig.until(guests, ref, g => g !== undefined && g.metadata.uid !== guest.metadata.uid, 'another Guest')
  expect(again.spec).toMatchObject({ version: '17.2', upgradeFrom: '17', image: 'lostmid:17.2' })
  rig.node.play(ref.name, {})
  await rig.until(instances, { namespace, name: 'lostmid' }, hasVersion('17.2'), 'ACTIVE with the new version')
})
