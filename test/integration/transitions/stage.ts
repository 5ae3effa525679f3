/** Opens what walks are on: the rig with an operator, watches on everything, and two classes of volumes, of which one lets them grow. */
import { openRig, type Rig } from '../operator/rig.ts'
import type { Stage } from './rest.ts'
import { elastic, rigid } from './statements/instance.ts'
import { openWatches, type Tenant } from './view.ts'

export interface OpenStage extends Stage {
  newTenant(): Promise<Tenant>
  stop(): Promise<void>
}

export async function openStage(patienceMs: number): Promise<OpenStage> {
  const rig: Rig = await openRig()
  const storageClass = (name: string, allowVolumeExpansion: boolean) => ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name },
    provisioner: 'test.dev/none',
    allowVolumeExpansion,
  })
  await rig.apply(storageClass(elastic, true), storageClass(rigid, false))
  const watches = await openWatches(rig.client)
  let walks = 0
  return {
    rig,
    watches,
    patienceMs,
    async newTenant() {
      return { namespace: await rig.newNamespace(), name: `w${String(walks++).padStart(4, '0')}` }
    },
    async stop() {
      await watches.stop()
      await rig.stop()
    },
  }
}
