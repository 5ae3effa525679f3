/**
 * Decides how a cluster comes to be on this machine, or says which piece is missing and how to get it. Two routes: `stock` runs kind's own
 * node image from its registry; `built` makes the node image from Go modules and Debian packages where no registry is in reach. Pure.
 */
import type { Machine } from './machine.ts'
import { minimumGo } from './versions.ts'

export type Route = 'stock' | 'built'

export type EnginePlan =
  | { do: 'use' }
  /** `packages` must be installed first; often none. */
  | { do: 'start'; packages: string[] }
  | Refusal

export interface Refusal {
  do: 'refuse'
  missing: string
  remedy: string
}

export function planEngine(machine: Machine): EnginePlan {
  if (machine.engineAnswers) return { do: 'use' }
  if (machine.linux && machine.root && machine.debian !== undefined) {
    const packages = machine.dockerDaemon ? ['iptables'] : ['docker.io', 'iptables']
    // From Debian 13 on the client is a package of its own.
    if (!machine.dockerClient && machine.debian >= 13) packages.push('docker-cli')
    return { do: 'start', packages }
  }
  return {
    do: 'refuse',
    missing: machine.dockerClient ? 'a Docker engine that answers (`docker info` fails)' : 'a Docker engine',
    remedy: 'start Docker, or install it (https://docs.docker.com/engine/install/); as root on Debian this is done for you',
  }
}

export type NodePlan = { do: 'go'; route: Route; packages: string[] } | Refusal

/** Given a running engine. Everything that must be installed for the route is named at once. */
export function planNode(machine: Machine, registry: boolean): NodePlan {
  const go = machine.go !== undefined && isAtLeast(machine.go, minimumGo)
  const goRemedy = `install Go ${minimumGo} or newer (https://go.dev/dl/), put it on PATH`
  if (registry) {
    if (go || (machine.pinnedKind !== undefined && machine.pinnedKubectl !== undefined)) return { do: 'go', route: 'stock', packages: [] }
    const missing = [machine.pinnedKind === undefined ? 'kind' : '', machine.pinnedKubectl === undefined ? 'kubectl' : ''].filter(
      name => name !== '',
    )
    return {
      do: 'refuse',
      missing: `${missing.join(' and ')} in the pinned version, or Go to build ${missing.length === 1 ? 'it' : 'them'}`,
      remedy: `${goRemedy}; or put the versions that test/kind/versions.ts names on PATH`,
    }
  }
  const lacks: string[] = []
  const remedies: string[] = []
  if (!machine.linux || machine.debian === undefined) lacks.push('Debian with apt-get')
  if (!machine.root) lacks.push('root')
  if (lacks.length > 0) remedies.push('run this as root on Debian')
  if (!go) {
    lacks.push(machine.go === undefined ? `Go ${minimumGo} or newer` : `Go ${minimumGo} or newer (this is ${machine.go})`)
    remedies.push(goRemedy)
  }
  if (lacks.length > 0) {
    return {
      do: 'refuse',
      missing: `kind's image registry (docker.io/kindest/node is not in reach), and to do without it: ${lacks.join(', ')}`,
      remedy: `let the machine reach docker.io; or ${remedies.join(' and ')}`,
    }
  }
  return { do: 'go', route: 'built', packages: [...buildPackages] }
}

/** mmdebstrap makes root file systems; runc is C by half and needs libseccomp; pause is ten lines of C. */
const buildPackages = ['mmdebstrap', 'gcc', 'libc6-dev', 'libseccomp-dev', 'pkg-config', 'ca-certificates'] as const

/** Compares dotted versions; "1.27rc1" counts as 1.27.0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const numbers = (text: string) => (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number)
  const [have, want] = [numbers(version), numbers(minimum)]
  for (let i = 0; i < want.length; i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return true
}
