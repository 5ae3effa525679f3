/** What stands in the way: names taken, references that are wrong, things lost or deleted by others. Each says its code, and nothing foreign is touched. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Instance } from '../../../src/api/instance.ts'
import { persistentvolumeclaims, pods, secrets, services } from '../../../src/kube/resource.ts'
import { guestName } from '../../../src/operator/names.ts'
import { datastoreversions, flavors } from '../../../src/operator/resources.ts'
import { pulledDigest } from './fake-node.ts'
import {
  aDatabase,
  anInstance,
  aUser,
  clusterWide,
  conditionIs,
  databases,
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

const active = (namespace: string, name: string): Promise<Instance> =>
  rig.until(instances, { namespace, name }, isActive, `${name} is ACTIVE`)
const says = (namespace: string, name: string, code: string, ms?: number): Promise<Instance> =>
  rig.until(instances, { namespace, name }, readyReason(code), `${name} says ${code}`, ms)
const sideOf = (instance: Instance) => ({ namespace: guestsNamespace, name: guestName(instance) })
const remove = (kind: string, namespace: string, name: string) =>
  rig.kubectl(['delete', kind, name, '-n', namespace, '--ignore-not-found', '--timeout=20s'])

test.each([
  ['DatastoreNotFound', { datastore: { type: 'nosuch' } }],
  ['DatastoreVersionNotFound', { datastore: { type: 'postgresql', version: '9.6' } }],
  ['FlavorNotFound', { flavorRef: { name: 'nosuch' } }],
  ['NoDefaultVersion', { datastore: { type: 'picky' } }],
  ['DatastoreVersionInactive', { datastore: { type: 'picky', version: '1' } }],
  ['FlavorNotAllowed', { datastore: { type: 'picky', version: '2' } }],
  ['FlavorTooSmall', { flavorRef: { name: 'dwarf' } }],
  ['VolumeTooLarge', { datastore: { type: 'picky', version: '3' }, volume: { size: '3Gi' } }],
])('%s is said, and nothing is provisioned', async (code, spec) => {
  const picky = (version: string, more: object) =>
    clusterWide('DatastoreVersion', `picky-${version}`, { datastoreRef: { name: 'picky' }, version, image: 'x', ...more })
  await rig.apply(
    clusterWide('Datastore', 'picky', { engine: 'postgresql' }),
    picky('1', { active: false }),
    picky('2', { allowedFlavors: ['medium'] }),
    picky('3', { maxVolumeSize: '2Gi' }),
    clusterWide('Flavor', 'dwarf', { cpu: '10m', memory: '1Mi' }),
  )
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'wrong', spec))
  const instance = await says(namespace, 'wrong', code)
  expect(instance.status).toMatchObject({ phase: 'BUILD', fault: { code } })
  // What may yet come is waited for a few seconds.
  await rig.until(instances, { namespace, name: 'wrong' }, conditionIs('Stalled', 'True', code), `it is Stalled by ${code}`)
  expect(await rig.left('wrong')).toEqual([])
  await remove('instances.trove.dev', namespace, 'wrong')
})

test('of two DatastoreVersions that claim one version the younger is Stalled', async () => {
  await rig.apply(clusterWide('Datastore', 'twice', { engine: 'postgresql' }))
  const twin = (name: string) => clusterWide('DatastoreVersion', name, { datastoreRef: { name: 'twice' }, version: '1', image: 'x' })
  await rig.apply(twin('twice-a'))
  await pause(1100)
  await rig.apply(twin('twice-b'))
  await rig.until(datastoreversions, { name: 'twice-b' }, readyReason('DatastoreVersionAmbiguous'), 'the younger is Stalled')
  await rig.until(datastoreversions, { name: 'twice-a' }, readyReason('Available'), 'the older is in force')
})

test('a foreign Service of our name is not touched, and its going heals', async () => {
  const namespace = await rig.newNamespace()
  const foreign = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'taken', namespace },
    spec: { type: 'ExternalName', externalName: 'elsewhere.example' },
  }
  await rig.apply(foreign)
  await rig.apply(anInstance(namespace, 'taken'))
  await says(namespace, 'taken', 'NameTaken')
  const untouched = await rig.client.get(services, { namespace, name: 'taken' }, { signal })
  expect(untouched).toMatchObject({ spec: { externalName: 'elsewhere.example' } })
  expect(untouched.metadata.labels).toBeUndefined()
  await remove('service', namespace, 'taken')
  await active(namespace, 'taken')
})

test('a Service that its tenant led elsewhere is no longer ours, and one that it deleted returns at once', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'led'))
  await active(namespace, 'led')
  await remove('service', namespace, 'led')
  await rig.until(services, { namespace, name: 'led' }, found => found !== undefined, 'the Service returns', 3000)
  await active(namespace, 'led')
  await rig.kubectl(['patch', 'service', 'led', '-n', namespace, '-p', '{"spec":{"externalName":"elsewhere.example"}}'])
  await says(namespace, 'led', 'NameTaken')
  // It does not stand in the way of the deletion either.
  await remove('instances.trove.dev', namespace, 'led')
  await rig.untilEmpty('led')
})

test('a foreign Secret is not touched, and a binding that is deleted or altered returns', async () => {
  const namespace = await rig.newNamespace()
  await rig.kubectl(['create', 'secret', 'generic', 'app-credentials', '-n', namespace, '--from-literal=mine=1'])
  await rig.apply(anInstance(namespace, 'bound'), aUser(namespace, 'app', 'bound'))
  const ref = { namespace, name: 'app-credentials' }
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('NameTaken'), 'the name is taken')
  expect((await rig.client.get(secrets, ref, { signal })).data).toEqual({ mine: 'MQ==' })
  await remove('secret', namespace, 'app-credentials')
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  const first = await rig.client.get(secrets, ref, { signal })
  await remove('secret', namespace, 'app-credentials')
  const second = await rig.until(secrets, ref, found => found !== undefined, 'the binding returns')
  expect(second.data).toEqual(first.data)
  await rig.kubectl(['patch', 'secret', 'app-credentials', '-n', namespace, '-p', '{"data":{"password":"eA==","more":"eA=="}}'])
  await rig.until(secrets, ref, found => JSON.stringify(found?.data) === JSON.stringify(first.data), 'the binding says the truth again')
})

test('a password changes when it is asked for and at no other time; one that is lost stays lost until then', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'rotating'), aUser(namespace, 'app', 'rotating'))
  const instance = await active(namespace, 'rotating')
  const user = { namespace, name: 'app' }
  const password = async () => (await rig.client.get(secrets, { namespace, name: 'app-credentials' }, { signal })).data?.password
  const bump = (passwordGeneration: number) =>
    rig.kubectl(['patch', 'databaseuser', 'app', '-n', namespace, '--type=merge', '-p', JSON.stringify({ spec: { passwordGeneration } })])
  await rig.until(databaseusers, user, readyReason('Ready'), 'the user is Ready')
  const first = await password()

  await bump(2)
  await rig.until(databaseusers, user, u => u?.status?.observedGeneration === 2 && readyReason('Ready')(u), 'the password was changed')
  const second = await password()
  expect(second).not.toBe(first)
  await rig.until(secrets, sideOf(instance), s => Object.keys(s?.data ?? {}).length === 1, 'the old password is forgotten')

  await rig.kubectl(['delete', 'secret', guestName(instance), '-n', guestsNamespace])
  await rig.until(databaseusers, user, readyReason('CredentialsLost'), 'the loss is said')
  expect(await password()).toBe(second)
  await bump(3)
  await rig.until(databaseusers, user, u => u?.status?.observedGeneration === 3 && readyReason('Ready')(u), 'there is a new password')
  expect(await password()).not.toBe(second)
})

test('Databases and users say what is wrong with them', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(aDatabase(namespace, 'lonely', 'nosuch'), anInstance(namespace, 'judging'), aDatabase(namespace, 'first', 'judging'))
  await active(namespace, 'judging')
  await rig.until(databases, { namespace, name: 'first' }, readyReason('Ready'), 'the first is Ready')
  await pause(1100)
  await rig.apply(
    aDatabase(namespace, 'second', 'judging', { name: 'first' }),
    aDatabase(namespace, 'reserved', 'judging', { name: 'template1' }),
    aDatabase(namespace, 'long', 'judging', { name: 'é'.repeat(30) }),
    aDatabase(namespace, 'ebcdic', 'judging', { characterSet: 'EBCDIC' }),
    aUser(namespace, 'reader', 'judging', { access: [{ database: 'absent', privilege: 'ReadOnly' }] }),
  )
  await rig.until(databases, { namespace, name: 'lonely' }, readyReason('InstanceNotFound'), 'no Instance')
  await rig.until(databases, { namespace, name: 'second' }, readyReason('NameTaken'), 'the name is taken')
  await rig.until(databases, { namespace, name: 'reserved' }, readyReason('IdentifierReserved'), 'the name is reserved')
  await rig.until(databases, { namespace, name: 'long' }, readyReason('IdentifierTooLong'), 'the name is too long')
  await rig.until(databases, { namespace, name: 'ebcdic' }, readyReason('CharacterSetUnknown'), 'the character set is unknown')
  await rig.until(databaseusers, { namespace, name: 'reader' }, readyReason('DatabaseNotFound'), 'no such database')
  await rig.apply(aDatabase(namespace, 'absent', 'judging'))
  await rig.until(databaseusers, { namespace, name: 'reader' }, readyReason('Ready'), 'the user heals')
  // The younger claim takes over once the older is gone.
  await remove('databases.trove.dev', namespace, 'first')
  await rig.until(databases, { namespace, name: 'second' }, readyReason('Ready'), 'the younger claim is in force')
  rig.node.play('judging', { failing: { second: { code: 'StatementFailed', message: 'no' } } })
  await rig.apply(aDatabase(namespace, 'third', 'judging', { name: 'second' }))
  await rig.until(databases, { namespace, name: 'third' }, readyReason('StatementFailed'), 'the engine’s refusal is passed on')
})

test('what is in use is held, its users are counted for all and named for the platform team', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(
    clusterWide('Flavor', 'held', { cpu: '100m', memory: '512Mi' }),
    anInstance(namespace, 'user', { flavorRef: { name: 'held' } }),
  )
  await active(namespace, 'user')
  await rig.until(flavors, { name: 'held' }, f => f?.status?.users === 1, 'it has one user')
  await rig.kubectl(['delete', 'flavor', 'held', '--wait=false'])
  const held = await rig.until(flavors, { name: 'held' }, conditionIs('InUse', 'True', 'InUse'), 'the deletion is held')
  const message = held.status?.conditions?.find(c => c.type === 'InUse')?.message ?? ''
  expect(message).toContain('--field-selector spec.flavorRef.name=held')
  expect(message).not.toContain(`${namespace}/user`)
  const events = () => rig.kubectl(['get', 'events.events.k8s.io', '-n', 'default', '-o', 'jsonpath={.items[*].note}'])
  await expect.poll(events, { timeout: 5000 }).toContain(`${namespace}/user`)
  // Nobody new takes up what is on its way out.
  await rig.apply(anInstance(namespace, 'late', { flavorRef: { name: 'held' } }))
  await says(namespace, 'late', 'FlavorNotFound')
  await remove('instances.trove.dev', namespace, 'user')
  await rig.until(flavors, { name: 'held' }, found => found === undefined, 'it goes with its last user')
})

test('a volume that is gone is lost: no new claim, no new pod, until the Instance is deleted', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'bereft'))
  const instance = await active(namespace, 'bereft')
  await rig.until(guests, sideOf(instance), g => g?.spec.volume.claimUID !== undefined, 'the claim is recorded')
  rig.node.play('bereft', { stays: true })
  await rig.kubectl(['delete', 'pvc', guestName(instance), '-n', guestsNamespace, '--wait=false'])
  await rig.kubectl(['delete', 'pod', guestName(instance), '-n', guestsNamespace, '--wait=false'])
  rig.node.play('bereft', {})
  const lost = await says(namespace, 'bereft', 'VolumeLost')
  expect(lost.status).toMatchObject({ phase: 'ERROR', fault: { code: 'VolumeLost' } })
  await pause(1000)
  expect((await rig.left('bereft')).filter(o => /^(Pod|PersistentVolumeClaim)\//.test(o))).toEqual([])
  await remove('instances.trove.dev', namespace, 'bereft')
  await rig.untilEmpty('bereft')
})

test('a pod that is deleted or evicted comes back on the same volume, with the very image that it had', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'back'))
  const instance = await active(namespace, 'back')
  const claim = await rig.client.get(persistentvolumeclaims, sideOf(instance), { signal })
  const first = await rig.client.get(pods, sideOf(instance), { signal })
  await rig.kubectl(['delete', 'pod', guestName(instance), '-n', guestsNamespace])
  const second = await rig.until(pods, sideOf(instance), p => p !== undefined && p.metadata.uid !== first.metadata.uid, 'another pod')
  await active(namespace, 'back')
  expect(first.spec?.containers[0]?.image).toBe('postgres:17')
  expect(second.spec?.containers[0]?.image).toBe(`postgres@${pulledDigest}`)
  const evicted = { type: 'merge' as const, body: { status: { phase: 'Failed', reason: 'Evicted' } } }
  await rig.client.patch(pods, sideOf(instance), evicted, { manager: 'test', subresource: 'status', signal })
  await rig.until(pods, sideOf(instance), p => p !== undefined && p.metadata.uid !== second.metadata.uid, 'a third pod')
  await active(namespace, 'back')
  expect((await rig.client.get(persistentvolumeclaims, sideOf(instance), { signal })).metadata.uid).toBe(claim.metadata.uid)
})

test.each([
  ['PodUnschedulable', { unscheduled: '0/1 nodes are available: 1 Insufficient memory.' }],
  [
    'VolumeInUse',
    { unscheduled: '0/1 nodes are available: 1 node has pod using PersistentVolumeClaim with ReadWriteOncePod access mode.' },
  ],
  ['VolumeUnbound', { unscheduled: '0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.' }],
  ['ImagePullFailed', { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x": ErrImagePull: not found' } }],
  ['ContainerFailed', { waiting: { reason: 'RunContainerError', message: 'cannot start' } }],
])('%s is said within ten seconds of the cluster knowing', async (code, part) => {
  const namespace = await rig.newNamespace()
  const name = code.toLowerCase()
  rig.node.play(name, part)
  await rig.apply(anInstance(namespace, name))
  const instance = await says(namespace, name, code, 10_000)
  expect(instance.status).toMatchObject({ phase: 'BUILD', fault: { code } })
  rig.node.play(name, {})
  await active(namespace, name)
})

test('what the agent reports is the Instance’s phase and fault, and a code that we do not have is not passed on', async () => {
  const namespace = await rig.newNamespace()
  const broken = (code: string) => ({ report: { operatingStatus: 'FAILED' as const, fault: { code, message: 'it\u0007 broke' } } })
  rig.node.play('ailing', broken('VolumeFull'))
  await rig.apply(anInstance(namespace, 'ailing'))
  const instance = await says(namespace, 'ailing', 'VolumeFull')
  expect(instance.status).toMatchObject({ phase: 'ERROR', operatingStatus: 'FAILED', fault: { code: 'VolumeFull', message: 'it broke' } })
  rig.node.play('ailing', broken('Pwned'))
  await says(namespace, 'ailing', 'Internal')
  rig.node.play('ailing', {})
  await active(namespace, 'ailing')
})

test('VolumeGrowthRefused: a quota that refuses a growth is told, and the database runs on', async () => {
  const namespace = await rig.newNamespace()
  const quota = { 'limited.storageclass.storage.k8s.io/requests.storage': '1Gi' }
  await rig.apply(
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'limited' },
      provisioner: 'test.dev/none',
      allowVolumeExpansion: true,
    },
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'limited', namespace: guestsNamespace }, spec: { hard: quota } },
  )
  // There is nobody here who counts what is used.
  const status = JSON.stringify({ status: { hard: quota, used: { [Object.keys(quota)[0]!]: '0' } } })
  const inQuota = ['resourcequota', 'limited', '-n', guestsNamespace]
  await rig.kubectl(['patch', ...inQuota, '--subresource=status', '--type=merge', '-p', status])
  await rig.apply(anInstance(namespace, 'limited', { volume: { size: '1Gi', storageClassName: 'limited' } }))
  await active(namespace, 'limited')
  await rig.kubectl(['patch', 'instance', 'limited', '-n', namespace, '--type=merge', '-p', '{"spec":{"volume":{"size":"2Gi"}}}'])
  await rig.until(instances, { namespace, name: 'limited' }, conditionIs('VolumeBound', 'True', 'VolumeGrowthRefused'), 'it says so')
  await active(namespace, 'limited')
  await rig.kubectl(['patch', 'instance', 'limited', '-n', namespace, '--type=merge', '-p', '{"spec":{"volume":{"size":"1Gi"}}}'])
  await rig.until(instances, { namespace, name: 'limited' }, conditionIs('VolumeBound', 'True', 'Bound'), 'it is taken back')
  await rig.kubectl(['delete', ...inQuota])
})

test('a larger volume is asked of the claim only where its StorageClass allows it; the database runs on', async () => {
  const namespace = await rig.newNamespace()
  const storageClass = (name: string, allowVolumeExpansion: boolean) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'test.dev/none',
    allowVolumeExpansion,
  })
  await rig.apply(storageClass('rigid', false), storageClass('elastic', true))
  await rig.apply(
    anInstance(namespace, 'rigid', { volume: { size: '1Gi', storageClassName: 'rigid' } }),
    anInstance(namespace, 'elastic', { volume: { size: '1Gi', storageClassName: 'elastic' } }),
  )
  await active(namespace, 'rigid')
  const instance = await active(namespace, 'elastic')
  for (const name of ['rigid', 'elastic']) {
    await rig.kubectl(['patch', 'instance', name, '-n', namespace, '--type=merge', '-p', '{"spec":{"volume":{"size":"2Gi"}}}'])
  }
  await rig.until(instances, { namespace, name: 'rigid' }, conditionIs('VolumeBound', 'True', 'VolumeNotExpandable'), 'it says so')
  await active(namespace, 'rigid')
  await rig.until(persistentvolumeclaims, sideOf(instance), c => c?.spec?.resources?.requests?.storage === '2Gi', 'the claim grows')
  await rig.until(instances, { namespace, name: 'elastic' }, i => i?.status?.volume?.size === '2Gi', 'the size is reported')
})

test('a policy that refuses the Service or the pod is quoted, and its going heals', async () => {
  const namespace = await rig.newNamespace()
  const metadata = { name: 'no-thanks' }
  const policy = (kind: string, spec: object) => ({ apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata, spec })
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['services', 'pods'] }]
  const unwanted = `request.namespace == '${namespace}' && object.metadata.name != 'podless' || object.kind == 'Pod' && object.metadata.name.startsWith('podless')`
  await rig.apply(
    policy('ValidatingAdmissionPolicy', {
      matchConstraints: { resourceRules },
      validations: [{ expression: `!(${unwanted})`, reason: 'Forbidden', message: 'none of these here' }],
    }),
    policy('ValidatingAdmissionPolicyBinding', { policyName: 'no-thanks', validationActions: ['Deny'] }),
  )
  const refusal = () =>
    rig.kubectl(['create', 'service', 'externalname', 'probe', '--external-name=x', '-n', namespace, '--dry-run=server']).catch(String)
  await expect.poll(refusal, { timeout: 15_000 }).toContain('none of these here')
  await rig.apply(anInstance(namespace, 'serviceless'), anInstance(namespace, 'podless'))
  expect((await says(namespace, 'serviceless', 'ObjectRefused')).status?.fault?.message).toContain('none of these here')
  expect((await says(namespace, 'podless', 'PodRefused')).status?.fault?.message).toContain('none of these here')
  await rig.kubectl(['delete', 'validatingadmissionpolicybinding', 'no-thanks'])
  await active(namespace, 'serviceless')
  await active(namespace, 'podless')
})

test('a Guest that somebody deletes is held, and its database runs on', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'holding'))
  const instance = await active(namespace, 'holding')
  const pod = await rig.client.get(pods, sideOf(instance), { signal })
  await rig.kubectl(['delete', 'guest', guestName(instance), '-n', guestsNamespace, '--wait=false'])
  await pause(1000)
  await active(namespace, 'holding')
  expect((await rig.client.get(pods, sideOf(instance), { signal })).metadata.uid).toBe(pod.metadata.uid)
  // What is asked for meanwhile is done.
  await rig.apply(aDatabase(namespace, 'meanwhile', 'holding'))
  await rig.until(databases, { namespace, name: 'meanwhile' }, readyReason('Ready'), 'a Database is made')
  // Once its pod is gone for another reason, it is made anew, from what the claim remembers.
  const before = await rig.client.get(guests, sideOf(instance), { signal })
  await rig.kubectl(['delete', 'pod', guestName(instance), '-n', guestsNamespace])
  await rig.until(guests, sideOf(instance), g => g !== undefined && g.metadata.uid !== before.metadata.uid, 'a new Guest')
  await active(namespace, 'holding')
  const made = await rig.client.get(pods, sideOf(instance), { signal })
  expect(made.spec?.containers.find(c => c.name === 'database')?.image, 'the very image').toMatch(new RegExp(`@${pulledDigest}$`))
})

test('a user whose access became unacceptable keeps its login until it is deleted, and then loses it', async () => {
  const namespace = await rig.newNamespace()
  const user = (database: string) => aUser(namespace, 'app', 'access', { access: [{ database, privilege: 'Owner' }] })
  await rig.apply(anInstance(namespace, 'access'), aDatabase(namespace, 'shop', 'access'), user('shop'))
  const instance = await active(namespace, 'access')
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  await rig.apply(user('postgres'))
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('DatabaseNotFound'), 'the access is refused')
  rig.node.play('access', { failing: { app: { code: 'StatementFailed', message: 'it owns something' } } })
  await rig.kubectl(['delete', 'databaseuser', 'app', '-n', namespace, '--wait=false'])
  await rig.until(guests, sideOf(instance), g => g?.spec.users?.[0]?.ensure === 'Absent', 'the login is to go')
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('StatementFailed'), 'it is not let go before it went')
  rig.node.play('access', {})
  await rig.until(databaseusers, { namespace, name: 'app' }, found => found === undefined, 'it goes')
  await rig.until(secrets, sideOf(instance), s => Object.keys(s?.data ?? {}).length === 0, 'its password is forgotten')
})

test('Internal: a failure that nobody expected is told where the Instance is looked at, and its going heals', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'broken' },
    webhooks: [
      {
        name: 'broken.test.dev',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods', 'configmaps'] }],
        matchConditions: [{ name: 'ours', expression: "object.metadata.name.startsWith('unlucky-')" }],
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  })
  const dryRun = () => rig.kubectl(['create', 'configmap', 'unlucky-probe', '-n', namespace, '--dry-run=server']).catch(String)
  await expect.poll(dryRun, { timeout: 15_000 }).toContain('failed calling webhook')
  await rig.apply(anInstance(namespace, 'unlucky'))
  const instance = await says(namespace, 'unlucky', 'Internal', 10_000)
  expect(instance.status?.fault?.message).toContain('broken.test.dev')
  await rig.kubectl(['delete', 'validatingwebhookconfiguration', 'broken'])
  await active(namespace, 'unlucky')
})

test.each([
  ['before anything is made', 'early', { flavorRef: { name: 'nosuch' } }, {}],
  ['while no node takes its pod', 'nowhere', {}, { unscheduled: '0/1 nodes are available: 1 Insufficient memory.' }],
  ['while its image cannot be pulled', 'imageless', {}, { waiting: { reason: 'ErrImagePull', message: 'not found' } }],
])('an Instance that is deleted %s goes, and leaves nothing', async (_, name, spec, part) => {
  const namespace = await rig.newNamespace()
  rig.node.play(name, part)
  await rig.apply(anInstance(namespace, name, spec), aDatabase(namespace, 'shop', name), aUser(namespace, 'app', name))
  await rig.until(instances, { namespace, name }, i => i?.status?.fault !== undefined, 'it says what is wrong')
  await rig.kubectl(['delete', `instance/${name}`, 'database/shop', 'databaseuser/app', '-n', namespace, '--timeout=20s'])
  await rig.untilEmpty(name)
})

test('an Instance that is deleted while it restarts goes, and leaves nothing', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'restarting'))
  await active(namespace, 'restarting')
  await rig.apply(anInstance(namespace, 'restarting', { restartRequestedAt: '2026-01-01T00:00:00Z' }))
  await rig.until(instances, { namespace, name: 'restarting' }, i => i?.status?.phase === 'REBOOT', 'it restarts')
  await remove('instances.trove.dev', namespace, 'restarting')
  await rig.untilEmpty('restarting')
})
