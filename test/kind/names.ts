/**
 * The names and places of a checkout's two clusters. All of them follow from the checkout's real path, so that clones never meet and
 * nothing has to be remembered. Pure.
 */
import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'

/** `demo` is for people and the quickstart, `test` belongs to `npm test`. */
export type Which = 'demo' | 'test'

export interface ClusterNames {
  cluster: string
  /** The one node: a container of the Docker engine. */
  node: string
  /** Tried first; the next free port is taken if another program listens there. */
  preferredPort: number
  stateDir: string
  kubeconfig: string
  auditDir: string
  auditLog: string
}

const firstPort = 20_000
const portPairs = 5_000

export function namesFor(checkout: string, which: Which): ClusterNames {
  const digest = createHash('sha256').update(checkout).digest()
  const cluster = `trove-${digest.toString('hex').slice(0, 8)}-${which}`
  const stateDir = join(checkout, '.trove', which)
  const auditDir = join(stateDir, 'audit')
  return {
    cluster,
    node: `${cluster}-control-plane`,
    // Below the NodePort range (30000) and the usual ephemeral ports (32768); a pair per checkout.
    preferredPort: firstPort + (digest.readUInt32BE(0) % portPairs) * 2 + (which === 'test' ? 1 : 0),
    stateDir,
    kubeconfig: join(stateDir, 'kubeconfig'),
    auditDir,
    auditLog: join(auditDir, 'audit.log'),
  }
}

/** The checkout that this file is part of, with symbolic links resolved. */
export function thisCheckout(): string {
  return realpathSync(join(import.meta.dirname, '..', '..'))
}
