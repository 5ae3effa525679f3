/**
 * Which images the cluster's workloads run, and how they get onto the node. With a registry the node pulls the official engine images
 * itself; without one, images of the same shape are built here from Debian's packages, each when it is first asked for.
 */
import type { Cluster } from './cluster.ts'
import { must, run } from './command.ts'
import { ensureEngine } from './engine.ts'
import { type BuiltImage, ensureImage, type ImageRecipe } from './images/built-image.ts'
import { type DatastoreVersion, datastoreImages } from './images/datastores.ts'
import { buildUnsuitableFromRegistry, unsuitable } from './images/unsuitable.ts'
import { registryInReach } from './machine.ts'
import { SetupError } from './setup-error.ts'
import type { Log } from './steps.ts'

/** The image that runs a datastore version on this cluster; `provideEngines` sees to it that the node has it or can pull it. */
export function engineImage({ registry }: Pick<Cluster, 'registry'>, version: DatastoreVersion): string {
  const { official, built } = datastoreImages[version]
  if (registry) return official
  if (built === undefined)
    throw new SetupError(`Debian has no packages to build an image of ${version} from`, `let the machine reach the registry of ${official}`)
  return built.spec.reference
}

export async function provideEngines(cluster: Cluster, versions: readonly DatastoreVersion[], log: Log): Promise<void> {
  const images = versions.map(version => engineImage(cluster, version))
  if (!cluster.registry) await provideImages(cluster, images, log)
}

/** The image for a container of the Docker engine itself, without a cluster; it is there when this returns. */
export async function dockerImage(version: DatastoreVersion, log: Log): Promise<string> {
  await ensureEngine(log)
  const registry = await registryInReach()
  const image = engineImage({ registry }, version)
  const { built } = datastoreImages[version]
  if (registry || built === undefined) {
    await log.step(`pull ${image}`, () => must('docker', ['pull', '--quiet', image]))
    return image
  }
  const { id, archive } = await ensureImage(built, log)
  const { stdout } = await run('docker', ['image', 'inspect', '--format', '{{.Id}}', image])
  if (stdout.trim() !== id)
    await log.step(`load ${image} into the Docker engine`, () => must('docker', ['load', '--quiet', '--input', archive]))
  return image
}

/** For a test: an image that lacks tools that the launcher needs. */
export async function unsuitableImage(cluster: Cluster, log: Log): Promise<string> {
  const reference = cluster.registry ? await buildUnsuitableFromRegistry() : unsuitable.spec.reference
  await provideImages(cluster, [reference], log)
  return reference
}

/** Puts images onto the node, unless they are there: those that we know how to build, and whatever else the Docker engine holds. */
export async function provideImages(cluster: Cluster, references: string[], log: Log): Promise<void> {
  for (const reference of references) {
    const recipe = recipes.get(reference)
    if (recipe !== undefined && !cluster.registry) {
      const image: BuiltImage = await ensureImage(recipe, log)
      await log.step(`load ${reference} onto the node`, () => cluster.loadArchive(reference, image.id, image.archive))
    } else {
      if (recipe !== undefined && recipe !== unsuitable)
        throw new SetupError(`this cluster pulls official images: ${reference} is not built for it`)
      await log.step(`load ${reference} onto the node`, () => cluster.load([reference]))
    }
  }
}

const engineRecipes = Object.values(datastoreImages).flatMap(({ built }) => built ?? [])
const recipes = new Map<string, ImageRecipe>([...engineRecipes, unsuitable].map(recipe => [recipe.spec.reference, recipe]))
