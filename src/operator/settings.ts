/** What can be set from outside, read from the environment once and checked. Everything has a default except what only the pod can know. */
import { z } from 'zod'

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be the name of a namespace')

const environment = z.object({
  TROVE_GUESTS_NAMESPACE: name.default('trove-guests'),
  TROVE_CLUSTER_DOMAIN: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'must be a domain such as cluster.local')
    .default('cluster.local'),
  TROVE_AGENT_IMAGE: z.string().min(1, 'must be the image of the guest agent'),
  POD_NAMESPACE: name.default('trove-system'),
  POD_UID: z.string().min(1).optional(),
  POD_NAME: z.string().min(1).default('trove-operator'),
  TROVE_AGENT_ROLL_SECONDS: z.coerce.number().min(1).default(120),
  TROVE_BINDING_RESYNC_SECONDS: z.coerce.number().min(1).default(300),
  TROVE_LEADER_ELECTION: z.enum(['on', 'off']).default('on'),
  TROVE_HEALTH_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  KUBECONFIG: z.string().min(1).optional(),
  KUBERNETES_SERVICE_HOST: z.string().min(1).optional(),
  KUBERNETES_SERVICE_PORT: z.string().min(1).default('443'),
})

export interface Settings {
  /** Namespace of pods, volumes, root credentials and Guests. */
  guestsNamespace: string
  clusterDomain: string
  agentImage: string
  /** How long an agent may take to come back with another image. Counts from the change, so it includes the pull. */
  agentRollMs: number
  /** Which process we are: where the lease lives and who holds it. */
  self: { namespace: string; name: string; uid: string }
  /** How often a binding Secret is looked at, ± 20 %. */
  bindingResyncMs: number
  leaderElection: boolean
  healthPort: number
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** How to reach the API server. */
  access: { kubeconfig: string } | { host: string; port: string }
}

/** Throws an Error whose message names every variable that is wrong. */
export function parseSettings(env: Record<string, string | undefined>): Settings {
  const parsed = environment.safeParse(env)
  if (!parsed.success) {
    const problems = parsed.error.issues.map(i => `${i.path.join('.')}: ${i.message}`)
    throw new Error(`wrong settings: ${problems.join('; ')}`)
  }
  const e = parsed.data
  if (e.KUBECONFIG === undefined && e.KUBERNETES_SERVICE_HOST === undefined) {
    throw new Error('wrong settings: neither KUBECONFIG nor KUBERNETES_SERVICE_HOST says where the API server is')
  }
  const leaderElection = e.TROVE_LEADER_ELECTION === 'on'
  // Two processes under one identity would both think that they lead.
  if (leaderElection && e.POD_UID === undefined) throw new Error('wrong settings: POD_UID: must be the UID of the pod, for leader election')
  return {
    guestsNamespace: e.TROVE_GUESTS_NAMESPACE,
    clusterDomain: e.TROVE_CLUSTER_DOMAIN,
    agentImage: e.TROVE_AGENT_IMAGE,
    agentRollMs: e.TROVE_AGENT_ROLL_SECONDS * 1000,
    self: { namespace: e.POD_NAMESPACE, name: e.POD_NAME, uid: e.POD_UID ?? e.POD_NAME },
    bindingResyncMs: e.TROVE_BINDING_RESYNC_SECONDS * 1000,
    leaderElection,
    healthPort: e.TROVE_HEALTH_PORT,
    logLevel: e.LOG_LEVEL,
    access:
      e.KUBECONFIG !== undefined ? { kubeconfig: e.KUBECONFIG } : { host: e.KUBERNETES_SERVICE_HOST!, port: e.KUBERNETES_SERVICE_PORT },
  }
}
