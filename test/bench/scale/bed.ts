/** What all measurements of one run share: one API server with its audit log, one node, one operator's program, and the tenant who asks for Instances. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Instance } from '../../../src/api/instance.ts'
import { API_VERSION } from '../../../src/api/kind.ts'
import { type Client, connect } from '../../../src/kube/client.ts'
import { namespaces, storageclasses } from '../../../src/kube/resource.ts'
import { databases, databaseusers, datastores, datastoreversions, flavors, instances } from '../../../src/operator/resources.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { type Collection, openCollection } from '../../../src/runtime/collection.ts'
import { startApiServer, type TestApiServer } from '../../integration/apiserver.ts'
import { buildOperator } from '../../integration/faults/bed.ts'
import { quiet } from '../../integration/runtime/rig.ts'
import { kubeBinaries } from '../../kind/binaries.ts'
import { openAudit } from './audit.ts'
import { guestsNamespace, tenant } from './names.ts'
import { type BenchNode, startNode } from './node.ts'
import { startOperator } from './program.ts'

export interface Bed {
  server: TestApiServer
  /** The tenant's hands. */
  client: Client
  node: BenchNode
  program: string
  instances: Collection<Instance>
  audit: Awaited<ReturnType<typeof openAudit>>
  /** All at once, as far as the connections go. */
  create(names: readonly string[]): Promise<void>
  /** Every one of them is Ready as it is now. */
  active(names: readonly string[]): Promise<void>
  /** Resolves once the test holds, which is looked at at each change of an Instance. */
  until(test: () => boolean): Promise<void>
  /** Everything in the two namespaces is gone, without anybody's finalizers having been asked. */
  wipe(): Promise<void>
  stop(): Promise<void>
}

const root = join(import.meta.dirname, '../../..')
export const { signal: never } = new AbortController()

export const namesOf = (count: number, prefix = 'i') => Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(4, '0')}`)

export const anInstance = (name: string) => ({
  apiVersion: API_VERSION,
  kind: 'Instance' as const,
  metadata: { name, namespace: tenant },
  spec: { datastore: { type: 'postgresql' }, flavorRef: { name: 'small' }, volume: { size: '1Gi' } },
})

/** What is written in namespaces, as etcd names it. */
const kept = [
  'trove.dev/instances',
  'trove.dev/configurationgroups',
  'trove.dev/databases',
  'trove.dev/databaseusers',
  'trove.dev/guests',
  ...['pods', 'services/specs', 'persistentvolumeclaims', 'serviceaccounts', 'secrets', 'configmaps', 'events', 'leases'],
  ...['roles', 'rolebindings', 'networkpolicies'],
]

/** By somebody who goes on from one measurement to the next. */
const watched = new Set(['trove.dev/instances', 'trove.dev/guests', 'pods', 'persistentvolumeclaims'])

export async function makeBed(): Promise<Bed> {
  const dir = await mkdtemp(join(tmpdir(), 'scale-'))
  const audit = await openAudit(dir)
  const server = await startApiServer({ flags: audit.flags })
  const { program, remove } = await buildOperator()
  const { kubectl } = await kubeBinaries()
  const run = (...args: string[]) => promisify(execFile)(kubectl, ['--kubeconfig', server.kubeconfig, ...args])
  await run('apply', '-k', join(root, 'crds'))
  await run('wait', '--for=condition=Established', 'crd', '--all')
  const client = connect(server.access, { userAgent: 'tenant' })
  const signal = never
  for (const name of [tenant, guestsNamespace]) {
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { signal })
  }
  const byDefault = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  await client.create(
    storageclasses,
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 'standard', annotations: byDefault },
      provisioner: 'test.dev/none',
      volumeBindingMode: 'WaitForFirstConsumer',
    } as never,
    { signal },
  )
  const trove = <K extends string, S>(kind: K, name: string, spec: S) => ({ apiVersion: API_VERSION, kind, metadata: { name }, spec })
  await client.create(datastores, trove('Datastore', 'postgresql', { engine: 'postgresql', defaultVersion: '17' }) as never, { signal })
  const offered = { datastoreRef: { name: 'postgresql' }, version: '17', image: 'postgres:17' }
  await client.create(datastoreversions, trove('DatastoreVersion', 'postgresql-17', offered) as never, { signal })
  await client.create(flavors, trove('Flavor', 'small', { cpu: '500m', memory: '512Mi' }) as never, { signal })

  const node = await startNode(server.access)
  const end = new AbortController()
  const seen = openCollection<Instance>(instances, { namespace: tenant }, { client, log: quiet, clock: systemClock })
  const waiting = new Set<() => void>()
  seen.subscribe(() => {
    for (const look of waiting) look()
  })
  const reflecting = seen.run(end.signal)
  const until = (test: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(look)
        reject(new Error('what was waited for did not come within five minutes'))
      }, 300_000)
      const look = () => {
        if (!test()) return
        clearTimeout(timer)
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const isActive = (name: string) => {
    const object = seen.get(`${tenant}/${name}`)
    const ready = object?.status?.conditions?.find(c => c.type === 'Ready')
    return object?.status?.phase === 'ACTIVE' && ready?.status === 'True' && ready.observedGeneration === object.metadata.generation
  }

  return {
    server,
    client,
    node,
    program,
    audit,
    instances: seen,
    async create(names) {
      await Promise.all(names.map(name => client.create(instances, anInstance(name) as never, { signal: never, deadlineMs: 300_000 })))
    },
    async active(names) {
      // Each is asked for until it is there, and not all of them at every change.
      const missing = [...names]
      await until(() => {
        while (missing.length > 0 && isActive(missing.at(-1)!)) missing.pop()
        return missing.length === 0
      })
    },
    until,
    async wipe() {
      const b64 = (text: string) => Buffer.from(text).toString('base64')
      for (const kind of kept) {
        for (const namespace of [tenant, guestsNamespace]) {
          const prefix = `/registry/${kind}/${namespace}/`
          const range = { key: b64(prefix), range_end: b64(`${prefix.slice(0, -1)}0`) }
          if (!watched.has(kind)) {
            await server.etcd('kv/deleterange', range)
            continue
          }
          // One revision each, as an API server deletes: a watch that is resumed in the middle of a revision would never tell of the rest of it.
          const { kvs = [] } = (await server.etcd('kv/range', { ...range, keys_only: true })) as { kvs?: { key: string }[] }
          const next = async () => {
            for (let at = kvs.pop(); at !== undefined; at = kvs.pop()) await server.etcd('kv/deleterange', { key: at.key })
          }
          await Promise.all(Array.from({ length: 16 }, next))
        }
      }
      while (!node.empty() || seen.list().length > 0) await pause(20)
    },
    async stop() {
      end.abort()
      await node.stop()
      await reflecting
      await client.close()
      await server.stop()
      await remove()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** An operator that has done all there was to do. */
export async function startedOperator(bed: Bed, identity?: string) {
  return startOperator({ program: bed.program, kubeconfig: bed.server.kubeconfig, ...(identity !== undefined && { identity }) })
}

export const aDatabase = (name: string, instance: string) => ({
  apiVersion: API_VERSION,
  kind: databases.kind,
  metadata: { name, namespace: tenant },
  spec: { instanceRef: { name: instance }, name },
})
export const aUser = (name: string, instance: string) => ({
  apiVersion: API_VERSION,
  kind: databaseusers.kind,
  metadata: { name, namespace: tenant },
  spec: { instanceRef: { name: instance }, name },
})
