/**
 * Our own image, with operator and agent: bundles the sources and builds deploy/Dockerfile, on distroless Node where a registry is in reach
 * and on a base of the same shape elsewhere. The tag follows the content.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, programsIn } from '../../../deploy/build.ts'
import { contentKey } from '../cache.ts'
import { must, run } from '../command.ts'
import { thisCheckout } from '../names.ts'
import type { Log } from '../steps.ts'
import { ensureImage } from './built-image.ts'
import { nodeBase } from './node-base.ts'

const distroless = 'gcr.io/distroless/nodejs24-debian13:nonroot'

export interface OperatorImageOptions {
  /** Whether a registry is in reach: `Cluster.registry`. */
  registry: boolean
  log: Log
  /** Another folder with a `src` (below the checkout, so that dependencies are found): a variant of the product, for upgrade tests. */
  source?: string
}

/** The full reference of an image that the Docker engine holds. */
export async function operatorImage(options: OperatorImageOptions): Promise<string> {
  const { log } = options
  const base = options.registry ? { reference: distroless, key: distroless } : await localBase(log)
  const dockerfile = join(thisCheckout(), 'deploy', 'Dockerfile')
  const context = mkdtempSync(join(tmpdir(), 'trove-image-'))
  try {
    await log.step('bundle operator and agent', () => bundle(options.source ?? thisCheckout(), context))
    const content = programsIn(context).map(name => readFileSync(join(context, name), 'utf8'))
    const image = `trove.local/trove:dev-${contentKey([...content, readFileSync(dockerfile, 'utf8'), base.key])}`
    if ((await run('docker', ['image', 'inspect', image])).code === 0) return image
    const args = ['build', '--quiet', '--file', dockerfile, '--build-arg', `BASE=${base.reference}`, '--tag', image, context]
    await log.step(`build ${image}`, () => must('docker', args, { env: { DOCKER_BUILDKIT: '0' } }))
    return image
  } finally {
    rmSync(context, { recursive: true, force: true })
  }
}

async function localBase(log: Log): Promise<{ reference: string; key: string }> {
  const base = await ensureImage(await nodeBase(), log)
  if ((await run('docker', ['image', 'inspect', '--format', '{{.Id}}', base.reference])).stdout.trim() !== base.id) {
    await log.step(`load ${base.reference} into the Docker engine`, () => must('docker', ['load', '--input', base.archive]))
  }
  return { reference: base.reference, key: base.id }
}
