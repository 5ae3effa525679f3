/**
 * The engine's configuration: which one it is started with, and how another comes into force while it runs. What can change in a running engine is
 * changed and read back; what cannot waits for the next start, and is told. One that the engine refused to start with is not tried again by
 * itself: the last one that it did start with takes its place, so that a mistake leaves no database down.
 */
import type { GuestConfiguration, GuestSettings, GuestStatus } from '../../api/guest.ts'
import type { EngineSession } from '../../engines/guest-engine.ts'
import { laid } from '../../engines/parameters/layers.ts'
import { type Fault, fault, TroveError } from '../../errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import type { Job } from '../launcher/launcher.ts'
import { pauseMs } from './backoff.ts'

const deadlineMs = 30_000

export interface ConfigurationContext {
  clock: Clock
  log: Logger
  connect(signal: AbortSignal): Promise<EngineSession>
  /** Puts the files where the engine reads them. */
  stage(settings: GuestSettings): void
  /** Called when there is something to tell. */
  onChange(): void
}

type Reported = NonNullable<GuestStatus['configuration']>
type Told = NonNullable<Reported['fault']>
type Run = NonNullable<Reported['refusedRun']>

export class Configuration {
  readonly #o: ConfigurationContext
  #wanted: GuestConfiguration | undefined
  /** The run that has answered, and what it was started with. */
  #answered: { run: string; startedWith: string } | undefined
  /** What the engine answered with last. It outlives the run, and the pod. */
  #startedWith: string | undefined
  /** What is in force in a run of the engine beyond what it was started with. */
  #applied: { run: string; hash: string; restartRequired: string[] } | undefined
  /** A run in which another configuration was begun and may be in force in part: what is asked for is brought about again, whatever it is. */
  #tried: string | undefined
  #failed: { run: string; hash: string; fault: Fault; restartRequired?: string[]; failures: number; retryAtMs: number } | undefined
  /** Hash of the one that the engine did not start with. */
  #refused: { hash: string; fault: Told; in?: Run } | undefined
  /** What was told of an earlier run, and whether nothing can have been begun since. */
  #recalled: { status: GuestStatus; isSettled: boolean } | undefined
  #underWaySinceMs: number | undefined

  constructor(o: ConfigurationContext) {
    this.#o = o
  }

  want(wanted: GuestConfiguration): void {
    this.#wanted = wanted
  }

  /** What an agent before us, in this very pod, has reported. `isCurrent`: of all that is asked for now. */
  recall(status: GuestStatus, isCurrent: boolean): void {
    const { refused, refusedRun, fault: said } = status.configuration ?? {}
    this.#recalled = { status, isSettled: isCurrent && (said === undefined || refused !== undefined) }
    if (refused !== undefined && said !== undefined)
      this.#refused = { hash: refused, fault: said, ...(refusedRun !== undefined && { in: refusedRun }) }
  }

  /** What the engine answered with last, by the word of an agent before us, in whichever pod. */
  recallStart(startedWith: string | undefined): void {
    this.#startedWith = startedWith
  }

  /** It was running before us. What was reported holds if it is of this run; if not, nobody knows what was begun in it. */
  found({ id: run, startedAt }: Job, startedWith: string | undefined): void {
    const { status: { engine, configuration } = {}, isSettled = false } = this.#recalled ?? {}
    const isOfThisRun = startedWith !== undefined && engine?.startedWith === startedWith && engine.startedAt === startedAt?.toISOString()
    if (configuration === undefined || !isOfThisRun) {
      this.#tried = run
      return
    }
    const { hash, restartRequired = [] } = configuration
    this.#answered = { run, startedWith }
    this.#applied = { run, hash, restartRequired }
    if (!isSettled) this.#tried = run
  }

  /** An engine was started with it and has answered. */
  answers(run: string, startedWith: string | undefined): void {
    if (startedWith === undefined) return
    this.#answered = { run, startedWith }
    this.#startedWith = startedWith
    if (this.#refused?.hash === startedWith) this.#refused = undefined
  }

  /** The one to start with. */
  toStartWith(): GuestSettings {
    const wanted = this.#wanted!
    return this.#refused?.hash === wanted.hash && wanted.lastGood !== undefined ? wanted.lastGood : wanted
  }

  /** The engine ended by itself before it answered. Returns whether another configuration can be tried at once. */
  refuses(startedWith: string | undefined, why: string, run: Run): boolean {
    const wanted = this.#wanted
    // Where the last good one does not start either, it is not for the other that there is no database.
    if (startedWith !== undefined && startedWith === wanted?.lastGood?.hash) this.#refused = undefined
    if (wanted?.lastGood === undefined || startedWith !== wanted.hash) return false
    // It has started with it before: what ended it now is something else.
    if (startedWith === this.#startedWith) return false
    this.#refused = { hash: wanted.hash, fault: fault('ConfigurationRefused', { why }), in: run }
    return true
  }

  /** Begins what is due in this run. Returns the monotonic time at which it becomes due. */
  work(run: string, signal: AbortSignal): number | undefined {
    const wanted = this.#wanted
    if (wanted === undefined || this.#underWaySinceMs !== undefined || this.#answered?.run !== run) return undefined
    if (this.#refused?.hash === wanted.hash) return undefined
    if (this.#inForce(this.#answered) === wanted.hash && this.#tried !== run) return undefined
    const due = this.#failed?.run === run && this.#failed.hash === wanted.hash ? this.#failed.retryAtMs : 0
    if (due > this.#o.clock.monotonicMs()) return due
    void this.#bringAbout(wanted, run, signal)
    return undefined
  }

  /** Monotonic: since when another configuration is being brought into force. */
  get underWaySinceMs(): number | undefined {
    return this.#underWaySinceMs
  }

  get startedWith(): string | undefined {
    return this.#startedWith
  }

  /** Undefined where nobody can say what is in force: that run has not answered, or a change that was begun in it is being undone. */
  report(run: string | undefined): Reported | undefined {
    if (this.#answered === undefined || this.#answered.run !== run) return undefined
    const hash = this.#inForce(this.#answered)
    const wanted = this.#wanted?.hash
    const isBeingUndone = hash === wanted && this.#tried === run
    const refused = this.#refused?.hash === wanted ? this.#refused : undefined
    const failed = this.#failed?.run === run && (this.#failed.hash === wanted || isBeingUndone) ? this.#failed : undefined
    if (isBeingUndone && failed === undefined) return undefined
    const restartRequired = failed?.restartRequired ?? (this.#applied?.run === run ? this.#applied.restartRequired : [])
    const said = refused?.fault ?? failed?.fault
    return {
      hash,
      ...(restartRequired.length > 0 && { restartRequired }),
      ...(refused !== undefined && { refused: refused.hash, ...(refused.in !== undefined && { refusedRun: refused.in }) }),
      ...(said !== undefined && { fault: { code: said.code, message: said.message } }),
    }
  }

  #inForce({ run, startedWith }: { run: string; startedWith: string }): string {
    return this.#applied?.run === run ? this.#applied.hash : startedWith
  }

  async #bringAbout(wanted: GuestConfiguration, run: string, signal: AbortSignal): Promise<void> {
    const { clock, log, stage, onChange } = this.#o
    this.#underWaySinceMs = clock.monotonicMs()
    this.#tried = run
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)])
    let session: EngineSession | undefined
    try {
      session = await this.#o.connect(deadline)
      stage(wanted)
      const { restartRequired, notApplied } = await session.configure(laid(wanted.layers), deadline)
      if (notApplied !== undefined) {
        this.#hasFailed(wanted, run, fault('ConfigurationNotApplied', { why: notApplied.join('; ') }), { restartRequired })
        return
      }
      this.#applied = { run, hash: wanted.hash, restartRequired }
      this.#tried = undefined
      this.#failed = undefined
      log.info({ configuration: wanted.hash, restartRequired }, 'the configuration is in force')
    } catch (err) {
      if (signal.aborted) return
      const why = err instanceof Error ? err.message : String(err)
      this.#hasFailed(wanted, run, err instanceof TroveError ? err.fault : fault('ConfigurationNotApplied', { why }), { err })
    } finally {
      await session?.close().catch(() => {})
      this.#underWaySinceMs = undefined
      onChange()
    }
  }

  #hasFailed(
    { hash }: GuestConfiguration,
    run: string,
    fault: Fault,
    { err, ...found }: { err?: unknown; restartRequired?: string[] },
  ): void {
    const failures = this.#failed?.hash === hash ? this.#failed.failures + 1 : 1
    const retryAtMs = this.#o.clock.monotonicMs() + pauseMs(failures - 1, 500, 60_000)
    this.#failed = { run, hash, fault, ...found, failures, retryAtMs }
    this.#o.log.warn({ err, code: fault.code, message: fault.message, configuration: hash }, 'the configuration is not in force')
  }
}
