/** Deleting at any moment ends clean, keeps what a policy keeps, and what is in use is held. */
import { expect, onTestFinished, test } from 'vitest'
import { binding, clientPod, psql } from './client.ts'
import { database, instance, user } from './objects.ts'
import { nothingRemains } from './remains.ts'
import { apply, becomes, condition, get, gone, guestOf, kubectl, listAll, maybe, ready, tenant, tryKubectl, until } from './world.ts'

/** The pod is there and nothing answers yet. */
async function building(name: string, ns: string): Promise<void> {
  const guest = await guestOf(name, ns)
  await until('its pod is there', () => maybe('pod', guest, 'trove-guests'), 30_000, 50)
  expect((await get('instance', name, ns)).status?.phase ?? 'BUILD').toBe('BUILD')
}

/** An Event of that reason was told about an Instance; with a note, one that has these words. */
async function told(ns: string, reason: string, note = ''): Promise<void> {
  await until(
    `an Event ${reason} is told: ${note}`,
    async () => {
      const events = (await listAll('events', ns)) as unknown as { reason: string; message: string; involvedObject: { kind: string } }[]
      return events.some(e => e.involvedObject.kind === 'Instance' && e.reason === reason && e.message.includes(note))
    },
    30_000,
  )
}

test('deleting in BUILD ends clean', async () => {
  const { ns } = await tenant('inbuild')
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await building('db', ns)
  const guest = await guestOf('db', ns)
  await kubectl(['delete', 'instance/db', 'database/shop', 'databaseuser/app', '-n', ns, '--timeout=120s'])
  await nothingRemains([guest])
})

test('policy Delete takes the volume and the credentials; Databases and users of a deleted Instance can be deleted', async () => {
  const { ns } = await tenant('active')
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  const guest = await guestOf('db', ns)
  await kubectl(['delete', 'instance', 'db', '-n', ns, '--timeout=120s'])
  await told(ns, 'Deleting')
  await nothingRemains([guest])
  expect(await maybe('service', 'db', ns)).toBeUndefined()
  await kubectl(['delete', 'database/shop', 'databaseuser/app', '-n', ns, '--timeout=30s'])
  expect(await maybe('secret', 'app-credentials', ns)).toBeUndefined()
})

test('policy Retain keeps volume and credentials and says which', async () => {
  const { ns } = await tenant('retain')
  await apply(instance('db', ns, { deletionPolicy: 'Retain' }), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  const guest = await guestOf('db', ns)
  onTestFinished(async () => {
    await tryKubectl(['delete', 'pvc,secret', guest, '-n', 'trove-guests', '--wait=false'])
  })
  await kubectl(['delete', 'instance', 'db', '-n', ns, '--timeout=120s'])
  await nothingRemains([guest], ['persistentvolumeclaims', 'secrets'])
  expect((await get('pvc', guest, 'trove-guests')).metadata.deletionTimestamp).toBeUndefined()
  expect(Object.keys((await get('secret', guest, 'trove-guests')).data ?? {})).toHaveLength(1)
  for (const kind of ['PersistentVolumeClaim', 'Secret']) await told(ns, 'Retained', `${kind} "${guest}" in namespace trove-guests stays`)
})

test.each([['BUILD'], ['ACTIVE']])('kubectl delete namespace ends, from %s', async phase => {
  const { ns } = await tenant('namespace')
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  if (phase === 'BUILD') await building('db', ns)
  else await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  const guest = await guestOf('db', ns)
  await kubectl(['delete', 'namespace', ns, '--timeout=120s'])
  await nothingRemains([guest])
})

test('a deleted user leaves no login and no Secret; a deleted Database goes or stays by its policy', async () => {
  const { ns } = await tenant('items')
  await apply(
    instance('db', ns),
    database('kept', ns, 'db'),
    database('dropped', ns, 'db', { deletionPolicy: 'Delete' }),
    user('app', ns, 'db', { kept: 'Owner', dropped: 'ReadWrite' }),
  )
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await kubectl(['delete', 'databaseuser/app', 'database/kept', 'database/dropped', '-n', ns, '--timeout=60s'])
  expect(await maybe('secret', 'app-credentials', ns)).toBeUndefined()
  await apply(user('see', ns, 'db', { kept: 'ReadOnly' }), database('kept', ns, 'db'))
  await becomes('databaseuser', 'see', ns, 'Ready', 'True')
  await clientPod(ns)
  const see = await binding('see', ns)
  expect(await psql(ns, see, "select string_agg(datname, ',' order by datname) from pg_database where not datistemplate")).toBe(
    'kept,postgres',
  )
  expect(await psql(ns, see, "select count(*) from pg_roles where rolname = 'app'")).toBe('0')
})

test('a Datastore, a version and a Flavor in use are held, and go when their last user goes', async () => {
  const { ns } = await tenant('held')
  const name = `held-${Date.now().toString(36)}`
  const { image } = (await get('datastoreversion', 'postgresql-17')).spec
  const entry = (kind: string, spec: object) => ({ apiVersion: 'trove.dev/v1alpha1', kind, metadata: { name }, spec })
  const catalog = {
    datastoreversion: `spec.datastore.type=${name},status.datastore.version=17`,
    datastore: `spec.datastore.type=${name}`,
    flavor: `spec.flavorRef.name=${name}`,
  }
  onTestFinished(async () => {
    for (const kind of Object.keys(catalog)) await tryKubectl(['delete', kind, name, '--ignore-not-found', '--wait=false'])
  })
  await apply(
    entry('Datastore', { engine: 'postgresql' }),
    entry('DatastoreVersion', { datastoreRef: { name }, version: '17', image }),
    entry('Flavor', { cpu: '100m', memory: '256Mi' }),
    instance('db', ns, { datastore: { type: name, version: '17' }, flavorRef: { name } }),
  )
  await ready('db', ns)
  for (const [kind, query] of Object.entries(catalog)) {
    await kubectl(['delete', kind, name, '--wait=false'])
    const held = await becomes(kind, name, '', 'InUse', 'True', 20_000)
    expect(condition(held, 'InUse')?.message).toContain(query)
    // The status is readable by every tenant, so it names nobody; the Event, which only the platform team reads, does.
    expect(JSON.stringify(held.status)).not.toContain(ns)
    const told = async () => {
      const events = await kubectl(['get', 'events', '-n', 'default', `--field-selector=involvedObject.name=${name}`])
      return events.split('\n').filter(line => line.toLowerCase().includes(`${kind}/`) && line.includes(`${ns}/db`))
    }
    await until('an Event says whose it is', async () => (await told()).length > 0, 20_000, 200)
    expect(await told()).toHaveLength(1)
  }
  await ready('db', ns)
  await kubectl(['delete', 'instance', 'db', '-n', ns, '--timeout=120s'])
  for (const kind of Object.keys(catalog)) await gone(kind, name)
})
