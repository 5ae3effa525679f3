/**
 * What the operator's memory grows by, after all garbage was collected: with the Instances that it has, and with large objects in tenants'
 * namespaces that are none of its business. Only differences are given: this program reads a kubeconfig, which the one in a pod does not.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { leases, type Resource, secrets } from '../../../src/kube/resource.ts'
import { microTime } from '../../../src/runtime/lease.ts'
import { median } from '../statistics.ts'
import { type Bed, never, startedOperator } from './bed.ts'
import { guestsNamespace, tenant } from './names.ts'
import { caughtUp } from './program.ts'

const configmaps: Resource<KubeObject> = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }
const repeats = 3

/**
 * MiB of RSS per 1,000 Instances, from one tenth of them to all: the median of three processes. They are standbys, which keep the same caches
 * and queues as a leader, so that three can be measured at once; what a process takes in its first minute whatever it does is not in it.
 */
export async function slope(bed: Bed, names: readonly string[], populate: (names: readonly string[]) => Promise<void>): Promise<number> {
  const spec = { holderIdentity: 'nobody', leaseDurationSeconds: 3600, renewTime: microTime(new Date()) }
  const metadata = { name: 'trove-operator', namespace: guestsNamespace }
  await bed.client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec } as never, { signal: never })
  const standbys = await Promise.all(Array.from({ length: repeats }, (_, i) => startedOperator(bed, `standby-${i}`)))
  const measured = async () => {
    await pause(3000)
    return Promise.all(standbys.map(s => s.collectedMiB()))
  }
  const first = Math.floor(names.length / 10)
  await populate(names.slice(0, first))
  const before = await measured()
  await populate(names)
  const after = await measured()
  await Promise.all(standbys.map(s => s.kill()))
  return (median(after.map((rss, i) => rss - before[i]!)) * 1000) / (names.length - first)
}

/** MiB by which it grows while `objects` large Secrets and ConfigMaps come to be in a namespace: the median of three. */
export async function growthFromStrangers(bed: Bed, instances: number, objects: number, where: 'tenant' | 'guests'): Promise<number> {
  const all: number[] = []
  for (let i = 0; i < repeats; i++) {
    const operator = await startedOperator(bed)
    await caughtUp(operator, instances)
    await pause(500)
    const before = await operator.collectedMiB()
    await strangers(bed, objects, where === 'tenant' ? tenant : guestsNamespace)
    await pause(1000)
    all.push((await operator.collectedMiB()) - before)
    await operator.kill()
    await removeStrangers(bed)
  }
  return median(all)
}

/** Half of them Secrets, half ConfigMaps, 512 KB each. */
async function strangers(bed: Bed, count: number, namespace: string): Promise<void> {
  const text = randomBytes(192 * 1024).toString('base64')
  const create = async (i: number) => {
    const metadata = { name: `stranger-${i}`, namespace }
    const [r, data] = i % 2 === 0 ? [secrets, Buffer.from(text + text).toString('base64')] : [configmaps, text + text]
    const { apiVersion, kind } = { apiVersion: 'v1', kind: r.kind }
    // In chunks that the API server takes: 1 MiB is the most for a Secret.
    await bed.client.create(r as Resource<KubeObject>, { apiVersion, kind, metadata, data: { blob: data } } as never, {
      signal: never,
      deadlineMs: 120_000,
    })
  }
  for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: Math.min(20, count - i) }, (_, j) => create(i + j)))
}

/** Nor do etcd and the API server keep them, who would between them need more memory than a machine may have: history is forgotten, caches are new. */
async function removeStrangers({ server }: Bed): Promise<void> {
  const b64 = (text: string) => Buffer.from(text).toString('base64')
  await server.restart(async () => {
    let last: { header?: { revision: string } } = {}
    for (const kind of ['secrets', 'configmaps']) {
      for (const namespace of [tenant, guestsNamespace]) {
        const prefix = `/registry/${kind}/${namespace}/stranger-`
        last = await server.etcd('kv/deleterange', { key: b64(prefix), range_end: b64(`${prefix.slice(0, -1)}.`) })
      }
    }
    await server.etcd('kv/compaction', { revision: last.header!.revision, physical: true })
  })
}
