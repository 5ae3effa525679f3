/**
 * A lock between processes: a file that names its holder. A holder that died without letting go is recognised (its pid is gone, or the
 * pid belongs to a process started later) and its lock is broken.
 */
import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SetupError } from './setup-error.ts'

export interface LockOptions {
  /** How long to wait for another holder. Default: one hour, as a first build may take most of it on a small machine. */
  deadlineMs?: number
  /** Called once if somebody else holds the lock. */
  onWait?: (holder: number) => void
}

const hourMs = 3_600_000
const retryMs = 200
/** Breaking a stale lock takes microseconds: whoever has not finished after this long has died at it. */
const breakerMs = 5_000

export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  mkdirSync(dirname(file), { recursive: true })
  const mine = `${process.pid} ${startOf(process.pid) ?? ''} ${randomUUID()}\n`
  const deadline = performance.now() + (options.deadlineMs ?? hourMs)
  let told = false
  while (!tryLock(file, mine)) {
    const content = readOr(file)
    if (content === undefined) continue
    if (!isHeld(content)) {
      breakLock(file, content)
      continue
    }
    const holder = Number.parseInt(content, 10)
    if (!told) options.onWait?.(holder)
    told = true
    if (performance.now() > deadline)
      throw new SetupError(`process ${holder} has held ${file} for too long`, 'let it end, or end it, and try again')
    await sleep(retryMs)
  }
  try {
    return await work()
  } finally {
    if (readOr(file) === mine) unlinkSync(file)
  }
}

/** The file appears with its content or not at all: written elsewhere, then linked, which fails if it exists. */
function tryLock(file: string, mine: string): boolean {
  const draft = `${file}.${randomUUID()}`
  writeFileSync(draft, mine)
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    unlinkSync(draft)
  }
}

/** Of two who see the same stale lock only one may remove it, or the slower would remove the faster one's new lock. */
function breakLock(file: string, stale: string): void {
  const breaker = `${file}.break`
  try {
    mkdirSync(breaker)
  } catch {
    const age = Date.now() - (statSync(breaker, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
    if (age < breakerMs) return
  }
  if (readOr(file) === stale) unlinkSync(file)
  removeDir(breaker)
}

function removeDir(path: string): void {
  try {
    rmdirSync(path)
  } catch {}
}

function isHeld(content: string): boolean {
  const [pid, start] = content.trim().split(' ')
  const id = Number.parseInt(pid ?? '', 10)
  if (!Number.isInteger(id) || id <= 0) return false
  if (!isAlive(id)) return false
  const now = startOf(id)
  return now === undefined || start === '' || start === now
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * When a process started, in the kernel's own clock ticks. Tells a process from a later one with its pid. Undefined where there is no /proc,
 * and for one that has ended and only waits for its parent to take note.
 */
export function startOf(pid: number): string | undefined {
  const stat = readOr(`/proc/${pid}/stat`)
  // The second field is the program's name in brackets and may hold anything: count from the last bracket.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields?.[0] === 'Z' ? undefined : fields?.[19]
}

function readOr(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
