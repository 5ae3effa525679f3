/** Before the first e2e test: the test cluster is up and this checkout's Trove is on it. */
import { up } from '../kind/cluster.ts'
import { unsuitableImage } from '../kind/images.ts'
import { install, kubectl } from '../kind/install.ts'
import { stepLog } from '../kind/steps.ts'
import { flavor } from './objects.ts'

/** So long tests would otherwise wait for what the operator looks at again every five minutes. */
export const settings = { TROVE_BINDING_RESYNC_SECONDS: '10' }

export async function setup(): Promise<void> {
  const log = stepLog()
  const cluster = await up('test', log)
  await install(cluster, log, settings)
  await unsuitableImage(cluster, log)
  await kubectl(cluster, ['apply', '-f', '-'], 30_000, JSON.stringify(flavor))
}
