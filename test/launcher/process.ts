/**
 * A real launcher as a child process, for tests that play the agent. `kill9` is what the death of its container is: every process in it is
 * gone at once, and its shared directory stays.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { launcherScript } from '../../src/engines/launcher-script.ts'

export class LauncherProcess {
  /** The directory shared with the agent. */
  readonly dir: string
  #child: ChildProcess | undefined

  constructor() {
    this.dir = mkdtempSync(join(tmpdir(), 'trove-'))
  }

  async start(env: Record<string, string> = {}): Promise<this> {
    const before = this.boot
    this.#child = spawn('sh', ['-c', launcherScript()], {
      env: { ...process.env, TROVE_DIR: this.dir, ...env },
      stdio: 'ignore',
    })
    while (this.boot === before && !existsSync(join(this.dir, 'unsuitable'))) await sleep(2)
    return this
  }

  get boot(): string | undefined {
    const file = join(this.dir, 'boot')
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined
  }

  /** As the kubelet ends a container. Resolves with the launcher's exit status. */
  async terminate(): Promise<number | null> {
    const child = this.#child
    if (child === undefined) return null
    const ended = new Promise<number | null>(resolve => child.once('exit', resolve))
    child.kill('SIGTERM')
    const status = await ended
    this.kill9()
    return status
  }

  kill9(): void {
    // Anew until none is left: one may have been born while we were looking.
    for (let pids = this.processes(); pids.length > 0; pids = this.processes()) for (const pid of pids) killed(pid)
    this.#child = undefined
  }

  /** Processes of the container whose command line contains the text. */
  processes(text = ''): number[] {
    return readdirSync('/proc')
      .filter(name => /^[0-9]+$/.test(name))
      .filter(pid => read(`/proc/${pid}/environ`).includes(`TROVE_DIR=${this.dir}\0`) && read(`/proc/${pid}/cmdline`).includes(text))
      .map(Number)
  }

  [Symbol.dispose](): void {
    this.kill9()
    rmSync(this.dir, { recursive: true, force: true })
  }
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone by itself.
  }
}

/** A process may end while we look at it. Zombies have no environment, so they do not count. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
