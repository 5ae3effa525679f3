/**
 * The build cache that all clones of a user share: one folder per part, named by the hash of everything that went into it. A part is built
 * aside and renamed when complete, under a lock, so a crash leaves nothing half-valid and no part is ever built twice at once.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { withLock } from './lock.ts'
import type { Log } from './steps.ts'

export interface Part {
  name: string
  /** What is shown while it is built. */
  title: string
  /** Everything that decides the content: versions, recipes, texts of scripts. Plain JSON. */
  inputs: unknown
  /** Makes the content in an empty folder. */
  build(dir: string): Promise<void>
}

export function cacheRoot(env: Record<string, string | undefined> = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'trove-on-kubernetes')
}

/** Twelve hex digits of a canonical form: the order of an object's keys does not matter. */
export function contentKey(inputs: unknown): string {
  return createHash('sha256').update(canonical(inputs)).digest('hex').slice(0, 12)
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'undefined'
}

export function partPath(part: Pick<Part, 'name' | 'inputs'>, root: string = cacheRoot()): string {
  return join(root, `${part.name}-${contentKey(part.inputs)}`)
}

/** The folder of a part, built now if no run before this one finished it. */
export async function ensurePart(part: Part, log: Log, root: string = cacheRoot()): Promise<string> {
  const path = partPath(part, root)
  if (existsSync(path)) return path
  mkdirSync(root, { recursive: true })
  const onWait = (holder: number) => log.note(`waiting for process ${holder}, which is at: ${part.title}`)
  return await withLock(
    `${path}.lock`,
    async () => {
      if (existsSync(path)) return path
      // What an interrupted build left; nobody else can be at it, for we hold the lock.
      const prefix = `.${basename(path)}.`
      for (const name of readdirSync(root)) if (name.startsWith(prefix)) rmSync(join(root, name), { recursive: true, force: true })
      const draft = mkdtempSync(join(root, prefix))
      try {
        await log.step(part.title, () => part.build(draft))
        renameSync(draft, path)
      } finally {
        rmSync(draft, { recursive: true, force: true })
      }
      return path
    },
    { onWait },
  )
}
