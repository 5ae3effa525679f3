/**
 * The parts of kube-controller-manager that a trial needs, for one trial's namespaces: the garbage collector, which deletes what has no owner
 * left, and the namespace controller, which empties a namespace that is being deleted and then lets it go.
 */
import type { Client } from '../../../src/kube/client.ts'
import { isConflict, isNotFound } from '../../../src/kube/errors.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Resource } from '../../../src/kube/resource.ts'
import { openPasses } from '../passes.ts'
import { recorded, type View } from './history.ts'
import type { Upstream } from './proxy.ts'

export interface ControlPlaneOptions {
  client: Client
  upstream: Upstream
  view: View
  /** Waited for before each deletion, so that things take a while. */
  pace: () => Promise<void>
}

/** What is in a namespace, or owns and is owned. */
const kinds = recorded.filter(r => r.namespaced && r.plural !== 'events' && r.plural !== 'leases')

export function startControlPlane({ client, upstream, view, pace }: ControlPlaneOptions): { stop(): Promise<void> } {
  const end = new AbortController()
  const { signal } = end

  const remove = async (r: Resource<KubeObject>, { metadata: { namespace, name, uid } }: KubeObject) => {
    await pace()
    await client.delete(r, { name, uid, ...(namespace !== undefined && { namespace }) }, { signal })
  }

  /** The cache of one kind may be behind that of another: an owner is gone only if the server says so. */
  const isGone = async ({ kind, name, uid }: { kind: string; name: string; uid: string }, namespace: string): Promise<boolean> => {
    const r = kinds.find(k => k.kind === kind)
    if (r === undefined || view.list(r.plural).some(o => o.metadata.uid === uid)) return false
    try {
      return (await client.get(r, { namespace, name }, { signal })).metadata.uid !== uid
    } catch (error) {
      if (isNotFound(error)) return true
      throw error
    }
  }

  const collectGarbage = async () => {
    for (const r of kinds) {
      for (const object of view.list(r.plural)) {
        const { ownerReferences = [], namespace, deletionTimestamp } = object.metadata
        if (ownerReferences.length === 0 || deletionTimestamp !== undefined) continue
        const gone = await Promise.all(ownerReferences.map(o => isGone(o, namespace!)))
        if (gone.every(Boolean)) await remove(r, object)
      }
    }
  }

  const endNamespaces = async () => {
    for (const { metadata } of view.list('namespaces').filter(n => n.metadata.deletionTimestamp !== undefined)) {
      const left = kinds.flatMap(r => view.list(r.plural).map(object => ({ r, object })))
      const inside = left.filter(({ object }) => object.metadata.namespace === metadata.name)
      for (const { r, object } of inside) if (object.metadata.deletionTimestamp === undefined) await remove(r, object)
      if (inside.length > 0) continue
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: metadata.name }, spec: { finalizers: [] } })
      await upstream.text('PUT', `/api/v1/namespaces/${metadata.name}/finalize`, body)
    }
  }

  const pass = () =>
    collectGarbage()
      .then(endNamespaces)
      .catch((error: unknown) => {
        if (signal.aborted) return
        if (!isConflict(error)) throw error
        setTimeout(look, 50)
      })
  const { look, ended } = openPasses(pass, signal)
  const unsubscribe = view.onChange(look)
  return {
    async stop() {
      unsubscribe()
      end.abort()
      await ended()
    },
  }
}
