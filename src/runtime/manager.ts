/**
 * Brings collections and controllers up and down in the right order. Up: caches, all synced, the lease, workers. Down: not ready, workers
 * (30 s to finish), caches, the lease. A lost lease ends everything at once: from that moment no collection writes, and `run` rejects with
 * the fault LeaseLost, whereupon the process ought to exit.
 */
import { fault, TroveError } from '../errors.ts'
import type { Client } from '../kube/client.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Resource } from '../kube/resource.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Collection, type CollectionOptions, openCollection } from './collection.ts'
import { type ControllerOptions, openController } from './controller.ts'
import { fenced } from './fence.ts'
import { openKeeper } from './kept.ts'
import { acquireLease, type HeldLease, type LeaseOptions } from './lease.ts'
import type { Logger } from './log.ts'
import type { RuntimeMetrics } from './metrics.ts'

export interface ManagerOptions {
  client: Client
  log: Logger
  metrics: RuntimeMetrics
  /** Without one there is no election: only where nobody else can be running. */
  lease?: Omit<LeaseOptions, 'client' | 'clock' | 'log'>
  clock?: Clock
  /** How long workers may take to finish what they have begun. Default 30 s. */
  drainMs?: number
  /** Called once the workers have finished, while we may still write; given a second. */
  lastWords?: () => Promise<void>
}

export interface Manager {
  /** For what is not cached. Like the collections it writes only while the lease is held. */
  readonly client: Client
  collection<T extends KubeObject>(r: Resource<T>, o?: CollectionOptions<T>): Collection<T>
  controller(o: ControllerOptions): void
  /** Resolves after an orderly shutdown. */
  run(signal: AbortSignal): Promise<void>
  /** All caches have synced, and we are not about to end. A standby is ready. */
  ready(): boolean
  /** We may write now: what is told of the whole, not of this process, is for the leader to tell. */
  leads(): boolean
  /** Nothing is wrong that a restart would mend. */
  healthy(): boolean
}

export function createManager(o: ManagerOptions): Manager {
  const { log, metrics, clock = systemClock, drainMs = 30_000 } = o
  const collections: ReturnType<typeof openCollection<never>>[] = []
  const controllers: ReturnType<typeof openController>[] = []
  const keep = openKeeper()
  let held: HeldLease | undefined
  let started = false
  let ready = false

  const leads = () => o.lease === undefined || (held?.holds() ?? false)
  const mayWrite = () => {
    if (!leads()) throw leaseLost('')
  }
  const client = fenced(o.client, mayWrite)
  const notStarted = () => {
    if (started) throw new Error('the manager runs already')
  }

  const synced = async (signal: AbortSignal) => {
    while (!collections.every(c => c.hasSynced())) await clock.sleep(20, signal)
  }

  const lead = async (signal: AbortSignal) => {
    if (o.lease === undefined) return
    metrics.leading(o.lease.name, false)
    held = await acquireLease({ ...o.lease, client: o.client, clock, log }, signal)
    metrics.leading(o.lease.name, true)
    log.info({ lease: o.lease.name, identity: o.lease.identity }, 'leading')
  }

  /** Workers from start to end. Resolves with whether all of them finished; rejects if the lease is lost meanwhile. */
  const workUntil = async (signal: AbortSignal): Promise<boolean> => {
    const stopTaking = new AbortController()
    const abort = new AbortController()
    const finished = Promise.all(controllers.map(c => c.run(stopTaking.signal, abort.signal))).then(() => true)
    const lost = held?.lost.then(holder => {
      throw leaseLost(holder)
    })
    const orLost = <R>(other: Promise<R>): Promise<R> => (lost === undefined ? other : Promise.race([other, lost]))
    const orAfter = (ms: number) => orLost(Promise.race([finished, clock.sleep(ms, abort.signal).then(() => false)]))
    try {
      await orLost(ended(signal))
      ready = false
      stopTaking.abort()
      if (await orAfter(drainMs)) return true
      log.warn({}, 'some work did not finish in time')
      abort.abort(new Error('shutting down'))
      return await orLost(Promise.race([finished, pause(1000)]))
    } finally {
      ready = false
      stopTaking.abort()
      abort.abort(new Error('shutting down'))
    }
  }

  return {
    client,
    collection(resource, options = {}) {
      notStarted()
      const made = openCollection(resource, options, { client, log, clock, onList: metrics.listed, keep })
      // The manager only runs it and asks whether it has synced: what it holds is nothing to it.
      collections.push(made as never)
      return made
    },
    controller(options) {
      notStarted()
      controllers.push(openController(options, { log, metrics }))
    },
    async run(signal) {
      notStarted()
      started = true
      const caches = new AbortController()
      const reflectors = collections.map(c => c.run(caches.signal))
      let drained = true
      try {
        await synced(signal)
        ready = true
        await lead(signal)
        drained = await workUntil(signal)
      } catch (error) {
        if (!signal.aborted || error instanceof TroveError) throw error
      } finally {
        ready = false
        if (drained) await Promise.race([o.lastWords?.(), pause(1000)])
        caches.abort(new Error('shutting down'))
        await Promise.all(reflectors)
        // Work that is still going on might write: then the lease must run out by itself.
        if (drained) await held?.release()
        if (o.lease !== undefined) metrics.leading(o.lease.name, false)
      }
    },
    ready: () => ready,
    leads,
    healthy: () => held === undefined || held.holds(),
  }
}

const leaseLost = (holder: string) => new TroveError(fault('LeaseLost', { holder }))

const ended = (signal: AbortSignal) =>
  new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })

const pause = (ms: number) => new Promise<false>(resolve => setTimeout(resolve, ms, false))
