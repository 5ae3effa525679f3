/**
 * A node, a provisioner and the agents of a thousand guests in memory. Each guest goes its own way as soon as something of it changes, and takes
 * the fewest writes that it can: the pod is bound, its volume is bound and it runs, its agent reports. Its kubelet takes calls and never answers.
 */

import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Guest, GuestStatus } from '../../../src/api/guest.ts'
import type { ClusterAccess } from '../../../src/kube/access.ts'
import { connect } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import {
  nodes,
  type PersistentVolumeClaim,
  type Pod,
  pathOf,
  persistentvolumeclaims,
  pods,
  type Resource,
} from '../../../src/kube/resource.ts'
import { openTransport } from '../../../src/kube/transport.ts'
import { same } from '../../../src/operator/compare.ts'
import { guests } from '../../../src/operator/resources.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { openCollection } from '../../../src/runtime/collection.ts'
import { type Key, keyOf } from '../../../src/runtime/store.ts'
import { pulledDigest } from '../../integration/operator/fake-node.ts'
import { quiet } from '../../integration/runtime/rig.ts'
import { guestsNamespace as namespace } from './names.ts'

export interface BenchNode {
  /** Changes what the agent of this guest says from now on. Resolves once it has said so. */
  report(guest: string, change: Partial<GuestStatus>): Promise<void>
  /** The agent says that all is well. */
  heal(guest: string): Promise<void>
  /** Nothing is there any more, and nothing is under way. */
  empty(): boolean
  stop(): Promise<void>
}

const manager = 'bench-node'
export const nodeAgent = 'bench-node'
const name = 'bench'

export async function startNode(access: ClusterAccess): Promise<BenchNode> {
  const kubelet = await silentServer()
  const client = connect(access, { userAgent: nodeAgent })
  const transport = openTransport(access, nodeAgent)
  const end = new AbortController()
  const { signal } = end
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } }, { signal })
  const wellness = {
    conditions: [{ type: 'Ready', status: 'True', reason: 'Bench', message: '' }],
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
  }
  await client.patch(nodes, { name }, { type: 'merge', body: { status: wellness } }, { manager, subresource: 'status', signal })

  const open = <T extends KubeObject>(r: Resource<T>, project?: (object: T) => T) =>
    openCollection<T>(r, { namespace, ...(project && { project }) }, { client, log: quiet, clock: systemClock })
  const all = { guests: open<Guest>(guests), pods: open<Pod>(pods, slim), claims: open<PersistentVolumeClaim>(persistentvolumeclaims) }
  const changes = new Map<Key, Partial<GuestStatus>>()

  const step = async (key: Key): Promise<void> => {
    const pod = all.pods.get(key)
    if (pod === undefined) return
    const { uid } = pod.metadata
    const ref = { namespace, name: pod.metadata.name }
    if (pod.metadata.deletionTimestamp !== undefined) {
      return void (await client.delete(pods, { ...ref, uid }, { gracePeriodSeconds: 0, signal }))
    }
    if (pod.spec?.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name }
      const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name: ref.name }, target }
      const answer = await transport.send({ method: 'POST', path: pathOf(pods, { ...ref, subresource: 'binding' }), body, signal }, 'unary')
      return void (await answer.text())
    }
    const claim = all.claims.get(key)
    if (claim === undefined) return
    if (claim.status?.phase !== 'Bound') {
      const status = { phase: 'Bound', accessModes: ['ReadWriteOncePod'], capacity: claim.spec?.resources?.requests }
      await all.claims.patch(ref, { type: 'merge', body: { status } }, { manager, subresource: 'status', signal })
    }
    if (pod.status?.phase !== 'Running') {
      await all.pods.patch(ref, { type: 'merge', body: { status: running() } }, { manager, subresource: 'status', signal })
    }
    const guest = all.guests.get(key)
    if (guest === undefined) return
    const status: GuestStatus = { ...reportOf(guest, uid, all.pods.get(key)?.status?.startTime ?? ''), ...changes.get(key) }
    if (same(guest.status, status)) return
    const { apiVersion, kind, metadata } = guest
    const object = { apiVersion, kind, metadata: { name: metadata.name, namespace, uid: metadata.uid }, status }
    await all.guests.apply(object, { manager: 'trove-guest', subresource: 'status', signal })
  }

  /** One way at a time for each guest; what happens meanwhile is looked at afterwards. */
  const busy = new Map<Key, { again: boolean; done: Promise<void> }>()
  const look = (key: Key): Promise<void> => {
    const at = busy.get(key)
    if (at !== undefined) {
      at.again = true
      return at.done
    }
    const state = { again: true, done: Promise.resolve() }
    state.done = (async () => {
      while (state.again && !signal.aborted) {
        state.again = false
        try {
          await step(key)
        } catch {
          // Somebody wrote first, or it is gone.
          if (signal.aborted) return
          state.again = true
          await pause(50)
        }
      }
      busy.delete(key)
    })()
    busy.set(key, state)
    return state.done
  }
  for (const c of [all.guests, all.pods, all.claims]) {
    c.subscribe(({ old, new: now }) => {
      const key = keyOf((now ?? old)!)
      if (now === undefined) changes.delete(key)
      void look(key)
    })
  }
  const reflectors = [all.guests, all.pods, all.claims].map(c => c.run(signal))
  while (![all.guests, all.pods, all.claims].every(c => c.hasSynced())) await pause(5)

  return {
    async report(guest, change) {
      const key = `${namespace}/${guest}`
      changes.set(key, { ...changes.get(key), ...change })
      await look(key)
    },
    async heal(guest) {
      const key = `${namespace}/${guest}`
      changes.delete(key)
      await look(key)
    },
    empty: () => busy.size === 0 && [all.guests, all.pods, all.claims].every(c => c.list().length === 0),
    async stop() {
      end.abort()
      kubelet.close()
      await Promise.all(reflectors)
      await Promise.all([client.close(), transport.close()])
    },
  }
}

/** Where it runs is all that matters here, and how it is. */
const slim = ({ spec, ...pod }: Pod): Pod => ({
  ...pod,
  spec: { containers: [], ...(spec?.nodeName !== undefined && { nodeName: spec.nodeName }) },
})

function running(): object {
  const now = new Date().toISOString().replace(/\.\d+Z/, 'Z')
  const container = (name: string, imageID: string) => ({
    name,
    image: 'x',
    imageID,
    restartCount: 0,
    ready: true,
    started: true,
    state: { running: { startedAt: now } },
  })
  return {
    phase: 'Running',
    startTime: now,
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(type => ({
      type,
      status: 'True',
      lastTransitionTime: now,
    })),
    initContainerStatuses: [container('guest-agent', 'x')],
    containerStatuses: [container('database', `docker.io/library/postgres@${pulledDigest}`)],
  }
}

function reportOf({ spec, metadata }: Guest, podUID: string, startedAt: string): GuestStatus {
  const outcome = (e: { ensure: string }) => ({ state: e.ensure === 'Absent' ? ('Absent' as const) : ('Ready' as const) })
  return {
    podUID,
    observedGeneration: metadata.generation ?? 0,
    agent: { version: 'bench', capabilities: ['databases', 'users', 'configuration', 'upgrade'] },
    operatingStatus: 'HEALTHY',
    engine: { version: spec.version, startedAt },
    configuration: { hash: spec.configuration.hash },
    volume: { initialised: true, usedPercent: 5 },
    ...(spec.databases && { databases: spec.databases.map(d => ({ name: d.name, ...outcome(d) })) }),
    ...(spec.users && { users: spec.users.map(u => ({ name: u.name, passwordRevision: u.passwordRevision, ...outcome(u) })) }),
  }
}

/** Takes every connection and says nothing on it. */
async function silentServer(): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
