/**
 * What the operator's tests stand on: a real API server with `deploy/` installed, the operator as a child process under its own ServiceAccount
 * (so that its rights and fences are the real ones), and a node in memory.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Instance } from '../../../src/api/instance.ts'
import { type Client, connect } from '../../../src/kube/client.ts'
import { isNotFound } from '../../../src/kube/errors.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import {
  namespaces,
  networkpolicies,
  persistentvolumeclaims,
  pods,
  type Ref,
  type Resource,
  rolebindings,
  roles,
  secrets,
  serviceaccounts,
  services,
} from '../../../src/kube/resource.ts'
import { databases, databaseusers, guests, instances } from '../../../src/operator/resources.ts'
import { kubeBinaries } from '../../kind/binaries.ts'
import { startApiServer, type TestApiServer } from '../apiserver.ts'
import { type FakeNode, guestsNamespace, startFakeNode } from './fake-node.ts'

const root = join(import.meta.dirname, '../../..')
const signal = new AbortController().signal

export interface Rig {
  client: Client
  node: FakeNode
  server: TestApiServer
  /** Applies objects as a person would, through kubectl. */
  apply(...objects: object[]): Promise<void>
  kubectl(args: string[], input?: string): Promise<string>
  /** `settings` differ from the rig's own; `from` is another checkout than this one. */
  startOperator(settings?: Record<string, string>, from?: string): Promise<void>
  /** Ends it at once, in the middle of whatever it does. */
  killOperator(): Promise<void>
  /** Waits until the object is as `test` wants it; fails with what it was last. */
  until<T extends KubeObject>(r: Resource<T>, ref: Ref, test: (object: T | undefined) => boolean, what: string, ms?: number): Promise<T>
  /** Waits until nothing of the Instance is left in the guests' namespace. */
  untilEmpty(instance: string): Promise<void>
  /** What there is in the guests' namespace that belongs to Instances of this name, as Kind/name. */
  left(instance: string): Promise<string[]>
  newNamespace(): Promise<string>
  /** Every write of the operator that the API server saw since the test server started, as "verb resource namespace/name". */
  writes(): Promise<string[]>
  stop(): Promise<void>
}

export async function openRig(): Promise<Rig> {
  const dir = await mkdtemp(join(tmpdir(), 'operator-'))
  const audit = join(dir, 'audit.log')
  const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] }
  await writeFile(join(dir, 'audit.yaml'), JSON.stringify(policy))
  const server = await startApiServer({ flags: [`--audit-policy-file=${dir}/audit.yaml`, `--audit-log-path=${audit}`] })
  const client = connect(server.access)
  const { kubectl: binary } = await kubeBinaries()
  // Not waited for synchronously: the node is in this process, and has its part to play meanwhile.
  const kubectl = (args: string[], input?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(binary, ['--kubeconfig', server.kubeconfig, ...args], { encoding: 'utf8' }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(`kubectl ${args.join(' ')}: ${stderr}`))
      })
      child.stdin!.end(input ?? '')
    })
  await kubectl(['apply', '-k', join(root, 'deploy')])
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all'])
  await kubectl(['apply', '-k', join(root, 'deploy/catalog')])
  await kubectl(['apply', '-f', '-'], JSON.stringify(defaultClass))

  const token = (await kubectl(['create', 'token', 'trove-operator', '-n', 'trove-system', '--duration=10h'])).trim()
  const kubeconfig = join(dir, 'kubeconfig')
  const admin = JSON.parse(await readFile(server.kubeconfig, 'utf8'))
  await writeFile(kubeconfig, JSON.stringify({ ...admin, users: [{ name: 'admin', user: { token } }] }))

  let operator: ChildProcess | undefined
  const log = join(dir, 'operator.log')
  const killOperator = async (how: NodeJS.Signals = 'SIGKILL') => {
    if (operator === undefined || operator.exitCode !== null || operator.signalCode !== null) return
    const gone = new Promise(resolve => operator!.once('exit', resolve))
    operator.kill(how)
    await gone
  }
  const get = async <T extends KubeObject>(r: Resource<T>, ref: Ref): Promise<T | undefined> => {
    try {
      return await client.get(r, ref, { signal })
    } catch (error) {
      if (isNotFound(error)) return undefined
      throw error
    }
  }
  const node = await startFakeNode(server.access)
  let made = 0

  const rig: Rig = {
    client,
    node,
    server,
    kubectl,
    async apply(...objects) {
      await kubectl(['apply', '-f', '-'], objects.map(o => JSON.stringify(o)).join('\n---\n'))
    },
    async startOperator(settings = {}, from = root) {
      operator = spawn(join(root, 'node_modules/.bin/node'), [join(from, 'src/operator/main.ts')], {
        env: {
          PATH: process.env.PATH,
          KUBECONFIG: kubeconfig,
          TROVE_AGENT_IMAGE: 'trove.test/agent:1',
          TROVE_LEADER_ELECTION: 'off',
          TROVE_HEALTH_PORT: '0',
          TROVE_BINDING_RESYNC_SECONDS: '2',
          LOG_LEVEL: 'debug',
          ...settings,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const out = createWriteStream(log, { flags: 'a' })
      operator.stdout!.pipe(out, { end: false })
      operator.stderr!.pipe(out, { end: false })
    },
    killOperator: () => killOperator(),
    async until(r, ref, test, what, ms = 30_000) {
      const deadline = performance.now() + ms
      for (;;) {
        const found = await get(r, ref)
        if (test(found)) return found as never
        if (performance.now() > deadline) {
          const tail = (await readFile(log, 'utf8').catch(() => '')).slice(-3000)
          const { status, metadata } = (found ?? {}) as { status?: unknown; metadata?: unknown }
          expect.fail(`${what}: not within ${ms} ms. Last seen: ${JSON.stringify({ metadata, status }, undefined, 1)}\n${tail}`)
        }
        await pause(25)
      }
    },
    async left(instance) {
      const kinds = [guests, pods, persistentvolumeclaims, secrets, serviceaccounts, roles, rolebindings, services, networkpolicies]
      const found = await Promise.all(
        kinds.map(async r => {
          const labelSelector = `trove.dev/instance=${instance}`
          const page = await client.list(r as Resource<KubeObject>, { namespace: guestsNamespace, labelSelector, signal })
          return page.items.map(o => `${o.kind}/${o.metadata.name}`)
        }),
      )
      return found.flat()
    },
    async untilEmpty(instance) {
      await expect.poll(() => rig.left(instance), { timeout: 20_000, interval: 50 }).toEqual([])
    },
    writes: writesIn(audit),
    async newNamespace() {
      const name = `t${made++}`
      await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { signal })
      return name
    },
    async stop() {
      await killOperator('SIGTERM')
      await node.stop()
      await client.close()
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
  return rig
}

/** Reads on from where it read last: the log of a long run is long. */
function writesIn(audit: string): () => Promise<string[]> {
  const writing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])
  const found: string[] = []
  let at = 0
  const readOn = async () => {
    const file = await open(audit)
    try {
      const size = (await file.stat()).size - at
      if (size === 0) return
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, at)
      const whole = buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1
      at += whole
      for (const line of buffer.toString('utf8', 0, whole).split('\n')) {
        if (line === '') continue
        const e = JSON.parse(line) as { verb: string; user: { username: string }; objectRef?: Record<string, string> }
        if (e.user.username === 'system:serviceaccount:trove-system:trove-operator' && writing.has(e.verb))
          found.push(`${e.verb} ${e.objectRef?.resource} ${e.objectRef?.namespace}/${e.objectRef?.name}`)
      }
    } finally {
      await file.close()
    }
  }
  let reading = Promise.resolve()
  return async () => {
    reading = reading.then(readOn)
    await reading
    return [...found]
  }
}

const defaultClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: 'test.dev/none',
  volumeBindingMode: 'WaitForFirstConsumer',
}

const trove = (kind: string, namespace: string | undefined, name: string, spec: object) => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
  spec,
})

export const anInstance = (namespace: string, name: string, spec: object = {}) =>
  trove('Instance', namespace, name, {
    datastore: { type: 'postgresql' },
    flavorRef: { name: 'small' },
    volume: { size: '1Gi' },
    ...spec,
  })
export const aDatabase = (namespace: string, name: string, instance: string, spec: object = {}) =>
  trove('Database', namespace, name, { instanceRef: { name: instance }, name, ...spec })
export const aUser = (namespace: string, name: string, instance: string, spec: object = {}) =>
  trove('DatabaseUser', namespace, name, { instanceRef: { name: instance }, name, ...spec })
export const clusterWide = (kind: string, name: string, spec: object) => trove(kind, undefined, name, spec)

type Conditioned = KubeObject & {
  status?: { conditions?: { type: string; status: string; reason: string; observedGeneration?: number }[] }
}

/** What is said of the object as it is now, and not of an earlier generation. */
function condition(object: KubeObject | undefined, type: string) {
  const found = (object as Conditioned | undefined)?.status?.conditions?.find(c => c.type === type)
  return found?.observedGeneration === object?.metadata.generation ? found : undefined
}

/** `until` tests on conditions: the reason of Ready, whatever its status. */
export const readyReason =
  (reason: string) =>
  (object: KubeObject | undefined): boolean =>
    condition(object, 'Ready')?.reason === reason

export const conditionIs =
  (type: string, status: string, reason?: string) =>
  (object: KubeObject | undefined): boolean => {
    const found = condition(object, type)
    return found?.status === status && (reason === undefined || found.reason === reason)
  }

export const isActive = (object: Instance | undefined): boolean =>
  object?.status?.phase === 'ACTIVE' && object.status.operatingStatus === 'HEALTHY' && conditionIs('Ready', 'True')(object)

export { databases, databaseusers, guests, guestsNamespace, instances, signal }
