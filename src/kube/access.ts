/**
 * Where the API server is and how we prove who we are. Credentials are asked for before each request and may change while we run:
 * tokens are rotated by the kubelet, certificates by whoever wrote the kubeconfig. They are read anew once a minute.
 */

import { readFile } from 'node:fs/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import { ApiError } from './errors.ts'

export interface Tls {
  ca?: string
  cert?: string
  key?: string
  servername?: string
  /** Only a kubeconfig can turn verification off (`insecure-skip-tls-verify`). */
  rejectUnauthorized?: boolean
}

export interface Credentials {
  authorization?: string
  tls: Tls
}

export interface ClusterAccess {
  /** 'https://host:port', without a trailing slash. */
  server: string
  /** What to present now. Fails with an ApiError that is worth a retry. */
  credentials(): Promise<Credentials>
}

const freshForMs = 60_000

/** The pod's own ServiceAccount. `mountDir` holds `token` and `ca.crt`; a guest's token is projected elsewhere than the default. */
export function accessInCluster(o: { mountDir?: string; host: string; port: string }): ClusterAccess {
  const dir = o.mountDir ?? '/var/run/secrets/kubernetes.io/serviceaccount'
  return {
    server: `https://${o.host.includes(':') ? `[${o.host}]` : o.host}:${o.port}`,
    credentials: rememberFor(freshForMs, async () => {
      const [token, ca] = await Promise.all([readFile(`${dir}/token`, 'utf8'), readFile(`${dir}/ca.crt`, 'utf8')])
      return { authorization: `Bearer ${token.trim()}`, tls: { ca } }
    }),
  }
}

export async function accessFromKubeconfig(path: string): Promise<ClusterAccess> {
  // Loaded only here: the official client takes 50 MB of memory, and nothing that runs in a cluster needs it.
  const { KubeConfig } = await import('@kubernetes/client-node')
  return accessOf(path, () => {
    const config = new KubeConfig()
    config.loadFromFile(path)
    return config
  })
}

/** The current context of what is loaded, with whatever way to log in it names (token, certificate, exec, OIDC). `name` is for messages. */
export function accessOf(name: string, load: () => KubeConfig): ClusterAccess {
  const server = load().getCurrentCluster()?.server
  if (server === undefined) throw new Error(`kubeconfig ${name}: its current context names no cluster`)
  return {
    server: server.replace(/\/$/, ''),
    credentials: rememberFor(freshForMs, async () => {
      const given: {
        ca?: Buffer
        cert?: Buffer
        key?: Buffer
        servername?: string
        rejectUnauthorized?: boolean
        headers?: { Authorization?: string }
      } = {}
      await load().applyToHTTPSOptions(given as object)
      const { ca, cert, key, servername, rejectUnauthorized } = given
      const authorization = given.headers?.Authorization
      return {
        ...(authorization !== undefined && { authorization }),
        tls: {
          ...(ca && { ca: ca.toString() }),
          ...(cert && { cert: cert.toString() }),
          ...(key && { key: key.toString() }),
          ...(servername !== undefined && { servername }),
          ...(rejectUnauthorized !== undefined && { rejectUnauthorized }),
        },
      }
    }),
  }
}

/** Reads once per `ms`, once for all who ask at the same time. What was read last serves on if reading fails later. */
function rememberFor(ms: number, read: () => Promise<Credentials>): () => Promise<Credentials> {
  let last: { at: number; value: Credentials } | undefined
  let reading: Promise<Credentials> | undefined
  const refresh = async () => {
    try {
      last = { at: performance.now(), value: await read() }
    } catch (cause) {
      if (last === undefined) throw new ApiError(0, 'NoCredentials', `cannot read credentials: ${(cause as Error).message}`, { cause })
      last = { ...last, at: performance.now() }
    } finally {
      reading = undefined
    }
    return last.value
  }
  return async () => {
    if (last !== undefined && performance.now() - last.at < ms) return last.value
    reading ??= refresh()
    return reading
  }
}
