/** Looks at the machine: what is installed, who we are, which limits the kernel sets. Nothing is changed and nothing is remembered. */
import { existsSync, readFileSync } from 'node:fs'
import { onPath, run } from './command.ts'
import { kindVersion, kubernetesVersion, stockNodeImage } from './versions.ts'

export interface Machine {
  linux: boolean
  root: boolean
  /** Debian's major version, if this is Debian with apt-get. */
  debian: number | undefined
  /** `docker`, the client. */
  dockerClient: boolean
  /** `dockerd`, the engine's program. */
  dockerDaemon: boolean
  engineAnswers: boolean
  /** Like "1.26.8"; undefined without Go. */
  go: string | undefined
  /** These are on PATH in the very version that we pin. */
  pinnedKind: string | undefined
  pinnedKubectl: string | undefined
}

export async function observeMachine(): Promise<Machine> {
  const [engine, go, kind, kubectl] = await Promise.all([engineAnswers(), goVersion(), pinnedKind(), pinnedKubectl()])
  return {
    linux: process.platform === 'linux',
    root: process.getuid?.() === 0,
    debian: onPath('apt-get') === undefined ? undefined : debianVersion(),
    dockerClient: onPath('docker') !== undefined,
    dockerDaemon: onPath('dockerd') !== undefined,
    engineAnswers: engine,
    go,
    pinnedKind: kind,
    pinnedKubectl: kubectl,
  }
}

export async function engineAnswers(): Promise<boolean> {
  if (onPath('docker') === undefined) return false
  const { code, stdout } = await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeoutMs: 10_000 })
  return code === 0 && stdout.trim() !== ''
}

/** A few seconds decide; never remembered, for networks come and go. */
export async function registryInReach(): Promise<boolean> {
  const { code } = await run('docker', ['manifest', 'inspect', stockNodeImage], { timeoutMs: 8_000 })
  return code === 0
}

/** Which cgroup hierarchy containers see. Kubernetes 1.36 refuses to start on version 1 unless told otherwise. */
export async function cgroupVersion(): Promise<1 | 2> {
  const { stdout } = await run('docker', ['info', '--format', '{{.CgroupVersion}}'], { timeoutMs: 10_000 })
  return stdout.trim() === '1' ? 1 : 2
}

/** Without CAP_SYS_RESOURCE (bit 24) nobody on this machine may lower an oom_score_adj, nor grant the capability to a container. */
export function hasSysResource(): boolean {
  if (!existsSync('/proc/self/status')) return true
  const bounding = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return bounding === undefined || ((BigInt(`0x${bounding}`) >> 24n) & 1n) === 1n
}

function debianVersion(): number | undefined {
  if (!existsSync('/etc/os-release')) return undefined
  const release = readFileSync('/etc/os-release', 'utf8')
  const version = /^VERSION_ID="?(\d+)/m.exec(release)?.[1]
  return /^ID="?debian"?$/m.test(release) && version !== undefined ? Number(version) : undefined
}

async function goVersion(): Promise<string | undefined> {
  if (onPath('go') === undefined) return undefined
  const { code, stdout } = await run('go', ['env', 'GOVERSION'], { env: { GOTOOLCHAIN: 'local' } })
  return code === 0 ? stdout.trim().replace(/^go/, '') : undefined
}

async function pinnedKind(): Promise<string | undefined> {
  const path = onPath('kind')
  if (path === undefined) return undefined
  return (await run(path, ['version'])).stdout.split(' ')[1] === kindVersion ? path : undefined
}

async function pinnedKubectl(): Promise<string | undefined> {
  const path = onPath('kubectl')
  if (path === undefined) return undefined
  const { stdout } = await run(path, ['version', '--client', '--output=yaml'])
  return stdout.includes(`gitVersion: v${kubernetesVersion}\n`) ? path : undefined
}
