/** Debian root file systems as tar files, made by mmdebstrap. The recipe is data, so it is its own cache key. */
import { join } from 'node:path'
import { ensurePart, type Part } from './cache.ts'
import { must } from './command.ts'
import type { Log } from './steps.ts'

export interface Rootfs {
  name: string
  suite: 'bookworm' | 'trixie'
  packages: string[]
  /** Shell lines run on the machine with the new root as $1: `early` once the essential packages are there, `late` at the end. */
  early?: string[]
  late?: string[]
}

/** The tar file's path. */
export async function ensureRootfs(rootfs: Rootfs, log: Log): Promise<string> {
  return join(await ensurePart(rootfsPart(rootfs), log), 'rootfs.tar')
}

function rootfsPart(rootfs: Rootfs): Part {
  return {
    name: `rootfs-${rootfs.name}`,
    title: `make a Debian ${rootfs.suite} root file system (${rootfs.name})`,
    inputs: rootfsInputs(rootfs),
    build: dir => buildRootfs(rootfs, join(dir, 'rootfs.tar')),
  }
}

export function rootfsInputs(rootfs: Rootfs): unknown {
  return { args: mmdebstrapArgs(rootfs), arch: process.arch }
}

export async function buildRootfs(rootfs: Rootfs, out: string): Promise<void> {
  await must('mmdebstrap', [...mmdebstrapArgs(rootfs), out])
}

/** What nobody reads inside a container. */
const leftOut = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*']

function mmdebstrapArgs(rootfs: Rootfs): string[] {
  return [
    '--variant=minbase',
    ...leftOut.map(path => `--dpkgopt=path-exclude=${path}`),
    `--include=${rootfs.packages.join(',')}`,
    ...(rootfs.early ?? []).map(line => `--essential-hook=${line}`),
    ...(rootfs.late ?? []).map(line => `--customize-hook=${line}`),
    rootfs.suite,
  ]
}
