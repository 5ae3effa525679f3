/** The operator as a process of its own, so that it can be killed in the middle of anything; what it prints is kept. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shippedFlags } from '../shipped.ts'

export interface OperatorOptions {
  /** The bundle to run. */
  program: string
  /** Of the proxy. */
  url: string
  guestsNamespace: string
  agentImage: string
  /** The pod that it is to think it runs in. */
  self: { namespace: string; name: string; uid: string }
  leaderElection: boolean
  /** By how much its calendar is off. */
  skewMs?: number
}

export interface OperatorProcess {
  /** SIGKILL. Resolves once it is gone. */
  kill(): Promise<void>
  /** SIGSTOP, until `wake`: to itself no time has passed. */
  stop(): void
  wake(): void
  running(): boolean
  /** Everything that it printed. */
  output(): string
  /** Nothing where it does not run. */
  memory(): Memory
}

/** Resident, now and at most since it started. */
export interface Memory {
  nowMiB: number
  peakMiB: number
}

const node = join(import.meta.dirname, '../../../node_modules/.bin/node')

export async function startOperator(o: OperatorOptions): Promise<OperatorProcess> {
  const dir = await mkdtemp(join(tmpdir(), 'operator-'))
  const kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigText(o.url))
  const skew = o.skewMs === undefined ? [] : ['--import', join(import.meta.dirname, 'clock-skew.mjs')]
  const child: ChildProcess = spawn(node, [...shippedFlags, ...skew, o.program], {
    env: {
      PATH: process.env.PATH,
      KUBECONFIG: kubeconfig,
      TROVE_GUESTS_NAMESPACE: o.guestsNamespace,
      TROVE_AGENT_IMAGE: o.agentImage,
      TROVE_LEADER_ELECTION: o.leaderElection ? 'on' : 'off',
      TROVE_HEALTH_PORT: '0',
      TROVE_BINDING_RESYNC_SECONDS: '2',
      POD_NAMESPACE: o.self.namespace,
      POD_NAME: o.self.name,
      POD_UID: o.self.uid,
      LOG_LEVEL: 'debug',
      ...(o.skewMs !== undefined && { TROVE_TEST_SKEW_MS: String(o.skewMs) }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const printed: string[] = []
  for (const out of [child.stdout!, child.stderr!]) out.setEncoding('utf8').on('data', (text: string) => printed.push(text))
  const gone = new Promise<void>(resolve => {
    child.once('close', () => {
      process.off('exit', orphaned)
      resolve(rm(dir, { recursive: true, force: true }))
    })
  })
  const running = () => child.exitCode === null && child.signalCode === null
  return {
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    stop: () => void child.kill('SIGSTOP'),
    wake: () => void child.kill('SIGCONT'),
    running,
    output: () => printed.join(''),
    memory() {
      const said = running() ? readFileSync(`/proc/${child.pid}/status`, 'utf8') : ''
      const mib = (what: string) => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(said)?.[1] ?? 0) / 1024
      return { nowMiB: mib('VmRSS'), peakMiB: mib('VmHWM') }
    },
  }
}

/** For a process that is to talk to a proxy on loopback. */
export const kubeconfigText = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'proxy',
    clusters: [{ name: 'proxy', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'operator', user: { token: 'unused' } }],
    contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'operator' } }],
  })
