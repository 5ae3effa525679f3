/**
 * What an engine still has to do with data that it took over from an older version, once it answers: its own tool is run to the end, again after
 * each start and each failure, until the operator no longer speaks of the older version. So the tool must be one that can be run twice.
 */
import { type Fault, fault } from '../../errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import type { Exit } from '../launcher/launcher.ts'
import { pauseMs } from './backoff.ts'

export interface UpgradeContext {
  clock: Clock
  log: Logger
  /** Runs the tool to its end, or waits for the one that an agent before us began. */
  run(signal: AbortSignal): Promise<{ exit: Exit; output: string }>
  /** Picks the cause from what the tool wrote, which is hostile input. */
  logFault(lines: readonly string[]): string | undefined
  onChange(): void
}

export interface UpgradeState {
  /** Monotonic, while the tool runs. */
  runningSinceMs?: number
  /** Monotonic. */
  retryAtMs: number
  failure?: Fault
}

export class Upgrade {
  readonly #o: UpgradeContext
  #state: UpgradeState = { retryAtMs: 0 }
  #failures = 0
  /** The run of the engine in which it came to its end. */
  #doneIn: string | undefined

  constructor(o: UpgradeContext) {
    this.#o = o
  }

  /** Undefined: it has been done in this run. */
  stateIn(run: string): UpgradeState | undefined {
    return this.#doneIn === run ? undefined : this.#state
  }

  async begin(run: string, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#o
    this.#state = { ...this.#state, runningSinceMs: clock.monotonicMs() }
    log.info({ job: run }, 'the engine takes over the data of an older version')
    try {
      const { exit, output } = await this.#o.run(signal)
      if (exit === 0) this.#done(run)
      else this.#failed(exit === 'lost' ? 'the engine’s container has ended' : this.#why(exit, output))
    } catch (err) {
      // With the engine its tool ends, too; the next run of the engine begins anew.
      if (signal.aborted) this.#state = { retryAtMs: clock.monotonicMs() }
      else this.#failed(err instanceof Error ? err.message : String(err))
    }
    this.#o.onChange()
  }

  #done(run: string): void {
    this.#doneIn = run
    this.#failures = 0
    this.#state = { retryAtMs: 0 }
    this.#o.log.info({ job: run }, 'the data is taken over')
  }

  #failed(log: string): void {
    const failure = fault('UpgradeFailed', { log })
    this.#state = { retryAtMs: this.#o.clock.monotonicMs() + pauseMs(this.#failures++, 500, 60_000), failure }
    this.#o.log.warn({ code: failure.code, message: failure.message }, 'the data is not taken over')
  }

  #why(exit: number, output: string): string {
    const lines = output.split('\n').filter(line => line.trim() !== '')
    return this.#o.logFault(lines) ?? (lines.slice(-3).join('; ').slice(-500) || `status ${exit}`)
  }
}
