/**
 * The agent against a real API server, with the rights of a guest and no more: its Guest by name, its Secret by name. Launcher and jobs are
 * real, the engine is a small script.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Guest, GuestSpec } from '../../../src/api/guest.ts'
import { Agent } from '../../../src/guest/agent/agent.ts'
import { guests, openGuestApi } from '../../../src/guest/agent/guest-api.ts'
import { openLog } from '../../../src/guest/agent/log.ts'
import { openLauncher } from '../../../src/guest/launcher/client.ts'
import { type Client, connect } from '../../../src/kube/client.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { openCollection } from '../../../src/runtime/collection.ts'
import { kubeBinaries } from '../../kind/binaries.ts'
import { fakeEngine } from '../../launcher/fake-engine.ts'
import { LauncherProcess } from '../../launcher/process.ts'
import { startApiServer, type TestApiServer } from '../apiserver.ts'

const namespace = 'guests'
const crd = join(import.meta.dirname, '../../../crds/trove.dev_guests.yaml')
const signal = new AbortController().signal
let api: TestApiServer
let admin: Client & { close(): Promise<void> }
let kubectl: (args: string[], input?: object) => string

beforeAll(async () => {
  api = await startApiServer()
  admin = connect(api.access)
  const { kubectl: binary } = await kubeBinaries()
  kubectl = (args, input) =>
    execFileSync(binary, ['--kubeconfig', api.kubeconfig, '-n', namespace, ...args], {
      encoding: 'utf8',
      ...(input !== undefined && { input: JSON.stringify(input) }),
    })
  kubectl(['create', 'namespace', namespace])
  kubectl(['apply', '-f', crd])
  kubectl(['wait', '--for=condition=Established', 'crd/guests.trove.dev'])
})
afterAll(async () => {
  await admin?.close()
  await api?.stop()
})

const spec: GuestSpec = {
  instance: { namespace: 'demo', name: 'db', uid: 'instance-uid' },
  datastore: 'postgresql',
  engine: 'postgresql',
  version: '17',
  image: 'image',
  flavor: { name: 'small', cpu: '1', memory: '1Gi' },
  volume: {},
  configuration: { hash: 'abc', formulas: 1, files: [{ name: 'engine.conf', content: 'setting\n' }], layers: { defaults: {} } },
  databases: [{ name: 'shop', ensure: 'Present' }],
  users: [{ name: 'app', ensure: 'Present', passwordRevision: 'r1', access: [{ database: 'shop', privilege: 'Owner' }] }],
}

/** A guest's objects, its launcher, and its agent with its own token. Gone at the end of the scope. */
async function guest(name: string) {
  const meta = { name, namespace }
  const subject = [{ kind: 'ServiceAccount', name, namespace }]
  const own = (resources: string[], verbs: string[], group = 'trove.dev') => ({
    apiGroups: [group],
    resources,
    resourceNames: [name],
    verbs,
  })
  const rules = [own(['guests'], ['get', 'list', 'watch']), own(['guests/status'], ['patch']), own(['secrets'], ['get'], '')]
  const items = [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: meta, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: meta,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
      subjects: subject,
    },
    { apiVersion: 'v1', kind: 'Secret', metadata: meta, stringData: { r1: 'password-1' } },
    { apiVersion: 'trove.dev/v1alpha1', kind: 'Guest', metadata: meta, spec },
  ]
  kubectl(['apply', '-f', '-'], { apiVersion: 'v1', kind: 'List', items })
  const client = connect(api.accessWith(kubectl(['create', 'token', name]).trim()))
  const log = openLog('error')
  const container = new LauncherProcess()
  const data = join(container.dir, 'data')
  mkdirSync(data)
  await container.start()
  const end = new AbortController()
  const collection = openCollection(guests, { namespace, fieldSelector: `metadata.name=${name}` }, { client, log, clock: systemClock })
  const agent = new Agent(
    {
      api: openGuestApi(meta, collection, client),
      launcher: openLauncher(container.dir),
      engines: { postgresql: async () => fakeEngine(container.dir) },
      mounts: { data, trove: container.dir },
      podUID: 'pod',
      version: 'test',
      startedAt: systemClock.now(),
      clock: systemClock,
      log,
    },
    end.signal,
  )
  const ended = Promise.all([collection.run(end.signal), agent.run()])
  const read = () => admin.get(guests, meta, { signal })
  return {
    container,
    read,
    until: async (what: string, wanted: (guest: Guest) => unknown) => {
      for (const deadline = performance.now() + 15_000; ; await pause(20)) {
        // An API server that has just been started does not know all of its paths yet.
        const seen = await read().catch(() => undefined)
        if (seen !== undefined && wanted(seen)) return seen
        if (performance.now() > deadline) throw new Error(`not seen: ${what}; status ${JSON.stringify(seen?.status)}`)
      }
    },
    async [Symbol.asyncDispose]() {
      end.abort()
      await ended
      container[Symbol.dispose]()
      await client.close()
    },
  }
}

const settled = ({ metadata, status }: Guest) =>
  status?.operatingStatus === 'HEALTHY' && status.observedGeneration === metadata.generation && status.users?.[0]?.state === 'Ready'

test('with its own rights a guest comes to HEALTHY, says so, and then writes nothing more', async () => {
  await using g = await guest('healthy')
  const { metadata, status } = await g.until('HEALTHY', settled)
  expect(status).toMatchObject({
    podUID: 'pod',
    databases: [{ name: 'shop', state: 'Ready' }],
    users: [{ name: 'app', state: 'Ready', passwordRevision: 'r1' }],
  })
  await pause(6000) // longer than a turn of its loop
  expect((await g.read()).metadata.resourceVersion).toBe(metadata.resourceVersion)
})

test('a Guest that is deleted under it takes nothing from the engine, and is not raised from the dead', async () => {
  await using g = await guest('deleted')
  await g.until('HEALTHY', settled)
  kubectl(['delete', 'guest', 'deleted'])
  g.container.kill9()
  await g.container.start()
  const deadline = performance.now() + 10_000
  while (g.container.processes('engine-').length === 0 && performance.now() < deadline) await pause(50)
  expect(g.container.processes('engine-').length).toBeGreaterThan(0)
  await pause(1000)
  expect(kubectl(['get', 'guests', '-o', 'name'])).not.toContain('deleted')
})

test('CredentialsLost: a Secret that is lost is told of each user that needs it, and delays no database', async () => {
  await using g = await guest('secretless')
  await g.until('HEALTHY', settled)
  kubectl(['delete', 'secret', 'secretless'])
  const change = async (what: object) => kubectl(['patch', 'guest', 'secretless', '--type=merge', '-p', JSON.stringify({ spec: what })])
  await change({ users: [...spec.users!, { name: 'late', ensure: 'Present', passwordRevision: 'r2' }] })
  const { status } = await g.until('the lost one', ({ status }) => status?.users?.some(u => u.name === 'late'))
  expect(status?.users).toMatchObject([
    { name: 'app', state: 'Ready' },
    { name: 'late', state: 'Failed', code: 'CredentialsLost' },
  ])
  await change({ databases: [...spec.databases!, { name: 'blog', ensure: 'Present' }] })
  await g.until('the database', ({ status }) => status?.databases?.some(d => d.name === 'blog' && d.state === 'Ready'))
})

test('an API server that goes away for a while learns afterwards what happened meanwhile', async () => {
  await using g = await guest('away')
  const before = await g.until('HEALTHY', settled)
  await api.restart(async () => {
    g.container.kill9()
    await g.container.start()
    await pause(1500)
  })
  const after = await g.until(
    'the new engine',
    ({ status }) => status?.engine?.lastExit?.code === 137 && status.operatingStatus === 'HEALTHY',
  )
  expect(after.status?.engine?.startedAt).not.toBe(before.status?.engine?.startedAt)
})

test('a CRD that does not know a field costs that field and nothing else', async () => {
  const fields = '/spec/versions/0/schema/openAPIV3Schema/properties/status/properties'
  kubectl(['patch', 'crd', 'guests.trove.dev', '--type=json', '-p', JSON.stringify([{ op: 'remove', path: `${fields}/configuration` }])])
  try {
    await using g = await guest('outdated')
    const { status, metadata } = await g.until('HEALTHY', settled)
    expect(status).not.toHaveProperty('configuration')
    await pause(6000)
    expect((await g.read()).metadata.resourceVersion).toBe(metadata.resourceVersion)
  } finally {
    kubectl(['apply', '-f', crd])
  }
})
