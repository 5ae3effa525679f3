/**
 * Settings as people meet them: a mistake is told where it was made and stops nothing, one that only the engine finds costs no database, and where a
 * value comes from can be asked.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bundlePlugin } from '../../deploy/build.ts'
import { thisCheckout } from '../kind/names.ts'
import { byHand } from './by-hand.ts'
import { binding, clientImage, clientPod, psql } from './client.ts'
import { database, instance, user } from './objects.ts'
import { apply, becomes, condition, get, guestOf, kubectl, maybe, ready, tenant, tryKubectl, until } from './world.ts'

test('ConfigurationInvalid is told by the version, all at once; ConfigurationRefused by the Instance, which is up all the same', async () => {
  const { ns } = await tenant('settings')
  const name = `settings-${ns}`
  const image = await clientImage()
  const version = (defaults: object) => ({
    apiVersion: 'trove.dev/v1alpha1',
    kind: 'DatastoreVersion',
    metadata: { name },
    spec: { datastoreRef: { name }, version: '17', image, defaults },
  })
  onTestFinished(async () => {
    await tryKubectl(['delete', 'datastoreversion', name, '--wait=false'])
    await tryKubectl(['delete', 'datastore', name, '--wait=false'])
  })
  const stalled = (code: string) =>
    until(`the version is ${code}`, async () => {
      const found = condition(await maybe('datastoreversion', name), 'Stalled')
      return found?.reason === code && found
    })
  await apply(
    { apiVersion: 'trove.dev/v1alpha1', kind: 'Datastore', metadata: { name }, spec: { engine: 'postgresql' } },
    version({ work_mem: 'lots', port: 5433, no_such_setting: true }),
  )
  const { message } = await stalled('ConfigurationInvalid')
  for (const part of ['work_mem must be', 'port belongs to Trove', 'no_such_setting is no parameter of PostgreSQL 17'])
    expect(message).toContain(part)
  await apply(
    instance('db', ns, { datastore: { type: name, version: '17' } }),
    database('shop', ns, 'db'),
    user('app', ns, 'db', { shop: 'Owner' }),
  )
  await becomes('instance', 'db', ns, 'Stalled', 'ConfigurationInvalid')
  expect(await maybe('pvc', await guestOf('db', ns), 'trove-guests')).toBeUndefined()

  await apply(version({ work_mem: '9MB' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await clientPod(ns)
  const login = await binding('app', ns)
  expect(await psql(ns, login, 'show work_mem')).toBe('9MB')
  const pod = (await get('pod', await guestOf('db', ns), 'trove-guests')).metadata.uid

  await apply(version({ work_mem: '10MB', max_connections: 1 }))
  await becomes('instance', 'db', ns, 'ConfigurationApplied', 'RestartRequired')
  expect(await psql(ns, login, 'show work_mem')).toBe('10MB')
  expect((await get('pod', await guestOf('db', ns), 'trove-guests')).metadata.uid).toBe(pod)
  await kubectl([
    'patch',
    'instance',
    'db',
    '-n',
    ns,
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { restartRequestedAt: new Date().toISOString() } }),
  ])
  const db = await becomes('instance', 'db', ns, 'ConfigurationApplied', 'ConfigurationRefused')
  expect(condition(db, 'ConfigurationApplied')?.message).toContain('did not start')
  await until('the engine’s own words are there', async () =>
    condition(await get('instance', 'db', ns), 'ConfigurationApplied')?.message.includes('max_connections'),
  )
  await ready('db', ns)
  await until('it answers', async () => (await psql(ns, login, 'show work_mem')) === '9MB')

  await apply(version({}))
  await becomes('instance', 'db', ns, 'ConfigurationApplied', 'Applied')
  expect(await psql(ns, login, 'show work_mem')).toBe('4MB')
})

test('a group reaches the Instances of a team that refer to it, and kubectl trove shows where each value comes from', async () => {
  const { ns } = await tenant('shared-settings')
  const bin = mkdtempSync(join(tmpdir(), 'kubectl-trove-'))
  onTestFinished(() => rmSync(bin, { recursive: true, force: true }))
  await bundlePlugin(thisCheckout(), bin)
  const show = async (more = '') => (await byHand(`PATH=${bin}:$PATH kubectl trove configuration show one -n ${ns} ${more}`)).stdout
  const group = (values: object) => ({
    apiVersion: 'trove.dev/v1alpha1',
    kind: 'ConfigurationGroup',
    metadata: { name: 'shared', namespace: ns },
    spec: { datastore: { type: 'postgresql' }, values },
  })
  const refers = { configurationRef: { name: 'shared' } }
  const logins = ['one', 'two'].flatMap(name => [
    database(`${name}-shop`, ns, name, { name: 'shop' }),
    user(`${name}-app`, ns, name, { shop: 'Owner' }, { name: 'app' }),
  ])
  await apply(group({ work_mem: '9MB', fsync: false }), instance('one', ns, refers), instance('two', ns, refers), ...logins)
  for (const name of ['one', 'two']) await becomes('databaseuser', `${name}-app`, ns, 'Ready', 'True')
  await clientPod(ns)
  const [one, two] = [await binding('one-app', ns), await binding('two-app', ns)]
  const seen = async (setting: string) => [await psql(ns, one, `show ${setting}`), await psql(ns, two, `show ${setting}`)]
  expect(await seen('work_mem')).toEqual(['9MB', '9MB'])
  expect(condition(await get('instance', 'one', ns), 'DurabilityReduced')?.message).toContain('fsync is off')

  await apply(group({ work_mem: '10MB', max_connections: 33 }))
  for (const name of ['one', 'two']) await becomes('instance', name, ns, 'ConfigurationApplied', 'RestartRequired')
  expect(await seen('work_mem')).toEqual(['10MB', '10MB'])
  expect(await seen('fsync')).toEqual(['on', 'on'])
  await until('the group counts both', async () => (await get('configurationgroup', 'shared', ns)).status.instances.restartRequired === 2)
  const table = await show()
  expect(table).toContain('The engine runs with this, but for what waits for a restart. ConfigurationApplied: RestartRequired')
  expect(table).toMatch(/^work_mem +10MB +ConfigurationGroup shared$/m)
  expect(table).toMatch(/^max_connections +33 +ConfigurationGroup shared +waits$/m)
  expect(table).toMatch(/^shared_buffers +\S+ +Trove, for Flavor \S+$/m)
  expect(JSON.parse(await show('--all -o json')).settings.length).toBeGreaterThan(200)
})

test('a new Instance whose engine does not start with its settings comes up with the defaults for its Flavor, and says so', async () => {
  const { ns } = await tenant('refused-at-first')
  const group = (values: object) => ({
    apiVersion: 'trove.dev/v1alpha1',
    kind: 'ConfigurationGroup',
    metadata: { name: 'impossible', namespace: ns },
    spec: { datastore: { type: 'postgresql' }, values },
  })
  // Each is a number of its own to the rules; the server holds back five of its connections.
  await apply(group({ max_connections: 1 }), instance('db', ns, { configurationRef: { name: 'impossible' } }))
  await becomes('instance', 'db', ns, 'ConfigurationApplied', 'ConfigurationRefused')
  await ready('db', ns)
  await until('the group counts it', async () => (await get('configurationgroup', 'impossible', ns)).status.instances.failed === 1)
  await apply(group({ work_mem: '9MB' }))
  await becomes('instance', 'db', ns, 'ConfigurationApplied', 'Applied')
})
