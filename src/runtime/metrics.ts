/**
 * What the runtime counts, under the names that controller-runtime gave them, so that existing dashboards and alerts work. The rest of the
 * runtime sees the interfaces only: prom-client is loaded by whoever calls `openMetrics`.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type ReconcileResult = 'success' | 'requeue_after' | 'requeue' | 'error'

export interface ControllerMetrics {
  started(): void
  finished(result: ReconcileResult, ms: number): void
  timeout(): void
}

export interface QueueState {
  depth: number
  /** For each key in work, since how long. */
  workingMs: number[]
}

export interface QueueMetrics {
  added(): void
  started(waitedMs: number): void
  finished(workedMs: number): void
  retried(): void
  /** Called once, with a way to look at the queue whenever somebody reads the metrics. */
  observe(read: () => QueueState): void
}

export interface RuntimeMetrics {
  controller(name: string, concurrency: number): ControllerMetrics
  queue(name: string): QueueMetrics
  leading(lease: string, is: boolean): void
  /** A resource was listed from the beginning. */
  listed(resource: string): void
}

export interface Metrics extends RuntimeMetrics {
  /** For metrics of one's own, and for the text at /metrics. */
  registry: Registry
}

/** From 5 ms to 80 s, as a reconcile goes. */
const seconds = [0.005, 0.02, 0.08, 0.3, 1, 5, 20, 80]

export function openMetrics(): Metrics {
  const registry = new Registry()
  const registers = [registry]
  // With it come memory, CPU and nodejs_eventloop_lag_seconds.
  collectDefaultMetrics({ register: registry })

  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) => new Counter({ name, help, labelNames, registers })
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) => new Gauge({ name, help, labelNames, registers })
  const histogram = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Histogram({ name, help, labelNames, registers, buckets: seconds })

  const reconciles = counter('controller_runtime_reconcile_total', 'Reconciles by controller and result', 'controller', 'result')
  const errors = counter('controller_runtime_reconcile_errors_total', 'Reconciles that failed', 'controller')
  const timeouts = counter('controller_runtime_reconcile_timeouts_total', 'Reconciles that passed their deadline', 'controller')
  const time = histogram('controller_runtime_reconcile_time_seconds', 'How long reconciles take', 'controller')
  const active = gauge('controller_runtime_active_workers', 'Reconciles running now', 'controller')
  const most = gauge('controller_runtime_max_concurrent_reconciles', 'Reconciles that may run at once', 'controller')

  const adds = counter('workqueue_adds_total', 'Keys added', 'name')
  const retries = counter('workqueue_retries_total', 'Keys added again after a failure', 'name')
  const waited = histogram('workqueue_queue_duration_seconds', 'How long keys wait once they are ready', 'name')
  const worked = histogram('workqueue_work_duration_seconds', 'How long keys are worked on', 'name')

  const queues = new Map<string, () => QueueState>()
  const pulled = (name: string, help: string, value: (state: QueueState) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['name'],
      registers,
      collect() {
        for (const [queue, read] of queues) this.set({ name: queue }, value(read()))
      },
    })
  pulled('workqueue_depth', 'Keys that are ready', state => state.depth)
  pulled('workqueue_unfinished_work_seconds', 'Time spent so far on all keys in work', s => s.workingMs.reduce((a, b) => a + b, 0) / 1000)
  pulled(
    'workqueue_longest_running_processor_seconds',
    'Time spent so far on the oldest key in work',
    s => Math.max(0, ...s.workingMs) / 1000,
  )

  const master = gauge('leader_election_master_status', '1 while this process leads', 'name')
  const lists = counter(
    'reflector_lists_total',
    'Lists from the beginning: one per resource, and one each time that history is lost',
    'resource',
  )

  return {
    registry,
    controller(controller, concurrency) {
      most.set({ controller }, concurrency)
      active.set({ controller }, 0)
      return {
        started: () => active.inc({ controller }),
        finished(result, ms) {
          active.dec({ controller })
          reconciles.inc({ controller, result })
          if (result === 'error') errors.inc({ controller })
          time.observe({ controller }, ms / 1000)
        },
        timeout: () => timeouts.inc({ controller }),
      }
    },
    queue: name => ({
      added: () => adds.inc({ name }),
      started: ms => waited.observe({ name }, ms / 1000),
      finished: ms => worked.observe({ name }, ms / 1000),
      retried: () => retries.inc({ name }),
      observe: read => void queues.set(name, read),
    }),
    leading: (name, is) => master.set({ name }, is ? 1 : 0),
    listed: resource => lists.inc({ resource }),
  }
}
