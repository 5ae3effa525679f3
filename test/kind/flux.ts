/**
 * Flux's kustomize-controller on a cluster, from its own manifests, as a platform team with several tenants runs it: no Kustomization may read
 * a source of another namespace. source-controller is not run: whoever wants something applied says in a source's status where it is.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fluxManifests, kustomizeController } from './binaries.ts'
import type { Cluster } from './cluster.ts'
import { must } from './command.ts'
import { ensureImage } from './images/built-image.ts'
import { kustomizeControllerImage, officialKustomizeController } from './images/kustomize-controller.ts'
import { kubectl } from './install.ts'
import type { Log } from './steps.ts'

const namespace = 'flux-system'

/** An archive that is not to be had is asked for again at the next round: by itself Flux would ask for minutes, and let go of nothing meanwhile. */
const args = ['--no-cross-namespace-refs=true', '--http-retry=0']

export async function installFlux(cluster: Cluster, log: Log): Promise<void> {
  const image = await controllerImage(cluster, log)
  const text = await manifests(cluster, image, log)
  await log.step('install Flux’s kustomize-controller', async () => {
    await kubectl(cluster, ['apply', '--server-side', '--filename=-'], 60_000, text)
    await kubectl(cluster, ['rollout', 'status', `--namespace=${namespace}`, 'deployment/kustomize-controller', '--timeout=180s'], 200_000)
  })
}

/** With its kinds. Whatever still has a finalizer of Flux's would wait for ever: there must be no Kustomization left. */
export async function removeFlux(cluster: Cluster, log: Log): Promise<void> {
  const text = await manifests(cluster, officialKustomizeController, log)
  await log.step('remove Flux', () => kubectl(cluster, ['delete', '--ignore-not-found', '--filename=-'], 120_000, text))
}

async function controllerImage(cluster: Cluster, log: Log): Promise<string> {
  if (cluster.registry) return officialKustomizeController
  const image = await ensureImage(kustomizeControllerImage(await kustomizeController(log)), log)
  await log.step(`load ${image.reference} onto the node`, () => cluster.loadArchive(image.reference, image.id, image.archive))
  return image.reference
}

async function manifests(cluster: Cluster, image: string, log: Log): Promise<string> {
  const own = await fluxManifests(log)
  const dir = mkdtempSync(join(tmpdir(), 'trove-flux-'))
  try {
    await must('cp', ['-RT', own, join(dir, 'flux')])
    const [newName, newTag] = image.split(/:(?=[^:]*$)/)
    const kustomization = {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      namespace,
      resources: ['namespace.yaml', ...['crd', 'source-crd', 'rbac', 'manager'].map(name => `flux/${name}`)],
      images: [{ name: 'fluxcd/kustomize-controller', newName, newTag }],
      patches: [
        {
          target: { kind: 'Deployment', name: 'kustomize-controller' },
          patch: JSON.stringify(args.map(value => ({ op: 'add', path: '/spec/template/spec/containers/0/args/-', value }))),
        },
      ],
    }
    writeFileSync(join(dir, 'kustomization.yaml'), JSON.stringify(kustomization))
    writeFileSync(join(dir, 'namespace.yaml'), JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }))
    return (await must(cluster.kubectlPath, ['kustomize', dir])).stdout
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
