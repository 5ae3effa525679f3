/**
 * What the operator's memory grows by, after all garbage was collected: with the Instances that it has, and with large objects in tenants'
 * namespaces that are none of its business. Only differences are given: this program reads a kubeconfig, which the one in a pod does not.
 */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { type Resource, secrets } from '../../../src/kube/resource.ts'
import { type Bed, never, startedOperator } from './bed.ts'
import { guestsNamespace, tenant } from './names.ts'
import { caughtUp } from './program.ts'
import { median } from './statistics.ts'

const configmaps: Resource<KubeObject> = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }
const repeats = 3

/** RSS in MiB of an operator that has just caught up with so many Instances: the median of three. */
export async function atRest(bed: Bed, instances: number): Promise<number> {
  const all: number[] = []
  for (let i = 0; i < repeats; i++) {
    const operator = await startedOperator(bed)
    await caughtUp(operator, instances)
    await pause(500)
    all.push((await operator.collected()).rssMiB)
    await operator.kill()
  }
  return median(all)
}

/** MiB by which it grows while `objects` large Secrets and ConfigMaps come to be in a namespace: the median of three. */
export async function growthFromStrangers(bed: Bed, instances: number, objects: number, where: 'tenant' | 'guests'): Promise<number> {
  const all: number[] = []
  for (let i = 0; i < repeats; i++) {
    const operator = await startedOperator(bed)
    await caughtUp(operator, instances)
    await pause(500)
    const before = await operator.collected()
    await strangers(bed, objects, where === 'tenant' ? tenant : guestsNamespace)
    await pause(1000)
    all.push((await operator.collected()).rssMiB - before.rssMiB)
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
    const [r, data] = i % 2 === 0 ? [secrets, Buffer.from(text).toString('base64')] : [configmaps, text + text]
    const { apiVersion, kind } = { apiVersion: 'v1', kind: r.kind }
    // In chunks that the API server takes: 1 MiB is the most for a Secret.
    await bed.client.create(r as Resource<KubeObject>, { apiVersion, kind, metadata, data: { blob: data } } as never, { signal: never })
  }
  for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: Math.min(20, count - i) }, (_, j) => create(i + j)))
}

async function removeStrangers(bed: Bed): Promise<void> {
  const b64 = (text: string) => Buffer.from(text).toString('base64')
  for (const kind of ['secrets', 'configmaps']) {
    for (const namespace of [tenant, guestsNamespace]) {
      const prefix = `/registry/${kind}/${namespace}/stranger-`
      await bed.server.etcd('kv/deleterange', { key: b64(prefix), range_end: b64(`${prefix.slice(0, -1)}.`) })
    }
  }
}
