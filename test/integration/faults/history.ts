/**
 * What really happened in the cluster: every version of every object, told by the API server itself and past every fault. One set of watches
 * serves all trials; each trial sees its own part.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../../../src/kube/client.ts'
import type { ApiError } from '../../../src/kube/errors.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import {
  events,
  leases,
  namespaces,
  networkpolicies,
  persistentvolumeclaims,
  pods,
  type Resource,
  rolebindings,
  roles,
  secrets,
  serviceaccounts,
  services,
} from '../../../src/kube/resource.ts'
import {
  configurationgroups,
  databases,
  databaseusers,
  datastores,
  datastoreversions,
  flavors,
  guests,
  instances,
} from '../../../src/operator/resources.ts'

/** Owners before what they own. */
export const recorded = [
  namespaces,
  datastores,
  datastoreversions,
  flavors,
  instances,
  configurationgroups,
  databases,
  databaseusers,
  guests,
  pods,
  persistentvolumeclaims,
  secrets,
  serviceaccounts,
  roles,
  rolebindings,
  services,
  networkpolicies,
  events,
  leases,
] as Resource<KubeObject>[]

export interface Version {
  /** resourceVersion: an order over all objects of all kinds. */
  at: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  resource: string
  object: KubeObject
}

export type Loose = KubeObject & {
  spec?: Record<string, unknown>
  status?: Record<string, unknown>
  data?: Record<string, string>
  type?: string
}

/** One trial's part of the cluster, as it is and as it came to be. */
export interface View {
  versions: Version[]
  list(resource: string): Loose[]
  get(resource: string, name: string, namespace?: string): Loose | undefined
  /** Called after each change. Returns how to stop it. */
  onChange(handler: () => void): () => void
  /** Resolves with whether `test` held within so many milliseconds. */
  until(test: () => boolean, ms: number): Promise<boolean>
}

export interface History {
  /** From now on; `isMine` says what belongs to it. */
  view(isMine: (object: KubeObject) => boolean): View & { close(): void }
  stop(): Promise<void>
}

export async function recordHistory(client: Client): Promise<History> {
  const end = new AbortController()
  const views = new Set<{ isMine(object: KubeObject): boolean; take(v: Version): void }>()

  /** Tells when the watch stands. From then on any failure ends the whole run: a hole in the record would be a lie. */
  const follow = async (resource: Resource<KubeObject>, stands: () => void) => {
    const giveUp = performance.now() + 60_000
    for (let from: string | undefined; !end.signal.aborted; ) {
      const since = from === undefined ? ({ sendInitialEvents: true } as const) : { resourceVersion: from }
      try {
        for await (const event of client.watch(resource, { ...since, timeoutSeconds: 3000, signal: end.signal })) {
          if (event.type === 'BOOKMARK') {
            if (from === undefined && !event.initialEventsEnd) continue
            from = event.resourceVersion
            stands()
          } else if (from !== undefined) {
            from = event.object.metadata.resourceVersion
            const { managedFields: _, ...metadata } = event.object.metadata as KubeObject['metadata'] & { managedFields?: unknown }
            const version = { at: Number(from), type: event.type, resource: resource.plural, object: { ...event.object, metadata } }
            for (const view of views) if (view.isMine(version.object)) view.take(version)
          }
        }
      } catch (error) {
        const { reason } = error as ApiError
        // A kind that was installed a moment ago is not served well at once; as long as nothing was recorded nothing is missed.
        if (from === undefined && reason !== undefined && performance.now() < giveUp) await pause(100)
        // Of a kind of which there never was anything, a server says nothing for minutes. Asked from where it was, it leaves nothing out.
        else if (reason !== 'Timeout') throw error
      }
    }
  }
  const following: Promise<void>[] = []
  const standing = recorded.map(
    resource =>
      new Promise<void>((stands, failed) => {
        const ended = follow(resource, stands).catch((error: unknown) => {
          if (end.signal.aborted) return
          failed(error)
          throw error
        })
        following.push(ended)
      }),
  )
  await Promise.all(standing)

  return {
    view(isMine) {
      const versions: Version[] = []
      const now = new Map<string, Map<string, Loose>>()
      const handlers = new Set<() => void>()
      const entry = {
        isMine,
        take(v: Version) {
          versions.push(v)
          const { namespace = '', name } = v.object.metadata
          const key = `${namespace}/${name}`
          const those = now.get(v.resource) ?? new Map()
          now.set(v.resource, those)
          if (v.type === 'DELETED') those.delete(key)
          else those.set(key, v.object)
          for (const handler of handlers) handler()
        },
      }
      views.add(entry)
      const onChange = (handler: () => void) => {
        handlers.add(handler)
        return () => void handlers.delete(handler)
      }
      return {
        versions,
        list: resource => [...(now.get(resource)?.values() ?? [])],
        get: (resource, name, namespace = '') => now.get(resource)?.get(`${namespace}/${name}`),
        onChange,
        until: (test, ms) =>
          new Promise(resolve => {
            if (test()) return resolve(true)
            const settle = (held: boolean) => {
              clearTimeout(timer)
              stop()
              resolve(held)
            }
            const timer = setTimeout(settle, ms, false)
            const stop = onChange(() => test() && settle(true))
          }),
        close: () => views.delete(entry),
      }
    },
    async stop() {
      end.abort()
      await Promise.all(following)
    },
  }
}
