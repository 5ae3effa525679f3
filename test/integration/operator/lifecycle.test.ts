/** An Instance from `kubectl apply` to ACTIVE and to nothing, with everything that goes with it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Instance } from '../../../src/api/instance.ts'
import { namespaces, persistentvolumeclaims, pods, secrets, services } from '../../../src/kube/resource.ts'
import { guestName } from '../../../src/operator/names.ts'
import {
  aDatabase,
  anInstance,
  aUser,
  clusterWide,
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
const gone = (namespace: string, name: string) => rig.until(instances, { namespace, name }, found => found === undefined, `${name} is gone`)
const text = (encoded: string | undefined) => Buffer.from(encoded ?? '', 'base64').toString()

test('an Instance with a database and a user becomes ACTIVE, and the binding says how to connect', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(
    anInstance(namespace, 'orders'),
    aDatabase(namespace, 'shop', 'orders'),
    aUser(namespace, 'app', 'orders', { access: [{ database: 'shop', privilege: 'Owner' }] }),
  )
  const instance = await active(namespace, 'orders')
  expect(instance.status).toMatchObject({
    datastore: { type: 'postgresql', version: '17' },
    address: `orders.${namespace}.svc`,
    port: 5432,
    volume: { size: '1Gi', used: '5%' },
  })
  const user = await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  await rig.until(databases, { namespace, name: 'shop' }, readyReason('Ready'), 'the database is Ready')
  expect(user.status?.binding).toEqual({ name: 'app-credentials' })
  const binding = await rig.client.get(secrets, { namespace, name: 'app-credentials' }, { signal })
  expect(binding.type).toBe('servicebinding.io/postgresql')
  const shown = Object.fromEntries(Object.entries(binding.data ?? {}).map(([k, v]) => [k, text(v)]))
  expect(shown).toMatchObject({
    type: 'postgresql',
    provider: 'trove',
    host: `orders.${namespace}.svc`,
    port: '5432',
    username: 'app',
    database: 'shop',
  })
  expect(shown.password).toMatch(/^[\w-]{32}$/)
  expect(shown.uri).toContain(shown.password)
  const service = await rig.client.get(services, { namespace, name: 'orders' }, { signal })
  expect(service.spec).toMatchObject({ type: 'ExternalName', externalName: `${guestName(instance)}.${guestsNamespace}.svc.cluster.local` })
})

test('applied in reverse order everything converges', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(
    aUser(namespace, 'app', 'late', { access: [{ database: 'shop', privilege: 'ReadOnly' }] }),
    aDatabase(namespace, 'shop', 'late'),
    anInstance(namespace, 'late', { datastore: { type: 'latedb' }, flavorRef: { name: 'lateflavor' } }),
  )
  await rig.until(instances, { namespace, name: 'late' }, readyReason('DatastoreNotFound'), 'the Datastore is missed')
  await rig.apply(clusterWide('Datastore', 'latedb', { engine: 'postgresql', defaultVersion: '17' }))
  await rig.until(instances, { namespace, name: 'late' }, readyReason('DatastoreVersionNotFound'), 'the version is missed')
  await rig.apply(clusterWide('DatastoreVersion', 'latedb-17', { datastoreRef: { name: 'latedb' }, version: '17', image: 'x:17' }))
  await rig.until(instances, { namespace, name: 'late' }, readyReason('FlavorNotFound'), 'the Flavor is missed')
  await rig.apply(clusterWide('Flavor', 'lateflavor', { cpu: '100m', memory: '512Mi' }))
  await active(namespace, 'late')
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
})

test('deleting an Instance leaves nothing, from ACTIVE as from BUILD', async () => {
  const namespace = await rig.newNamespace()
  rig.node.play('stuck', { unscheduled: '' })
  await rig.apply(anInstance(namespace, 'running'), anInstance(namespace, 'stuck'), aUser(namespace, 'app', 'running'))
  await active(namespace, 'running')
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  await rig.until(instances, { namespace, name: 'stuck' }, i => i?.status?.phase === 'BUILD', 'the other is in BUILD')
  await rig.kubectl(['delete', 'instances.trove.dev', 'running', 'stuck', '-n', namespace, '--wait=false'])
  await gone(namespace, 'running')
  await gone(namespace, 'stuck')
  await rig.untilEmpty('running')
  await rig.untilEmpty('stuck')
  await rig.until(services, { namespace, name: 'running' }, found => found === undefined, 'the Service is gone')
  // The user's object stays, says what is wrong, and lets itself be deleted.
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('InstanceNotFound'), 'the user misses its Instance')
  await rig.kubectl(['delete', 'databaseusers.trove.dev', 'app', '-n', namespace, '--timeout=10s'])
})

test('Retain keeps volume and credentials, marked, and nothing else', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'kept', { deletionPolicy: 'Retain' }), aUser(namespace, 'app', 'kept'))
  const instance = await active(namespace, 'kept')
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  await rig.kubectl(['delete', 'instances.trove.dev', 'kept', '-n', namespace, '--timeout=20s'])
  const name = guestName(instance)
  await expect.poll(() => rig.left('kept'), { timeout: 10_000 }).toEqual([`PersistentVolumeClaim/${name}`, `Secret/${name}`])
  const claim = await rig.client.get(persistentvolumeclaims, { namespace: guestsNamespace, name }, { signal })
  expect(claim.metadata.labels?.['trove.dev/retained']).toBe('true')
  const events = () => rig.kubectl(['get', 'events.events.k8s.io', '-n', namespace, '-o', 'jsonpath={.items[*].note}'])
  await expect.poll(events, { timeout: 5000 }).toContain(`PersistentVolumeClaim "${name}" in namespace trove-guests stays`)
})

test('a user is taken away before its object goes, and a retained database is not', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(anInstance(namespace, 'items'), aDatabase(namespace, 'keep', 'items'), aUser(namespace, 'app', 'items'))
  await rig.apply(aDatabase(namespace, 'drop', 'items', { deletionPolicy: 'Delete' }))
  const instance = await active(namespace, 'items')
  for (const name of ['keep', 'drop']) await rig.until(databases, { namespace, name }, readyReason('Ready'), `${name} is Ready`)
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  rig.node.play('items', { silent: true })
  await rig.kubectl([
    'delete',
    '-n',
    namespace,
    'databases.trove.dev/keep',
    'databases.trove.dev/drop',
    'databaseusers.trove.dev/app',
    '--wait=false',
  ])
  await rig.until(databases, { namespace, name: 'keep' }, found => found === undefined, 'the retained one is let go at once')
  const ref = { namespace: guestsNamespace, name: guestName(instance) }
  const said = (g: { spec: { databases?: unknown; users?: unknown } } | undefined) => JSON.stringify([g?.spec.databases, g?.spec.users])
  const guest = await rig.until(guests, ref, g => said(g).split('Absent').length === 3, 'both are to go')
  expect(guest.spec.databases).toEqual([{ name: 'drop', ensure: 'Absent' }])
  expect(await rig.client.get(databaseusers, { namespace, name: 'app' }, { signal })).toBeDefined()
  rig.node.play('items', {})
  await rig.until(databases, { namespace, name: 'drop' }, found => found === undefined, 'the database is dropped')
  await rig.until(databaseusers, { namespace, name: 'app' }, found => found === undefined, 'the login is taken away')
  await rig.until(guests, ref, g => g?.spec.users === undefined && g?.spec.databases === undefined, 'nobody speaks of them any more')
  await rig.until(secrets, ref, s => Object.keys(s?.data ?? {}).length === 0, 'the password is forgotten')
  await rig.until(secrets, { namespace, name: 'app-credentials' }, found => found === undefined, 'the binding is gone')
})

test('a namespace that is deleted ends, from BUILD as from ACTIVE', async () => {
  const namespace = await rig.newNamespace()
  rig.node.play('building', { unscheduled: '' })
  await rig.apply(anInstance(namespace, 'building'), anInstance(namespace, 'built'))
  await rig.apply(aDatabase(namespace, 'shop', 'built', { deletionPolicy: 'Delete' }), aUser(namespace, 'app', 'built'))
  await active(namespace, 'built')
  await rig.until(databaseusers, { namespace, name: 'app' }, readyReason('Ready'), 'the user is Ready')
  await rig.until(instances, { namespace, name: 'building' }, i => i?.status?.phase === 'BUILD', 'the other is in BUILD')
  await rig.client.delete(namespaces, { name: namespace, uid: await uidOf(namespace) }, { signal })
  // What the namespace controller does, which does not run here: everything is deleted, in no particular order.
  await rig.kubectl([
    'delete',
    'services,secrets,databases.trove.dev,databaseusers.trove.dev,instances.trove.dev',
    '--all',
    '-n',
    namespace,
    '--timeout=20s',
  ])
  await rig.untilEmpty('building')
  await rig.untilEmpty('built')
})

test('a restart replaces the pod once, takes up the new image, and keeps the volume', async () => {
  const namespace = await rig.newNamespace()
  await rig.apply(clusterWide('Datastore', 'moving', { engine: 'postgresql', defaultVersion: '17' }))
  const version = (image: string) =>
    clusterWide('DatastoreVersion', 'moving-17', { datastoreRef: { name: 'moving' }, version: '17', image })
  await rig.apply(version('moving:1'), anInstance(namespace, 'again', { datastore: { type: 'moving' } }))
  const instance = await active(namespace, 'again')
  const ref = { namespace: guestsNamespace, name: guestName(instance) }
  const first = await rig.client.get(pods, ref, { signal })

  await rig.apply(version('moving:2'))
  const pending = (i: Instance | undefined) => i?.status?.conditions?.some(c => c.type === 'RestartPending') ?? false
  await rig.until(instances, { namespace, name: 'again' }, pending, 'RestartPending is shown')
  const same = await rig.client.get(pods, ref, { signal })
  expect(same.metadata.uid).toBe(first.metadata.uid)

  const asked = '2026-02-03T04:05:06Z'
  await rig.kubectl([
    'patch',
    'instances.trove.dev',
    'again',
    '-n',
    namespace,
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { restartRequestedAt: asked } }),
  ])
  await rig.until(
    instances,
    { namespace, name: 'again' },
    i => i?.status?.lastRestartRequestedAt === asked && isActive(i),
    'it was restarted',
  )
  const second = await rig.client.get(pods, ref, { signal })
  expect(second.metadata.uid).not.toBe(first.metadata.uid)
  expect(second.spec?.containers[0]?.image).toBe('moving:2')
  expect(rig.node.starts('again')).toBe(2)
  await rig.until(instances, { namespace, name: 'again' }, i => !pending(i), 'nothing is pending any more')
})

const uidOf = async (name: string) => (await rig.client.get(namespaces, { name }, { signal })).metadata.uid
