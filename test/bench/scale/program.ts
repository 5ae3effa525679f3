/** The operator, or the bare client that it is held against, as a process of its own that talks to the API server itself. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { shippedFlags } from '../../integration/shipped.ts'
import { guestsNamespace } from './names.ts'

export interface Program {
  /** SIGKILL. Resolves once it is gone. */
  kill(): Promise<void>
}

export interface Operator extends Program {
  ready(): Promise<boolean>
  /** Everything that it has printed so far. */
  printed(): string
  /** The sum of a metric over all its labels that contain `label`. */
  metric(name: string, label?: string): Promise<number>
  /** RSS in MiB after a collection of all garbage. */
  collectedMiB(): Promise<number>
}

const node = join(import.meta.dirname, '../../../node_modules/.bin/node')

function run(args: string[], env: Record<string, string>): { child: ChildProcess; printed(): string; kill(): Promise<void> } {
  const child = spawn(node, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  // Nobody else would end it if we are ended ourselves.
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  let text = ''
  for (const out of [child.stdout!, child.stderr!]) {
    out.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
  }
  let killed = false
  const gone = new Promise<void>(resolve => {
    child.once('close', code => {
      process.off('exit', orphaned)
      // Nothing that is measured ends by itself, and there is nothing to measure without it.
      if (!killed) throw new Error(`${args.at(-2)} ended with ${code}:\n${text.slice(-2000)}`)
      resolve()
    })
  })
  return {
    child,
    printed: () => text,
    async kill() {
      killed = true
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Waits until what the process printed says `pattern`. */
async function said({ child, printed }: ReturnType<typeof run>, pattern: RegExp, from = 0): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(printed().slice(from))
    if (found !== null) return found
    if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode}:\n${printed().slice(-2000)}`)
    await pause(5)
  }
}

export interface OperatorOptions {
  program: string
  kubeconfig: string
  /** The pod's UID, by which it holds the Lease; without one there is no election. */
  identity?: string
}

/** Resolves as soon as its health port answers, which is before it has listed anything. */
export async function startOperator(o: OperatorOptions): Promise<Operator> {
  const process = run([...shippedFlags, '--expose-gc', '--import', join(import.meta.dirname, 'memory-preload.mjs'), o.program], {
    KUBECONFIG: o.kubeconfig,
    TROVE_GUESTS_NAMESPACE: guestsNamespace,
    TROVE_AGENT_IMAGE: 'agent:bench',
    TROVE_LEADER_ELECTION: o.identity === undefined ? 'off' : 'on',
    TROVE_HEALTH_PORT: '0',
    POD_NAMESPACE: guestsNamespace,
    POD_NAME: o.identity ?? 'operator',
    POD_UID: o.identity ?? 'operator',
    LOG_LEVEL: 'info',
  })
  const [, port] = await said(process, /"port":(\d+)/)
  const ask = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  return {
    kill: process.kill,
    printed: process.printed,
    ready: async () => (await ask('/readyz')).ok,
    async metric(name, label = '') {
      const lines = (await (await ask('/metrics')).text()).split('\n')
      const mine = lines.filter(line => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(label))
      return mine.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
    },
    async collectedMiB() {
      const from = process.printed().length
      process.child.kill('SIGUSR2')
      await said(process, /collected\n/, from)
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process.child.pid}/status`, 'utf8'))?.[1]) / 1024
    },
  }
}

/** With a thousand Instances it takes a few seconds. */
const readyWithinMs = 120_000

/** Everything that was there has been reconciled once, and nothing is left to do. */
export async function caughtUp(operator: Operator, instances: number): Promise<void> {
  const late = performance.now() + readyWithinMs
  while (!(await operator.ready())) {
    if (performance.now() > late)
      throw new Error(`the operator is not ready after ${readyWithinMs / 1000} s:\n${operator.printed().slice(-2000)}`)
    await pause(5)
  }
  const label = 'controller="instance"'
  for (;;) {
    const done = await operator.metric('controller_runtime_reconcile_total', label)
    if (
      done >= instances &&
      (await operator.metric('workqueue_depth')) + (await operator.metric('controller_runtime_active_workers')) === 0
    )
      return
    await pause(20)
  }
}

/** The bare client of the configuration bench. Resolves once it watches. */
export async function startBare(kubeconfig: string): Promise<Program> {
  const process = run([join(import.meta.dirname, '../configuration/bare.ts'), kubeconfig], {})
  await said(process, /^watching$/m)
  return { kill: process.kill }
}

/** Resolves once it watches. */
export async function startReplay(o: { template: string; kubeconfig: string }): Promise<Program> {
  const process = run([join(import.meta.dirname, 'replay.ts'), o.template, o.kubeconfig], {})
  await said(process, /^watching$/m)
  return { kill: process.kill }
}
