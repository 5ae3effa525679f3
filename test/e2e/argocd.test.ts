/**
 * What Argo CD would say of our objects: the Lua that deploy/gitops/argocd puts into its ConfigMap, taken from a cluster and run over real
 * objects in the interpreter that Argo CD is built with, with no library open, as Argo CD runs it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { luaInterpreter } from '../kind/binaries.ts'
import { must } from '../kind/command.ts'
import { thisCheckout } from '../kind/names.ts'
import { stepLog } from '../kind/steps.ts'
import { byHand } from './by-hand.ts'
import { database, instance, user } from './objects.ts'
import { apply, becomes, get, kubectl, type Obj, ready, tenant, tryKubectl, until } from './world.ts'

let lua: string
/** Our keys of Argo CD's ConfigMap. */
let scripts: Record<string, string>

beforeAll(async () => {
  lua = await luaInterpreter(stepLog())
  const page = readFileSync(join(thisCheckout(), 'docs', 'guides', 'gitops.md'), 'utf8')
  const command = /^kubectl kustomize deploy.gitops.argocd .*$/m.exec(page)![0]
  const theirs = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm', namespace: 'argocd' }, data: { url: 'https://cd' } }
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } }, theirs)
  await byHand(command)
  const { url, ...ours } = (await get('configmap', 'argocd-cm', 'argocd')).data!
  expect(url, 'what was in the ConfigMap').toBe('https://cd')
  scripts = ours
  return async () => {
    await tryKubectl('delete namespace argocd --timeout=60s')
  }
})

async function health(object: Obj): Promise<{ status: string; message: string }> {
  const script = scripts[`resource.customizations.health.trove.dev_${object.kind}`]
  const dir = mkdtempSync(join(tmpdir(), 'trove-lua-'))
  try {
    const file = join(dir, 'health.lua')
    writeFileSync(file, `obj = ${literal(object)}\n${closeLibraries}\nlocal health = (function()\n${script}\nend)()\n${tell}`)
    const [status = '', message = ''] = (await must(lua, [file])).stdout.split('\n')
    return { status, message }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const closeLibraries = 'string, math, os, io, debug, coroutine, channel, package, require = nil'
const tell = 'print(health.status)\nprint(health.message)'

/** As Argo CD hands an object over: tables, strings, numbers, booleans. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(literal).join(', ')}}`
  if (value === null) return 'nil'
  if (typeof value === 'object') return `{${Object.entries(value).map(([key, v]) => `[${literal(key)}] = ${literal(v)}`)}}`
  if (typeof value === 'string') return `"${[...Buffer.from(value)].map(byte => `\\${String(byte).padStart(3, '0')}`).join('')}"`
  return String(value)
}

test('there is a health check for every kind that people write', async () => {
  const written = (await kubectl('get crd -l app.kubernetes.io/part-of=trove -o jsonpath={.items[*].spec.names.kind}')).split(' ')
  const kinds = written.filter(kind => kind !== 'Guest').toSorted()
  expect(Object.keys(scripts).toSorted()).toEqual(kinds.map(kind => `resource.customizations.health.trove.dev_${kind}`))
  expect(kinds).toHaveLength(7)
})

test('an Instance and what belongs to it are Degraded while they are Stalled, Progressing on the way, Healthy once they are Ready', async () => {
  const { ns } = await tenant('argocd')
  const flavor = {
    apiVersion: 'trove.dev/v1alpha1',
    kind: 'Flavor',
    metadata: { name: `argocd-${ns}` },
    spec: { cpu: '250m', memory: '256Mi' },
  }
  const db = instance('db', ns, { flavorRef: { name: flavor.metadata.name } })
  onTestFinished(async () => {
    await tryKubectl(['delete', 'flavor', flavor.metadata.name, '--wait=false'])
  })

  // As the API server has it before the operator has looked, and as a server without our defaults would.
  const unseen = JSON.parse(await kubectl('create --dry-run=server -o json -f -'.split(' '), JSON.stringify(db))) as Obj
  const progressing = { status: 'Progressing', message: 'the operator has not looked at it yet' }
  expect(await health({ ...unseen, status: { observedGeneration: -1 } })).toEqual(progressing)
  const { status: _, ...without } = unseen
  expect(await health(without as Obj)).toEqual(progressing)

  await apply(database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('database', 'shop', ns, 'Stalled', 'InstanceNotFound', 20_000)
  expect(await health(await get('database', 'shop', ns))).toMatchObject({
    status: 'Degraded',
    message: expect.stringContaining('InstanceNotFound: there is no Instance "db"'),
  })

  await apply(db)
  const stalled = await becomes('instance', 'db', ns, 'Stalled', 'FlavorNotFound', 20_000)
  expect(await health(stalled)).toMatchObject({
    status: 'Degraded',
    message: expect.stringContaining(`FlavorNotFound: there is no Flavor "argocd-`),
  })
  // What is asked for now has not been judged yet.
  expect(await health({ ...stalled, metadata: { ...stalled.metadata, generation: stalled.metadata.generation! + 1 } })).toEqual(progressing)

  await apply(flavor)
  const building = await until(
    'it is on its way',
    async () => {
      const seen = await get('instance', 'db', ns)
      return seen.status.conditions.some((c: { type: string }) => c.type === 'Reconciling') && seen
    },
    30_000,
    50,
  )
  expect(await health(building)).toMatchObject({ status: 'Progressing', message: expect.stringMatching(/^[A-Z]\w+: /) })

  const healthy = await ready('db', ns)
  expect(await health(healthy)).toEqual({ status: 'Healthy', message: 'Active: the database answers' })
  for (const [kind, name] of [
    ['database', 'shop'],
    ['databaseuser', 'app'],
  ] as const)
    expect(await health(await becomes(kind, name, ns, 'Ready', 'True')), kind).toMatchObject({ status: 'Healthy' })
  for (const [kind, name] of [
    ['flavor', flavor.metadata.name],
    ['datastore', 'postgresql'],
    ['datastoreversion', 'postgresql-17'],
  ] as const)
    expect(await health(await get(kind, name)), kind).toMatchObject({ status: 'Healthy' })
  await kubectl(['delete', 'databaseusers,databases,instances', '--all', '-n', ns])
})
