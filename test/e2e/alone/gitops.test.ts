/**
 * A product team's databases from git: Flux applies them from a source that the tests serve, with no more rights than the team's own `edit`, and
 * judges them with the expressions that the project ships. Alone, because Flux is put on the cluster and taken off again, and because one test
 * takes the operator away.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { full } from '../../full.ts'
import { installFlux, removeFlux } from '../../kind/flux.ts'
import { thisCheckout } from '../../kind/names.ts'
import { stepLog } from '../../kind/steps.ts'
import { binding, clientImage, clientPod, psql } from '../client.ts'
import { fails, failures, repository, rounds, settled } from '../flux.ts'
import { database, datastoreVersion, instance, user } from '../objects.ts'
import { guestKinds, nothingRemains } from '../remains.ts'
import { becomes, cluster, condition, get, gone, guestOf, kubectl, listAll, maybe, type Obj, tenant, until } from '../world.ts'

const quietMs = full ? 300_000 : 30_000
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

beforeAll(async () => installFlux(await cluster(), stepLog()))
afterAll(async () => {
  // What Flux still has to let go of would wait for it for ever.
  const none = async () => (await kubectl('get kustomizations -A -o name')) === ''
  await until('no Kustomization is left', none, 120_000)
  await removeFlux(await cluster(), stepLog())
})

const kinds = 'instances,databases,databaseusers'
const named = (o: { kind: string; metadata: { name: string; namespace?: string } }) =>
  `${o.kind}/${o.metadata.namespace}/${o.metadata.name}`

/** What git has a say in: all but status, and what bears witness of status being written. */
async function spoken(ns: string): Promise<Record<string, unknown>> {
  const { items } = JSON.parse(await kubectl(['get', kinds, '-n', ns, '-o', 'json', '--show-managed-fields'])) as { items: Obj[] }
  return Object.fromEntries(
    items.map(({ metadata, spec, ...o }) => {
      const { managedFields, resourceVersion: _, ...rest } = metadata as Obj['metadata'] & Record<string, unknown>
      const fields = (managedFields as { subresource?: string }[]).filter(f => f.subresource !== 'status')
      return [named({ ...o, metadata }), { metadata: { ...rest, fields }, spec }]
    }),
  )
}

/** Who may say what: in what git wrote, the operator has finalizers, and nothing else. */
function onlyFinalizersAreOurs(objects: Record<string, unknown>): void {
  for (const [name, object] of Object.entries(objects)) {
    const { fields } = (object as { metadata: { fields: { manager: string; fieldsV1: object }[] } }).metadata
    const ours = fields.filter(f => f.manager !== 'kustomize-controller')
    expect(ours.length, name).toBe(1)
    expect(ours[0]!.manager, name).toMatch(/^trove-/)
    const owned = ours[0]!.fieldsV1 as { 'f:metadata'?: object }
    expect(Object.keys(owned), name).toEqual(['f:metadata'])
    expect(Object.keys(owned['f:metadata'] ?? {}), name).toEqual(['f:finalizers'])
  }
}

/** Flux looks again and again and finds nothing to do, and nothing that it wrote is touched by anybody. */
async function staysQuiet(name: string, ns: string, ms: number, atLeast: number): Promise<void> {
  const before = await spoken(ns)
  onlyFinalizersAreOurs(before)
  const from = new Date()
  await pause(ms)
  const seen = await rounds(name, ns, from)
  expect(seen.length, 'rounds of Flux').toBeGreaterThanOrEqual(atLeast)
  for (const round of seen) expect(new Set(Object.values(round)), JSON.stringify(round)).toEqual(new Set(['unchanged']))
  expect(await spoken(ns)).toEqual(before)
}

const samples = (file: string) => readFileSync(join(thisCheckout(), 'deploy', 'samples', file), 'utf8')

/** The samples, in a namespace of ours, which the platform team has made already. */
const sampleSync = (ns: string) => ({
  targetNamespace: ns,
  patches: [{ target: { kind: 'Namespace' }, patch: '$patch: delete\napiVersion: v1\nkind: Namespace\nmetadata: { name: demo }' }],
})

test('the samples become Ready when the database is, do not drift, are put right, restarted and pruned', {
  timeout: 400_000 + quietMs,
}, async () => {
  const { ns } = await tenant('gitops')
  const git = await repository(ns)
  const began = new Date()
  const files = { 'db/kustomization.yaml': samples('kustomization.yaml'), 'db/postgresql.yaml': samples('postgresql.yaml') }
  const first = await git.push(files)
  await git.sync('samples', 'db', sampleSync(ns))

  // Ready, and not a moment too soon.
  const synced = await settled('samples', ns, first)
  const orders = await get('instance', 'orders', ns)
  expect(orders.status).toMatchObject({ phase: 'ACTIVE', operatingStatus: 'HEALTHY' })
  for (const o of await listAll(kinds, ns)) {
    expect(condition(o, 'Ready')?.status, named(o)).toBe('True')
    expect(condition(synced, 'Ready')!.lastTransitionTime >= condition(o, 'Ready')!.lastTransitionTime, named(o)).toBe(true)
  }
  expect(await failures('samples', ns, began), 'what Flux took for a failure on the way').toEqual([])
  await clientPod(ns)
  const app = await binding('app', ns)
  await psql(ns, app, 'create table visits (n int); insert into visits values (1)')

  await staysQuiet('samples', ns, quietMs, Math.floor(quietMs / 10_000))

  // The eye that saw nothing does see: what somebody changes by hand is found, told and put right, and only that.
  const touched = new Date()
  await kubectl([
    'patch',
    'databaseuser',
    'app',
    '-n',
    ns,
    '--type=merge',
    '-p',
    '{"spec":{"access":[{"database":"shop","privilege":"ReadOnly"}]}}',
  ])
  const [changed] = await until('Flux tells what was changed', async () => {
    const found = (await rounds('samples', ns, touched)).filter(round => Object.values(round).includes('configured'))
    return found.length > 0 && found
  })
  expect(changed).toEqual({
    [`DatabaseUser/${ns}/app`]: 'configured',
    [`Database/${ns}/shop`]: 'unchanged',
    [`Instance/${ns}/orders`]: 'unchanged',
  })
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  expect((await get('databaseuser', 'app', ns)).spec.access).toEqual([{ database: 'shop', privilege: 'Owner' }])
  await until('the user may write again', () => psql(ns, app, 'insert into visits values (2)').then(() => true))

  // A restart by commit is carried out once, and then nothing moves any more.
  const guest = await guestOf('orders', ns)
  const podUID = async () => (await maybe('pod', guest, 'trove-guests'))?.metadata.uid
  const before = await podUID()
  const at = new Date().toISOString()
  const asking = files['db/postgresql.yaml'].replace(/^( *)flavorRef:/m, `$1restartRequestedAt: "${at}"\n$&`)
  await settled('samples', ns, await git.push({ ...files, 'db/postgresql.yaml': asking }))
  expect((await get('instance', 'orders', ns)).status).toMatchObject({ phase: 'ACTIVE', lastRestartRequestedAt: at })
  const after = await podUID()
  expect(after).not.toBe(before)
  await staysQuiet('samples', ns, 8_000, 1)
  expect(await podUID()).toBe(after)

  // One file less is one object less.
  const documents = files['db/postgresql.yaml'].split(/(?=^---$)/m)
  expect(documents.map(text => /^kind: (.*)$/m.exec(text)?.[1])).toEqual(['Namespace', 'Instance', 'Database', 'DatabaseUser'])
  const withoutUser = await git.push({ ...files, 'db/postgresql.yaml': documents.slice(0, -1).join('') })
  await settled('samples', ns, withoutUser)
  await gone('databaseuser', 'app', ns)
  expect(await maybe('secret', 'app-credentials', ns)).toBeUndefined()
  expect(await maybe('database', 'shop', ns)).toBeDefined()
  expect(condition(await get('instance', 'orders', ns), 'Ready')?.status).toBe('True')

  // And none is none, here and in the guests' namespace.
  const empty = await git.push({ ...files, 'db/postgresql.yaml': documents[0]! })
  const pruned = await settled('samples', ns, empty)
  expect(pruned.status.inventory?.entries ?? []).toEqual([])
  await gone('instance', 'orders', ns)
  expect(await listAll(kinds, ns)).toEqual([])
  await nothingRemains([guest])
  expect(await listAll(guestKinds.join(','), 'trove-guests', `trove.dev/tenant=${ns}`)).toEqual([])
})

test('unseen by the operator nothing is ready; in reverse order everything converges; what is Stalled fails at once and says why', async () => {
  const { ns: platform } = await tenant('gitplatform')
  const { ns } = await tenant('gitreverse')
  const [catalog, git] = await Promise.all([repository(platform), repository(ns)])
  const name = `git${Date.now().toString(36)}`
  const image = await clientImage()
  const flavor = { apiVersion: 'trove.dev/v1alpha1', kind: 'Flavor', metadata: { name }, spec: { cpu: '250m', memory: '256Mi' } }
  const offer = (...objects: object[]) => catalog.push({ 'catalog/catalog.yaml': objects })
  // Integers for quantities and lists in an order of their own are left as git has them.
  const size = 1073741824
  const orders = instance('orders', ns, {
    datastore: { type: 'postgresql', version: name },
    flavorRef: { name },
    volume: { size },
    access: { allowedCidrs: ['10.9.0.0/16', '10.1.0.0/16'] },
  })
  const asked = (db: object) => ({
    'users/users.yaml': [database('shop', ns, 'orders'), user('app', ns, 'orders', { shop: 'Owner', audit: 'ReadOnly' })],
    'audit/audit.yaml': [database('audit', ns, 'orders')],
    'db/db.yaml': [db],
  })
  const [versions, first] = await Promise.all([offer(datastoreVersion(name, name, image)), git.push(asked(orders))])
  await catalog.sync('catalog', 'catalog', { serviceAccountName: undefined })
  await settled('catalog', platform, versions)

  // What the operator has not looked at is not taken for ready: neither with our expressions nor, as for the users, by kstatus alone.
  const { replicas: usual } = (await get('deployment', 'trove-operator', 'trove-system')).spec
  const scale = (replicas: number) => kubectl(['scale', 'deployment/trove-operator', '-n', 'trove-system', `--replicas=${replicas}`])
  onTestFinished(async () => {
    await scale(usual)
    await kubectl('rollout status -n trove-system deployment/trove-operator --timeout=60s')
  })
  await scale(0)
  await kubectl(['wait', '--for=delete', '--timeout=60s', '-n', 'trove-system', 'pod', '-l', 'app.kubernetes.io/name=trove-operator'])
  await git.sync('users', 'users', { healthCheckExprs: [] })
  await git.sync('audit', 'audit')
  const both = ['users', 'audit']
  for (const k of both) await until(`Flux asks for the health of ${k}`, async () => condition(await get('kustomization', k, ns), 'Healthy'))
  await pause(6_000)
  for (const k of both) {
    const { status } = await get('kustomization', k, ns)
    expect(status.lastAttemptedRevision, k).toBe(first)
    // Flux writes the revision down once it is healthy, and not before.
    expect(status.lastAppliedRevision, k).toBeUndefined()
  }
  await scale(usual)

  // Users and databases of an Instance that is not there.
  for (const k of both) {
    const early = await fails(k, ns, first, 'HealthCheckFailed')
    expect(condition(early, 'Ready')?.message, k).toMatch(new RegExp(`Database(User)?/${ns}/(audit|shop|app) status: 'Failed'`))
  }
  const shop = await get('database', 'shop', ns)
  expect(condition(shop, 'Stalled')).toMatchObject({ status: 'True', reason: 'InstanceNotFound' })
  expect(condition(shop, 'Ready')?.message).toContain('there is no Instance "orders"')

  // The Instance, of a Flavor that is not there.
  await git.sync('databases', 'db')
  const stalled = await fails('databases', ns, first, 'HealthCheckFailed')
  expect(condition(stalled, 'Ready')?.message).toContain(`failed early due to stalled resources: [Instance/${ns}/orders status: 'Failed'`)
  expect(condition(await get('instance', 'orders', ns), 'Stalled')).toMatchObject({ status: 'True', reason: 'FlavorNotFound' })
  expect(await listAll('pods,pvc', 'trove-guests', `trove.dev/tenant=${ns}`)).toEqual([])

  // The platform team's last piece comes last, and with it everything is well.
  await settled('catalog', platform, await offer(datastoreVersion(name, name, image), flavor))
  for (const k of ['databases', ...both]) await settled(k, ns, first)
  expect((await get('instance', 'orders', ns)).status).toMatchObject({ phase: 'ACTIVE', operatingStatus: 'HEALTHY' })

  // The image of the version moves on: the database waits for a restart that nobody has asked for, and is no less Ready for it.
  const moved = new Date()
  await settled('catalog', platform, await offer(datastoreVersion(name, name, 'trove.local/not-yet:1'), flavor))
  await becomes('instance', 'orders', ns, 'RestartPending', 'True')
  await staysQuiet('databases', ns, 8_000, 1)
  await settled('databases', ns, first)
  for (const k of ['databases', ...both]) expect(await failures(k, ns, moved), k).toEqual([])

  // What is wrong in itself is refused before anything is touched, with our words.
  const broken = await git.push(asked({ ...orders, spec: { ...orders.spec, volume: { size: '1 GB' } } }))
  const refused = await fails('databases', ns, broken, 'ReconciliationFailed')
  expect(condition(refused, 'Ready')?.message).toContain('must be a quantity greater than 0, for example 10Gi (VolumeInvalid)')
  const untouched = await get('instance', 'orders', ns)
  expect(untouched.spec.volume.size).toBe(size)
  expect(condition(untouched, 'Ready')?.status).toBe('True')
  const mended = await git.push({ ...asked(orders), 'README.md': 'mended' })
  for (const k of ['databases', ...both]) await settled(k, ns, mended)

  // All of it taken away at once, the catalog and the Instance before what refers to them.
  const guest = await guestOf('orders', ns)
  await kubectl(['delete', 'kustomization', 'catalog', '-n', platform, '--wait=false'])
  await kubectl(['delete', 'kustomization', 'databases', '-n', ns])
  expect(await maybe('instance', 'orders', ns)).toBeUndefined()
  await kubectl(['delete', 'kustomization', ...both, '-n', ns])
  await gone('kustomization', 'catalog', platform)
  expect(await listAll(kinds, ns)).toEqual([])
  for (const kind of ['flavor', 'datastoreversion']) expect(await maybe(kind, name), kind).toBeUndefined()
  await nothingRemains([guest])
})
