/**
 * Which images the cluster's workloads run, and how they get onto the node. With a registry the node pulls the official engine images
 * itself; without one, images of the same shape are built here from Debian's packages.
 */
import type { Cluster } from './cluster.ts'
import { type BuiltImage, ensureImage, type ImageRecipe } from './images/built-image.ts'
import { postgres15, postgres17 } from './images/postgres.ts'
import { buildUnsuitableFromRegistry, unsuitable } from './images/unsuitable.ts'
import { SetupError } from './setup-error.ts'
import type { Log } from './steps.ts'

export interface EngineImages {
  postgres17: string
  postgres15: string
}

/** Engine images that the node has or can pull. */
export async function engineImages(cluster: Cluster, log: Log): Promise<EngineImages> {
  if (cluster.registry) return { postgres17: 'postgres:17', postgres15: 'postgres:15' }
  const images = { postgres17: postgres17.spec.reference, postgres15: postgres15.spec.reference }
  await provideImages(cluster, Object.values(images), log)
  return images
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
      if (reference.startsWith('trove.local/postgres:'))
        throw new SetupError(`this cluster pulls official images: ${reference} is not built for it`)
      await log.step(`load ${reference} onto the node`, () => cluster.load([reference]))
    }
  }
}

const recipes = new Map<string, ImageRecipe>([postgres17, postgres15, unsuitable].map(recipe => [recipe.spec.reference, recipe]))
