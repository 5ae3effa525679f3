/** Builds programs from Go modules. The modules' go.mod and go.sum are the whole of the source: versions pinned, sums checked, no Go code. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must } from './command.ts'

export interface GoPrograms {
  /** Folder under node-image with go.mod and go.sum. */
  module: 'kubernetes' | 'runtime'
  packages: string[]
  ldflags: string
  tags?: string
  cgo?: boolean
  /** Names the one program; without it each is named by the last element of its package. */
  as?: string
}

/** What decides the result, for the cache's key. */
export function goInputs(programs: GoPrograms): unknown {
  const dir = moduleDir(programs.module)
  return { programs, arch: process.arch, mod: readFileSync(join(dir, 'go.mod'), 'utf8'), sum: readFileSync(join(dir, 'go.sum'), 'utf8') }
}

export async function goBuild(programs: GoPrograms, out: string): Promise<void> {
  // In a copy, because -mod=mod may write to go.sum, and a build must not change the checkout.
  const dir = mkdtempSync(join(tmpdir(), 'trove-go-'))
  try {
    for (const file of ['go.mod', 'go.sum']) copyFileSync(join(moduleDir(programs.module), file), join(dir, file))
    const tags = programs.tags === undefined ? [] : ['-tags', programs.tags]
    const target = programs.as === undefined ? `${out}/` : join(out, programs.as)
    const args = ['build', '-trimpath', ...tags, '-ldflags', programs.ldflags, '-o', target, ...programs.packages]
    await must('go', args, { cwd: dir, env: goEnv(programs.cgo ?? false) })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Builds a program that has a go.mod of its own, at a version. */
export async function goInstall(program: string, version: string, out: string): Promise<void> {
  await must('go', ['install', '-trimpath', '-ldflags', '-s -w', `${program}@${version}`], { env: { ...goEnv(false), GOBIN: out } })
}

export interface GoModule {
  path: string
  version: string
  /** Modules of their own inside its repository that its go.mod takes from beside it (`replace … => ./api`), all of the same version. */
  nested: string[]
}

/** Builds the main package of a module as its own releases are: by its own go.mod, with the replacements that `go install` refuses. */
export async function goBuildModule(module: GoModule, out: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'trove-go-'))
  try {
    await must('cp', ['-RT', '--no-preserve=mode', await goModuleFiles(module.path, module.version), dir])
    for (const name of module.nested)
      await must('cp', ['-RT', '--no-preserve=mode', await goModuleFiles(`${module.path}/${name}`, module.version), join(dir, name)])
    await must('go', ['build', '-trimpath', '-ldflags', '-s -w', '-o', `${out}/`, '.'], {
      cwd: dir,
      env: { ...goEnv(false), GOFLAGS: '-mod=readonly -buildvcs=false' },
    })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The folder with a module's files, downloaded and checked against the checksum database. */
export async function goModuleFiles(module: string, version: string): Promise<string> {
  const { stdout } = await must('go', ['mod', 'download', '-json', `${module}@${version}`], { env: goEnv(false), cwd: tmpdir() })
  return (JSON.parse(stdout) as { Dir: string }).Dir
}

function goEnv(cgo: boolean): Record<string, string> {
  // The machine's own Go or none: fetching another toolchain would hide which one is needed.
  return { GOTOOLCHAIN: 'local', GOFLAGS: '-mod=mod -buildvcs=false', CGO_ENABLED: cgo ? '1' : '0' }
}

function moduleDir(module: GoPrograms['module']): string {
  return join(import.meta.dirname, 'node-image', module)
}
