/** What a newcomer does, and must see: the sample, two versions side by side, a tenant's path, ten Instances in one apply. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { binding, clientPod, psql } from './client.ts'
import { database, instance, user } from './objects.ts'
import { apply, becomes, condition, get, kubectl, ready, tenant, tryKubectl } from './world.ts'

/** The sample's documents without the Namespace, which is the platform team's, in the tenant's own namespace. */
const sample = (namespace: string): string[] =>
  readFileSync(join(import.meta.dirname, '../../deploy/samples/postgresql.yaml'), 'utf8')
    .split(/^---$/m)
    .filter(part => part.includes('trove.dev/v1alpha1'))
    .map(part => part.replaceAll('namespace: demo', `namespace: ${namespace}`))

test('a tenant with the edit role gets from the sample to rows in a table, on both versions at once', async () => {
  const { ns, as } = await tenant('newcomer')
  await kubectl(['apply', '--as', as, '-f', '-'], sample(ns).join('---'))
  await apply(
    instance('older', ns, { datastore: { type: 'postgresql', version: '15' } }),
    database('archive', ns, 'older'),
    user('reader', ns, 'older', { archive: 'Owner' }),
  )
  await kubectl(['wait', '--as', as, '--for=condition=Ready', '--timeout=180s', '-n', ns, 'instance/orders', 'instance/older'])
  for (const [resource, name] of [
    ['database', 'shop'],
    ['databaseuser', 'app'],
    ['databaseuser', 'reader'],
  ] as const)
    await becomes(resource, name, ns, 'Ready', 'True')

  const orders = await get('instance', 'orders', ns)
  expect(orders.status).toMatchObject({
    phase: 'ACTIVE',
    operatingStatus: 'HEALTHY',
    datastore: { type: 'postgresql', version: '17' },
    address: `orders.${ns}.svc`,
    port: 5432,
    observedGeneration: orders.metadata.generation,
  })
  for (const type of ['VolumeBound', 'PodRunning', 'EngineHealthy', 'ConfigurationApplied'])
    expect(condition(orders, type)?.status, type).toBe('True')
  for (const type of ['Reconciling', 'Stalled', 'RestartPending']) expect(condition(orders, type), type).toBeUndefined()

  await clientPod(ns)
  const app = await binding('app', ns)
  expect(app).toMatchObject({ host: `orders.${ns}.svc`, port: '5432', username: 'app', database: 'shop' })
  expect(await psql(ns, app, "create table t (x text); insert into t values ('kept'); select x from t")).toBe('kept')
  expect(await psql(ns, app, 'show server_version')).toMatch(/^17\./)
  const reader = await binding('reader', ns)
  expect(await psql(ns, reader, 'show server_version')).toMatch(/^15\./)
  const uri = Buffer.from((await get('secret', 'app-credentials', ns)).data!.uri!, 'base64').toString()
  expect(new URL(uri)).toMatchObject({
    protocol: 'postgresql:',
    hostname: app.host,
    username: 'app',
    password: app.password,
    pathname: '/shop',
  })

  const table = await kubectl(['get', 'instances,databases,databaseusers', '-n', ns, '--as', as])
  for (const word of ['orders', 'ACTIVE', 'HEALTHY', 'shop', 'app-credentials']) expect(table).toContain(word)
})

test('the whole sample applied in reverse order converges', async () => {
  const { ns } = await tenant('reverse')
  const [orders, shop, app] = sample(ns)
  const apply = (document: string | undefined) => kubectl('apply -f -', document)
  await apply(app)
  await becomes('databaseuser', 'app', ns, 'Stalled', 'InstanceNotFound')
  await apply(shop)
  await becomes('database', 'shop', ns, 'Stalled', 'InstanceNotFound')
  await apply(orders)
  await ready('orders', ns)
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await becomes('database', 'shop', ns, 'Ready', 'True')
})

test('kubectl explain is worth reading', async () => {
  const text = await kubectl('explain instances.trove.dev.spec --recursive=false')
  for (const word of ['datastore', 'flavorRef', '-required-', 'data volume']) expect(text).toContain(word)
  expect(text).not.toContain('<no description>')
  expect((await tryKubectl('get trove -A')).code).toBe(0)
})
