/**
 * Writes container images as archives, in the format that `docker load` and containerd both import, from tar files that become the layers.
 * Needs no Docker engine. The same layers and configuration always give the same image id.
 */
import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { must } from './command.ts'

export interface ImageSpec {
  /** Like "trove.local/postgres:17". */
  reference: string
  /** Uncompressed tar files, the lowest first. */
  layers: string[]
  entrypoint?: string[]
  cmd?: string[]
  env?: Record<string, string>
  user?: string
  workingDir?: string
}

/** An image's id is the digest of its configuration: what `docker inspect` calls Id and a node's runtime lists as the image's name. */
export type ImageId = string

export async function writeImageArchive(out: string, images: ImageSpec[]): Promise<Map<string, ImageId>> {
  const dir = mkdtempSync(join(dirname(out), 'archive-'))
  try {
    const digests = new Map<string, string>()
    for (const layer of new Set(images.flatMap(image => image.layers))) {
      const digest = await sha256File(layer)
      digests.set(layer, digest)
      // Equal layers of different images are one file in the archive.
      symlinkUnlessThere(resolve(layer), join(dir, `${digest}.tar`))
    }
    const ids = new Map<string, ImageId>()
    const manifest = images.map(image => {
      const layers = image.layers.map(layer => digests.get(layer)!)
      const config = JSON.stringify(imageConfig(image, layers))
      const id = createHash('sha256').update(config).digest('hex')
      writeFileSync(join(dir, `${id}.json`), config)
      ids.set(image.reference, `sha256:${id}`)
      return { Config: `${id}.json`, RepoTags: [image.reference], Layers: layers.map(digest => `${digest}.tar`) }
    })
    writeFileSync(join(dir, 'manifest.json'), JSON.stringify(manifest))
    await must('tar', ['--create', '--dereference', '--file', out, '--directory', dir, '.'])
    return ids
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function imageConfig(image: ImageSpec, layers: string[]): unknown {
  return {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      Env: Object.entries({ PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...image.env }).map(
        ([key, value]) => `${key}=${value}`,
      ),
      ...(image.entrypoint === undefined ? {} : { Entrypoint: image.entrypoint }),
      ...(image.cmd === undefined ? {} : { Cmd: image.cmd }),
      ...(image.user === undefined ? {} : { User: image.user }),
      WorkingDir: image.workingDir ?? '/',
    },
    rootfs: { type: 'layers', diff_ids: layers.map(digest => `sha256:${digest}`) },
    history: layers.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'trove' })),
  }
}

/** A folder as a layer. Owned by root throughout, without times, so that equal content is an equal layer. */
export async function writeLayer(out: string, dir: string): Promise<void> {
  mkdirSync(dirname(out), { recursive: true })
  const steady = ['--sort=name', '--mtime=@0', '--numeric-owner', '--owner=0', '--group=0']
  await must('tar', ['--create', ...steady, '--file', out, '--directory', dir, '.'])
}

async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

function symlinkUnlessThere(target: string, path: string): void {
  try {
    symlinkSync(target, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
