/** Runs other programs. `run` reports whatever happened; `must` turns a failure into an error that carries the program's own last words. */
import { spawn } from 'node:child_process'
import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SetupError } from './setup-error.ts'

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export interface RunOptions {
  cwd?: string
  /** Added to this process's environment. */
  env?: Record<string, string>
  input?: string
  /** A file that becomes the program's standard input; wins over `input`. */
  stdin?: string
  /** After this the program is killed and the outcome's code is 124. */
  timeoutMs?: number
}

export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const stdin = options.stdin === undefined ? 'pipe' : openSync(options.stdin, 'r')
    const child = spawn(program, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, ...options.env },
      stdio: [stdin, 'pipe', 'pipe'],
    })
    if (typeof stdin === 'number') closeSync(stdin)
    const out: Buffer[] = []
    const err: Buffer[] = []
    let timedOut = false
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true
            child.kill('SIGKILL')
            // A grandchild may hold the pipes open: what it says after the deadline is nobody's concern.
            child.stdout?.destroy()
            child.stderr?.destroy()
          }, options.timeoutMs)
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', error => {
      clearTimeout(timer)
      reject(new SetupError(`cannot run ${program}: ${error.message}`, undefined, { cause: error }))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const stderr = Buffer.concat(err).toString()
      resolve({
        code: timedOut ? 124 : (code ?? 128),
        stdout: Buffer.concat(out).toString(),
        stderr: timedOut ? `${stderr}\nkilled after ${options.timeoutMs} ms` : signal === null ? stderr : `${stderr}\nended by ${signal}`,
      })
    })
    // A program that ends without reading its input is not an error of ours: its exit code says enough.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input)
  })
}

/** Like `run`, but a non-zero exit throws. */
export async function must(program: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const outcome = await run(program, args, options)
  if (outcome.code === 0) return outcome
  const words = (outcome.stderr.trim() || outcome.stdout.trim()).split('\n').slice(-25).join('\n')
  throw new SetupError(`${[program, ...args].join(' ').slice(0, 200)} ended with ${outcome.code}:\n${words}`)
}

/** Runs a program on this terminal and gives back its exit code. */
export function runAttached(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...env } })
    child.on('error', reject)
    child.on('close', code => resolve(code ?? 128))
  })
}

/** The full path of a program, if PATH has it. */
export function onPath(program: string, path: string = process.env.PATH ?? ''): string | undefined {
  // Not every root shell has the sbin folders on its PATH, and dockerd and mmdebstrap's helpers live there.
  for (const folder of [...path.split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']) {
    const file = join(folder, program)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {}
  }
  return undefined
}
