/** Debian root file systems as tar files, made by mmdebstrap. The recipe is data, so it is its own cache key. */
import { mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ensurePart, type Part } from './cache.ts'
import { must } from './command.ts'
import type { Log } from './steps.ts'

export interface Rootfs {
  name: string
  /** `sid` moves: what is built from it is what it had that day. */
  suite: 'bookworm' | 'trixie' | 'sid'
  packages: string[]
  /** Shell lines run on the machine with the new root as $1: `early` once the essential packages are there, `late` at the end. */
  early?: string[]
  late?: string[]
  /** Whether what the lines above make in /run stays. */
  keepsRun?: boolean
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

/** The version of a package in a root file system's tar file, as its own dpkg has it on record. */
export async function packageVersion(tar: string, name: string): Promise<string> {
  const dir = mkdtempSync(join(dirname(tar), 'dpkg-'))
  try {
    await must('tar', ['--extract', '--file', tar, '--directory', dir, './var/lib/dpkg/status'])
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholder
    const query = [`--admindir=${join(dir, 'var/lib/dpkg')}`, '--show', '--showformat=${Version}', name]
    return (await must('dpkg-query', query)).stdout
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** What nobody reads inside a container. */
const leftOut = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*']

/** Only unstable's index expires, after a week; a mirror that stands still for longer serves as well. Signatures are checked all the same. */
const anyAge = '--aptopt=Acquire::Check-Valid-Until "false"'

function mmdebstrapArgs(rootfs: Rootfs): string[] {
  return [
    '--variant=minbase',
    ...(rootfs.suite === 'sid' ? [anyAge] : []),
    ...(rootfs.keepsRun ? ['--skip=cleanup/run'] : []),
    ...leftOut.map(path => `--dpkgopt=path-exclude=${path}`),
    `--include=${rootfs.packages.join(',')}`,
    ...(rootfs.early ?? []).map(line => `--essential-hook=${line}`),
    ...(rootfs.late ?? []).map(line => `--customize-hook=${line}`),
    rootfs.suite,
  ]
}
