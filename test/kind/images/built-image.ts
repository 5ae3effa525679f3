/** An image made on this machine and kept in the build cache as an archive, ready to be put onto a node. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePart } from '../cache.ts'
import { type ImageSpec, writeImageArchive } from '../image-archive.ts'
import type { Log } from '../steps.ts'

export interface BuiltImage {
  reference: string
  id: string
  archive: string
}

export interface ImageRecipe {
  name: string
  spec: Omit<ImageSpec, 'layers'>
  /** Everything that decides the layer. */
  inputs: unknown
  /** Writes the one layer's tar file; may use the folder that it is in for its work. */
  writeLayer(out: string): Promise<void>
}

export async function ensureImage(recipe: ImageRecipe, log: Log): Promise<BuiltImage> {
  const { reference } = recipe.spec
  const dir = await ensurePart(
    {
      name: `image-${recipe.name}`,
      title: `build ${reference}`,
      inputs: { spec: recipe.spec, inputs: recipe.inputs },
      async build(part) {
        const layer = join(part, 'layer', 'layer.tar')
        await recipe.writeLayer(layer)
        const ids = await writeImageArchive(join(part, 'image.tar'), [{ ...recipe.spec, layers: [layer] }])
        writeFileSync(join(part, 'id'), ids.get(reference)!)
        rmSync(join(part, 'layer'), { recursive: true })
      },
    },
    log,
  )
  return { reference, id: readFileSync(join(dir, 'id'), 'utf8'), archive: join(dir, 'image.tar') }
}
