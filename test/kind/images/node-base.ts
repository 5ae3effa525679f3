/**
 * The base of our own image where no registry is in reach, in the shape of gcr.io/distroless/nodejs24: Node at /nodejs/bin/node, the user
 * 65532, CA certificates, no shell. Node is the one that this project's package.json pins; its libraries are this machine's.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeLayer } from '../image-archive.ts'
import { thisCheckout } from '../names.ts'
import type { ImageRecipe } from './built-image.ts'
import { addProgram, addSkeleton, sharedLibraries } from './from-host.ts'

const certificates = '/etc/ssl/certs/ca-certificates.crt'

export async function nodeBase(): Promise<ImageRecipe> {
  const node = realpathSync(join(thisCheckout(), 'node_modules', '.bin', 'node'))
  const files = [node, certificates, ...(await sharedLibraries(node))]
  return {
    name: 'node-24',
    spec: {
      reference: 'trove.local/node:24',
      entrypoint: ['/nodejs/bin/node'],
      env: { SSL_CERT_FILE: certificates },
      user: '65532',
      workingDir: '/home/nonroot',
    },
    inputs: files.map(file => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]),
    async writeLayer(out) {
      const root = join(dirname(out), 'root')
      addSkeleton(root)
      await addProgram(root, node, '/nodejs/bin/node')
      mkdirSync(dirname(join(root, certificates)), { recursive: true })
      copyFileSync(certificates, join(root, certificates))
      await writeLayer(out, root)
    },
  }
}
