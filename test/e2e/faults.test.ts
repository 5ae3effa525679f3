/** Each test provokes a cause on the real cluster and finds the fault's code, in the condition, in plain words, within 10 s of the cluster knowing it; then takes the cause away. */
import { expect, onTestFinished, test } from 'vitest'
import { clientImage } from './client.ts'
import { onNode, volumeOf, volumePath } from './node.ts'
import { datastoreVersion, instance } from './objects.ts'
import { imageWithoutShell } from './setup.ts'
import {
  apply,
  becomes,
  cluster,
  condition,
  get,
  guestOf,
  kubectl,
  listAll,
  maybe,
  type Obj,
  ready,
  refused,
  tenant,
  tryKubectl,
  until,
} from './world.ts'

const removeAfterwards = (...args: string[]) =>
  onTestFinished(async () => {
    await tryKubectl(['delete', ...args, '--ignore-not-found', '--wait=false'])
  })

/** Once the cluster itself knows the cause, which takes as long as it takes, the Instance names it within 10 s. */
async function named(ns: string, type: string, code: string, known: () => Promise<unknown>): Promise<Obj> {
  await until(`the cluster knows what becomes ${code}`, async () => Boolean(await known()), 120_000, 100)
  return becomes('instance', 'db', ns, type, code, 10_000)
}

/** The cause as the guest's agent has reported it. */
const agentSays = (guest: string, code: string) => async () =>
  (await maybe('guests.trove.dev', guest, 'trove-guests'))?.status?.fault?.code === code

/** The scheduler has said that no node takes the pod. */
const schedulerSays = (guest: string) => async () =>
  condition(await maybe('pod', guest, 'trove-guests'), 'PodScheduled')?.status === 'False'

/** The provisioner has said that it does not make the volume. */
const provisionerSays = (guest: string) => async () =>
  (await kubectl(`get events -n trove-guests -o name --field-selector involvedObject.name=${guest},reason=ProvisioningFailed`)) !== ''

/** Why the kubelet cannot run the database's container is one of these. */
const kubeletSays =
  (guest: string, ...reasons: string[]) =>
  async () => {
    const status = (await maybe('pod', guest, 'trove-guests'))?.status?.containerStatuses?.[0]
    return [status?.state?.waiting, status?.state?.terminated].some(s => reasons.includes(s?.reason))
  }

test.each([
  ['an unknown datastore', { datastore: { type: 'nosuch' } }, 'DatastoreNotFound'],
  ['an unknown version', { datastore: { type: 'postgresql', version: '9.9' } }, 'DatastoreVersionNotFound'],
  ['an unknown flavor', { flavorRef: { name: 'nosuch' } }, 'FlavorNotFound'],
])('%s is a condition that names it', async (_, spec, code) => {
  const { ns } = await tenant('reference')
  await apply(instance('db', ns, spec))
  const db = await becomes('instance', 'db', ns, 'Ready', code, 10_000)
  expect(db.status.phase).toBe('BUILD')
  expect(condition(db, 'Ready')).toMatchObject({ status: 'False', reason: code })
  // Said at once, and waited for a few seconds before nothing is expected any more.
  await becomes('instance', 'db', ns, 'Stalled', code, 20_000)
  expect(await listAll('pods', 'trove-guests', `trove.dev/tenant=${ns}`)).toEqual([])
})

test('a flavor that appears later heals the Instance by itself', async () => {
  const { ns } = await tenant('later')
  const name = `late-${ns}`
  removeAfterwards('flavor', name)
  await apply(instance('db', ns, { flavorRef: { name } }))
  await becomes('instance', 'db', ns, 'Stalled', 'FlavorNotFound', 20_000)
  await apply({ apiVersion: 'trove.dev/v1alpha1', kind: 'Flavor', metadata: { name }, spec: { cpu: '100m', memory: '256Mi' } })
  await ready('db', ns)
  await kubectl(['delete', 'instance', 'db', '-n', ns])
})

test('an inactive version takes no new Instance', async () => {
  const { ns } = await tenant('inactive')
  const version = `i${Date.now().toString(36)}`
  removeAfterwards('datastoreversion', version)
  await apply(
    datastoreVersion(version, version, 'trove.local/postgres:17', { active: false }),
    instance('db', ns, { datastore: { type: 'postgresql', version } }),
  )
  await becomes('instance', 'db', ns, 'Stalled', 'DatastoreVersionInactive', 10_000)
})

test('what is wrong in itself is refused at apply, with what to do', async () => {
  const { ns } = await tenant('refused')
  expect(await refused(instance('a.b', ns))).toContain('metadata.name')
  expect(await refused(instance('x'.repeat(51), ns))).toContain('may not be more than 50')
  for (const size of ['0', '-1Gi', 'much'])
    expect(await refused(instance('db', ns, { volume: { size } }))).toContain('must be a quantity greater than 0')
  await apply(instance('db', ns, { flavorRef: { name: 'nosuch' } }))
  expect(await refused(instance('db', ns, { flavorRef: { name: 'nosuch' }, volume: { size: '500Mi' } }))).toContain(
    'not go from 1Gi to 500Mi',
  )
  expect(await refused(instance('db', ns, { flavorRef: { name: 'small' } }))).toContain('FieldImmutable')
  expect(await refused(instance('db2', ns, { access: { allowedCidrs: ['everywhere'] } }))).toContain('must be a network')
})

test('an image that cannot be pulled is named, and a restart takes up a right one', async () => {
  const { ns } = await tenant('pull')
  const version = `p${Date.now().toString(36)}`
  removeAfterwards('datastoreversion', version)
  await apply(
    datastoreVersion(version, version, 'trove.local/nosuch:1'),
    instance('db', ns, { datastore: { type: 'postgresql', version } }),
  )
  const guest = await guestOf('db', ns)
  const db = await named(ns, 'Reconciling', 'ImagePullFailed', kubeletSays(guest, 'ErrImagePull', 'ImagePullBackOff'))
  expect(condition(db, 'PodRunning')).toMatchObject({ status: 'False', reason: 'ImagePullFailed' })
  expect(condition(db, 'Ready')?.message).toContain('trove.local/nosuch:1')
  await apply(datastoreVersion(version, version, await clientImage()))
  await becomes('instance', 'db', ns, 'RestartPending', 'True')
  await apply(instance('db', ns, { datastore: { type: 'postgresql', version }, restartRequestedAt: new Date().toISOString() }))
  await ready('db', ns)
})

test('an image that lacks a tool is named, with the tools', async () => {
  const { ns } = await tenant('unsuitable')
  const version = `u${Date.now().toString(36)}`
  removeAfterwards('datastoreversion', version)
  await apply(
    datastoreVersion(version, version, 'trove.local/unsuitable:1'),
    instance('db', ns, { datastore: { type: 'postgresql', version } }),
  )
  const db = await named(ns, 'Ready', 'ImageUnsuitable', agentSays(await guestOf('db', ns), 'ImageUnsuitable'))
  expect(condition(db, 'Ready')?.message).toContain('flock')
  expect(db.status.fault.code).toBe('ImageUnsuitable')
})

test('an image without a shell is named', async () => {
  const { ns } = await tenant('noshell')
  const version = `n${Date.now().toString(36)}`
  removeAfterwards('datastoreversion', version)
  const image = imageWithoutShell(await cluster())
  await apply(datastoreVersion(version, version, image), instance('db', ns, { datastore: { type: 'postgresql', version } }))
  const cannotStart = kubeletSays(await guestOf('db', ns), 'StartError', 'RunContainerError', 'CreateContainerError', 'CrashLoopBackOff')
  const db = await named(ns, 'Ready', 'ImageUnsuitable', cannotStart)
  expect(condition(db, 'Ready')?.message).toContain(`image "${image}" lacks sh`)
  expect(db.status.fault.code).toBe('ImageUnsuitable')
})

test('a pod that no node takes is named with the scheduler’s words', async () => {
  const { ns } = await tenant('giant')
  const name = `giant-${ns}`
  removeAfterwards('flavor', name)
  await apply(
    { apiVersion: 'trove.dev/v1alpha1', kind: 'Flavor', metadata: { name }, spec: { cpu: '1000', memory: '256Mi' } },
    instance('db', ns, { flavorRef: { name } }),
  )
  const db = await named(ns, 'Ready', 'PodUnschedulable', schedulerSays(await guestOf('db', ns)))
  expect(condition(db, 'Ready')?.message).toContain('Insufficient cpu')
  await kubectl(['delete', 'instance', 'db', '-n', ns])
})

test('a volume that cannot be bound is named', async () => {
  const { ns } = await tenant('unbound')
  await apply(instance('db', ns, { volume: { size: '1Gi', storageClassName: 'nosuch' } }))
  const db = await named(ns, 'Ready', 'VolumeUnbound', schedulerSays(await guestOf('db', ns)))
  expect(condition(db, 'VolumeBound')).toMatchObject({ status: 'False', reason: 'VolumeUnbound' })
  expect(condition(db, 'Ready')?.message).toContain('nosuch')
})

test('a volume that its provisioner does not make is named, with the provisioner’s reason', async () => {
  const { ns } = await tenant('unprovided')
  const name = `nowhere-${ns}`
  removeAfterwards('storageclass', name)
  await apply(
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name },
      provisioner: 'rancher.io/local-path',
      volumeBindingMode: 'WaitForFirstConsumer',
      parameters: { nodePath: '/not/configured' },
    },
    instance('db', ns, { volume: { size: '1Gi', storageClassName: name } }),
  )
  const db = await named(ns, 'Ready', 'VolumeUnbound', provisionerSays(await guestOf('db', ns)))
  expect(condition(db, 'VolumeBound')).toMatchObject({ status: 'False', reason: 'VolumeUnbound' })
  expect(condition(db, 'Ready')?.message).toContain('/not/configured')
})

test('a volume that cannot be written is named, and heals once it can be', async () => {
  const { ns } = await tenant('unwritable')
  const path = await volumeOf(
    `unwritable-${ns}`,
    'hostPath',
    p => `chown 0:0 ${p} && chmod 0755 ${p}`,
    p => `rm -rf ${p}`,
  )
  await apply(instance('db', ns, { volume: { size: '1Gi', storageClassName: `unwritable-${ns}` } }))
  await named(ns, 'Ready', 'VolumeNotWritable', agentSays(await guestOf('db', ns), 'VolumeNotWritable'))
  await onNode(`chmod 0777 ${path}`)
  await ready('db', ns)
})

test('a full volume is named, and heals once there is room', async () => {
  const { ns } = await tenant('full')
  const path = await volumeOf(
    `full-${ns}`,
    'local',
    p => `mount -t tmpfs -o size=128m tmpfs ${p}`,
    p => `umount -l ${p}; rm -rf ${p}`,
  )
  await apply(instance('db', ns, { volume: { size: '1Gi', storageClassName: `full-${ns}` } }))
  await ready('db', ns)
  const guest = await guestOf('db', ns)
  await onNode(`dd if=/dev/zero of=${path}/filler bs=1M 2>/dev/null; true`)
  await kubectl(['delete', 'pod', guest, '-n', 'trove-guests'])
  const db = await named(ns, 'Ready', 'VolumeFull', agentSays(guest, 'VolumeFull'))
  expect(db.status.fault.code).toBe('VolumeFull')
  await onNode(`rm ${path}/filler`)
  await ready('db', ns, 150_000)
})

test('a lost volume is never made anew', async () => {
  const { ns } = await tenant('lost')
  await apply(instance('db', ns))
  await ready('db', ns)
  const guest = await guestOf('db', ns)
  await kubectl(['delete', 'pvc', guest, '-n', 'trove-guests', '--wait=false'])
  await kubectl(['delete', 'pod', guest, '-n', 'trove-guests'])
  const db = await named(ns, 'Stalled', 'VolumeLost', async () => (await maybe('pvc', guest, 'trove-guests')) === undefined)
  expect(db.status).toMatchObject({ phase: 'ERROR', fault: { code: 'VolumeLost' } })
  await new Promise(resolve => setTimeout(resolve, 5_000))
  expect(await maybe('pvc', guest, 'trove-guests')).toBeUndefined()
  await kubectl(['delete', 'instance', 'db', '-n', ns, '--timeout=60s'])
})

test('a volume whose content was replaced is lost too, and nothing is initialised over it', async () => {
  const { ns } = await tenant('emptied')
  await apply(instance('db', ns))
  await ready('db', ns)
  const guest = await guestOf('db', ns)
  const path = await volumePath(guest)
  await onNode(`mv ${path}/postgresql ${path}/elsewhere`)
  await kubectl(['delete', 'pod', guest, '-n', 'trove-guests'])
  await named(ns, 'Stalled', 'VolumeLost', agentSays(guest, 'VolumeLost'))
  expect(await onNode(`ls -A ${path}`)).not.toContain('postgresql')
  await onNode(`mv ${path}/elsewhere ${path}/postgresql`)
  await ready('db', ns)
})

test('a volume of another version is not started', async () => {
  const { ns } = await tenant('marker')
  await apply(instance('db', ns))
  await ready('db', ns)
  const guest = await guestOf('db', ns)
  const marker = `${await volumePath(guest)}/postgresql/marker`
  await onNode(`cp ${marker} ${marker}.good && sed -i 's/"version":"17"/"version":"16"/' ${marker} && ! cmp -s ${marker} ${marker}.good`)
  await kubectl(['delete', 'pod', guest, '-n', 'trove-guests'])
  await named(ns, 'Ready', 'DataVersionMismatch', agentSays(guest, 'DataVersionMismatch'))
  await onNode(`mv ${marker}.good ${marker}`)
  await ready('db', ns)
})

test('an engine that does not start is named with its own last words', async () => {
  const { ns } = await tenant('start')
  await apply(instance('db', ns))
  await ready('db', ns)
  const guest = await guestOf('db', ns)
  const control = `${await volumePath(guest)}/postgresql/data/global/pg_control`
  await onNode(`mv ${control} ${control}.away`)
  await kubectl(['delete', 'pod', guest, '-n', 'trove-guests'])
  const db = await named(ns, 'Ready', 'EngineStartFailed', agentSays(guest, 'EngineStartFailed'))
  expect(db.status.operatingStatus).toBe('FAILED')
  await until(
    'the engine’s words are in the fault',
    async () => (await get('instance', 'db', ns)).status.fault?.message.includes('pg_control'),
    20_000,
  )
  await onNode(`mv ${control}.away ${control}`)
  await ready('db', ns, 150_000)
})

test('a volume that the StorageClass cannot grow says so, and the database runs on', async () => {
  const { ns } = await tenant('grow')
  await apply(instance('db', ns))
  await ready('db', ns)
  await apply(instance('db', ns, { volume: { size: '2Gi' } }))
  const db = await becomes('instance', 'db', ns, 'VolumeBound', 'VolumeNotExpandable', 10_000)
  expect(db.status.phase).toBe('ACTIVE')
  await apply(instance('db', ns))
  await becomes('instance', 'db', ns, 'VolumeBound', 'Bound', 10_000)
})
