/**
 * A controller takes keys from its sources and calls `reconcile` for each: several keys at once, never one key twice at once, each under a
 * deadline. No failure ends it. A lost race for a write is retried quietly, all else is logged with
 * its code and retried later and later.
 */
import { randomUUID } from 'node:crypto'
import { DeadlinePassed, withDeadline } from '../kube/deadline.ts'
import { ApiError, isConflict, isTestFailed } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Collection } from './collection.ts'
import type { Logger } from './log.ts'
import type { ReconcileResult, RuntimeMetrics } from './metrics.ts'
import { openQueue, type Priority } from './queue.ts'
import type { Change, Key } from './store.ts'

export interface ReconcileContext {
  /** Ends at the deadline, at the end of a shutdown's patience, and at once when the lease is lost. */
  signal: AbortSignal
  log: Logger
  reconcileId: string
}

// biome-ignore lint/suspicious/noConfusingVoidType: a reconcile that wants nothing more simply returns
export type Reconcile = (key: Key, ctx: ReconcileContext) => Promise<Result | void>

export interface Result {
  /** Once more then, whatever happens. */
  requeueAfterMs?: number
  /** Not before then, whatever happens: what changes meanwhile is dealt with in one go. */
  restMs?: number
}

/** Where a controller's keys come from. Called once, before anything is listed. */
export type Source = (enqueue: (key: Key, priority: Priority) => void) => void

export interface ControllerOptions {
  name: string
  /** How many keys at once. */
  concurrency: number
  /** For one reconcile. */
  deadlineMs: number
  reconcile: Reconcile
  sources: Source[]
}

/** Each change of each object, under the keys that its old and its new state lead to. */
export function watchEach<T extends KubeObject>(c: Pick<Collection<T>, 'subscribe'>, toKeys: (obj: T) => Key[]): Source {
  return enqueue =>
    c.subscribe(change => {
      const keys = new Set([...(change.old ? toKeys(change.old) : []), ...(change.new ? toKeys(change.new) : [])])
      for (const key of keys) enqueue(key, change.initial ? 'low' : 'normal')
    })
}

/** As `watchEach`, but nothing that changes status or metadata alone; of a kind that counts no generations, everything. */
export function watchSpecs<T extends KubeObject>(c: Pick<Collection<T>, 'subscribe'>, toKeys: (obj: T) => Key[]): Source {
  return watchEach({ subscribe: handler => c.subscribe(change => isOfSpec(change) && handler(change)) }, toKeys)
}

const isOfSpec = ({ old, new: now }: Change<KubeObject>): boolean => {
  const generation = old?.metadata.generation
  return generation === undefined || generation !== now?.metadata.generation
}

/** Each key that an object comes to lead to, or no longer does: for who counts the objects and does not look into them. */
export function watchMembers<T extends KubeObject>(c: Pick<Collection<T>, 'subscribe'>, toKeys: (obj: T) => Key[]): Source {
  return enqueue =>
    c.subscribe(({ old, new: now, initial }) => {
      const [before, after] = [old, now].map(object => (object ? toKeys(object) : []))
      const changed = [...before!.filter(key => !after!.includes(key)), ...after!.filter(key => !before!.includes(key))]
      for (const key of changed) enqueue(key, initial ? 'low' : 'normal')
    })
}

/** Each object that ceases to be, under the keys that it leads to. */
export function watchGone<T extends KubeObject>(c: Pick<Collection<T>, 'subscribe'>, toKeys: (obj: T) => Key[]): Source {
  return enqueue =>
    c.subscribe(({ old, new: now }) => {
      if (old !== undefined && now === undefined) for (const key of toKeys(old)) enqueue(key, 'normal')
    })
}

/** Collects keys from now on; works on them once it runs, until `stopTaking`. `abort` ends what is in work. */
export function openController(o: ControllerOptions, { log, metrics }: { log: Logger; metrics: RuntimeMetrics }) {
  // A standby's keys wait for nobody yet: they are no backlog, and how long they have waited is no delay.
  let runsSince: number | undefined
  const told = metrics.queue(o.name)
  const queue = openQueue({
    ...told,
    started: waitedMs => told.started(Math.min(waitedMs, performance.now() - (runsSince ?? 0))),
    observe: read => told.observe(() => (runsSince === undefined ? { ...read(), depth: 0 } : read())),
  })
  const count = metrics.controller(o.name, o.concurrency)
  for (const source of o.sources) source(queue.add)

  const runOne = async (key: Key, abort: AbortSignal): Promise<{ result: ReconcileResult; restMs?: number }> => {
    const reconcileId = randomUUID()
    const ctx = { log: log.child({ controller: o.name, key, reconcileId }), reconcileId }
    let own: AbortSignal | undefined
    try {
      const { requeueAfterMs, restMs } =
        (await withDeadline([abort], o.deadlineMs, signal => {
          own = signal
          return o.reconcile(key, { ...ctx, signal })
        })) ?? {}
      queue.forget(key)
      if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs)
      return { result: requeueAfterMs === undefined ? 'success' : 'requeue_after', ...(restMs !== undefined && { restMs }) }
    } catch (error) {
      if (abort.aborted) return { result: 'error' }
      if (own?.reason instanceof DeadlinePassed) count.timeout()
      return { result: afterFailure(key, error, ctx.log) }
    }
  }

  const afterFailure = (key: Key, error: unknown, log: Logger): ReconcileResult => {
    if (isConflict(error) || isTestFailed(error)) {
      log.debug({ err: error }, 'somebody wrote first')
      queue.retry(key)
      return 'requeue'
    }
    log.error({ err: error, code: codeOf(error) }, 'failed, will retry')
    queue.retry(key, error instanceof ApiError ? error.retryAfterMs : undefined)
    return 'error'
  }

  const work = async (abort: AbortSignal): Promise<void> => {
    for (let key = await queue.next(); key !== undefined; key = await queue.next()) {
      const began = performance.now()
      count.started()
      const { result, restMs } = await runOne(key, abort)
      count.finished(result, performance.now() - began)
      queue.done(key, restMs)
    }
  }

  return {
    /** Resolves when nothing is in work any more. */
    async run(stopTaking: AbortSignal, abort: AbortSignal): Promise<void> {
      runsSince = performance.now()
      stopTaking.addEventListener('abort', queue.close, { once: true })
      if (stopTaking.aborted) queue.close()
      await Promise.all(Array.from({ length: o.concurrency }, () => work(abort)))
    },
  }
}

function codeOf(error: unknown): string {
  const { fault, code, name } = (error ?? {}) as { fault?: { code: string }; code?: unknown; name?: string }
  return fault?.code ?? (typeof code === 'string' ? code : (name ?? 'Unknown'))
}
