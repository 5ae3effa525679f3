/** Flux's kustomize-controller in the shape of the official image, built where no registry is in reach: one static program, no shell, no git. */
import { basename, dirname, join } from 'node:path'
import { writeLayer } from '../image-archive.ts'
import { kustomizeControllerVersion } from '../versions.ts'
import type { ImageRecipe } from './built-image.ts'
import { addProgram, addSkeleton } from './from-host.ts'

export const officialKustomizeController = `ghcr.io/fluxcd/kustomize-controller:${kustomizeControllerVersion}`

/** `programs` is the part of the build cache with the program; its name tells what is in it. */
export function kustomizeControllerImage(programs: string): ImageRecipe {
  return {
    name: 'kustomize-controller',
    spec: {
      reference: `trove.local/kustomize-controller:${kustomizeControllerVersion}`,
      entrypoint: ['/usr/local/bin/kustomize-controller'],
      user: '65534',
    },
    inputs: { program: basename(programs) },
    async writeLayer(out) {
      const root = join(dirname(out), 'root')
      addSkeleton(root)
      await addProgram(root, join(programs, 'kustomize-controller'), '/usr/local/bin/kustomize-controller')
      await writeLayer(out, root)
    },
  }
}
