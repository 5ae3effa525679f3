/** Settings as the platform team meets them: a mistake is told where it was made and stops nothing, and one that only the engine finds costs no database. */
import { expect, onTestFinished, test } from 'vitest'
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

  await apply(version({ work_mem: '10MB', shared_buffers: '900GB' }))
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
  await ready('db', ns)
  await until('it answers', async () => (await psql(ns, login, 'show work_mem')) === '9MB')

  await apply(version({}))
  await becomes('instance', 'db', ns, 'ConfigurationApplied', 'Applied')
  expect(await psql(ns, login, 'show work_mem')).toBe('4MB')
})
