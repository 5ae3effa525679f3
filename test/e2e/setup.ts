/** Before the first e2e test: the test cluster is up and this checkout's Trove is on it. */
import { type Cluster, up } from '../kind/cluster.ts'
import { provideImages, unsuitableImage } from '../kind/images.ts'
import { install, kubectl } from '../kind/install.ts'
import { stepLog } from '../kind/steps.ts'
import { flavor } from './objects.ts'

/** So long tests would otherwise wait for what the operator looks at again every five minutes. */
export const settings = { TROVE_BINDING_RESYNC_SECONDS: '10' }

/** The base of our own image: Node and nothing else. Where a registry is in reach the node pulls it. */
export const imageWithoutShell = ({ registry }: Pick<Cluster, 'registry'>) =>
  registry ? 'gcr.io/distroless/nodejs24-debian13:nonroot' : 'trove.local/node:24'

export async function setup(): Promise<void> {
  const log = stepLog()
  const cluster = await up('test', log)
  await install(cluster, log, settings)
  await unsuitableImage(cluster, log)
  if (!cluster.registry) await provideImages(cluster, [imageWithoutShell(cluster)], log)
  await kubectl(cluster, ['apply', '-f', '-'], 30_000, JSON.stringify(flavor))
}
