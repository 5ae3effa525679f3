/** Puts this checkout's Trove on a cluster: images, CRDs, operator, catalog. A repeat changes only what differs. */
import { join } from 'node:path'
import type { Cluster } from './cluster.ts'
import { must } from './command.ts'
import { operatorImage } from './images/operator.ts'
import { provideEngines } from './images.ts'
import { thisCheckout } from './names.ts'
import { SetupError } from './setup-error.ts'
import type { Log } from './steps.ts'

/** The image that deploy/ names, replaced by the one built from this checkout. */
const placeholder = 'trove.local/trove:dev'

/** What a newcomer begins with. Images of the other engines that the catalog offers are loaded by who needs them. */
const atFirst = ['postgresql:17', 'postgresql:15'] as const

export interface Installed {
  /** The operator's image, which the guest agents run from too. */
  image: string
}

/** Settings of the operator, as deploy/operator/deployment.yaml names them, that differ on this cluster. */
export type Settings = Record<string, string>

export async function install(cluster: Cluster, log: Log, settings: Settings = {}): Promise<Installed> {
  await provideEngines(cluster, atFirst, log)
  const image = await operatorImage({ registry: cluster.registry, log })
  await log.step('load the operator’s image onto the node', () => cluster.load([image]))
  await applyOperator(cluster, image, log, settings)
  return { image }
}

export async function applyOperator(cluster: Cluster, image: string, log: Log, settings: Settings = {}): Promise<void> {
  await log.step('apply deploy/', async () => {
    await applyText(cluster, withSettings((await render(cluster, 'deploy')).replaceAll(placeholder, image), settings))
    await kubectl(cluster, ['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--selector=app.kubernetes.io/part-of=trove'])
    await applyText(cluster, await render(cluster, cluster.registry ? 'deploy/catalog' : 'deploy/catalog-debian'))
  })
  await log.step('wait for the operator', () =>
    kubectl(cluster, ['rollout', 'status', '--namespace=trove-system', 'deployment/trove-operator', '--timeout=180s'], 200_000),
  )
}

export async function render(cluster: Cluster, folder: string): Promise<string> {
  return (await must(cluster.kubectlPath, ['kustomize', join(thisCheckout(), folder)])).stdout
}

function withSettings(manifests: string, settings: Settings): string {
  let text = manifests
  for (const [name, value] of Object.entries(settings)) {
    const changed = text.replace(new RegExp(`(- name: ${name}\\n\\s+value: ).*`), `$1"${value}"`)
    if (changed === text) throw new SetupError(`deploy/ has no setting ${name}`)
    text = changed
  }
  return text
}

async function applyText(cluster: Cluster, manifests: string): Promise<void> {
  await kubectl(cluster, ['apply', '--filename=-'], 60_000, manifests)
}

/** kubectl that must succeed; its own words are the error. */
export async function kubectl(cluster: Cluster, args: string[], timeoutMs = 60_000, input?: string): Promise<string> {
  const outcome = await cluster.kubectl(args, { timeoutMs, ...(input !== undefined && { input }) })
  if (outcome.code !== 0) throw new SetupError(`kubectl ${args.join(' ')} failed:\n${outcome.stderr.trim() || outcome.stdout.trim()}`)
  return outcome.stdout
}
