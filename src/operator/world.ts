/** What every controller of the operator is given: how to read, how to write, and the few things that are decided outside. */
import type { Client } from '../kube/client.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Recorder } from '../runtime/events.ts'
import type { Collections } from './collections.ts'
import type { Engines } from './instance/decide.ts'
import type { LogReader } from './instance/log-reader.ts'
import type { PodSettings } from './instance/pod.ts'

export interface World {
  /** For reads that no cache answers. */
  client: Pick<Client, 'get' | 'list'>
  /** For tenants' Secrets, which no collection holds. Fails like a collection does once the lease is lost. */
  writer: Pick<Client, 'get' | 'create' | 'patch' | 'delete'>
  collections: Collections
  clock: Clock
  recorder: Recorder
  logs: LogReader
  engines: Engines
  pod: PodSettings
  guestsNamespace: string
  clusterDomain: string
  bindingResyncMs: number
  /** How long an agent may take to come back with another image. */
  agentRollMs: number
}
