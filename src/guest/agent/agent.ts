/**
 * The guest agent: one level-triggered loop that observes, plans, acts and reports. It may be killed after any line: what counts is on the
 * volume, with the launcher and in the Guest, and the next agent goes on from there. Nothing that the API server says or does not say
 * stops an engine or ends this loop.
 */
import { randomUUID } from 'node:crypto'
import type { Guest, GuestSpec, GuestStatus } from '../../api/guest.ts'
import type { GuestEngine } from '../../engines/guest-engine.ts'
import { type Fault, fault } from '../../errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import type { Job, Launcher, LauncherState } from '../launcher/launcher.ts'
import { attend } from './attendance.ts'
import { pauseMs } from './backoff.ts'
import { Configuration } from './configuration.ts'
import type { GuestApi } from './guest-api.ts'
import { afterAnswer, afterEnd, type EngineEnd, type EngineHistory, mayBeItsConfiguration, untroubled, wordsFor } from './history.ts'
import { initialisationFailure } from './initialisation.ts'
import { Items } from './items.ts'
import { type Layout, layoutOf, lockOf, type Mounts } from './layout.ts'
import { dataVersion, mismatch } from './marker.ts'
import {
  type Action,
  type EngineRun,
  engineJobs,
  type Initialisation,
  initialiseJob,
  type Observed,
  plan,
  type Saying,
  upgradeJob,
} from './plan.ts'
import { reportOf } from './report.ts'
import { openReporter, type Reporter } from './reporter.ts'
import { initialiseScript, jobExits, startScript } from './scripts.ts'
import { isHash, stage } from './staging.ts'
import { Upgrade } from './upgrade.ts'
import { lookAtVolume, type VolumeLook } from './volume.ts'
import { VolumeGauge } from './volume-use.ts'

export interface AgentOptions {
  api: GuestApi
  launcher: Launcher
  /** Loads an engine that this agent has, by name. */
  engines: Readonly<Record<string, () => Promise<GuestEngine>>>
  mounts: Mounts
  podUID: string
  version: string
  /** When this process was started. */
  startedAt: Date
  clock: Clock
  log: Logger
}

/** The loop turns at least so often, and rings the launcher's bell: a wake-up that got lost costs no more than this. */
const turnEveryMs = 5000
/** While databases and users are being made, or settings changed, reports are so far apart: mostly one write then says it all. */
const holdForItemsMs = 500
/** So long an engine that was running before us may take to answer before anything else than before is said of it. */
const holdForAnswerMs = 3000
const orphanGraceMs = 5000
/** Between a run that refused its configuration and the next, so that the times in the log tell what either said: a line is noted a moment after it was written. */
const logSettlesMs = 250

/** The run that is attended to, and what ends the attendance. */
type Attended = EngineRun & { found: boolean; end: AbortController; startedWith?: string }

export class Agent {
  readonly #o: AgentOptions
  readonly #signal: AbortSignal
  readonly #reporter: Reporter
  readonly #items: Items
  readonly #configuration: Configuration
  readonly #upgrade: Upgrade
  readonly #gauge: VolumeGauge
  readonly #sweeping = new Set<string>()
  #wake = () => {}
  #woken = false
  #turnedAtMs: number
  #rungAtMs = 0
  #reportedAtMs = 0

  #guest: Guest | undefined
  #engine: GuestEngine | undefined
  #run: Attended | undefined
  #history: EngineHistory = untroubled
  #initialisation: Initialisation & { failures: number } = { running: false, retryAtMs: 0, failures: 0 }
  #built = false
  #engineVersion: string | undefined
  #lastExit: { code: number; at: string } | undefined
  #initialised: boolean | undefined
  #dataVersion: string | undefined

  constructor(o: AgentOptions, signal: AbortSignal) {
    this.#o = o
    this.#signal = signal
    this.#turnedAtMs = o.clock.monotonicMs()
    this.#reporter = openReporter(o.api, { clock: o.clock, log: o.log, signal })
    this.#gauge = new VolumeGauge(o.mounts.data, o.clock)
    this.#items = new Items({
      clock: o.clock,
      log: o.log,
      agentVersion: o.version,
      connect: signal => this.#connect(signal),
      passwords: signal => o.api.passwords(signal),
      onChange: () => this.wake(),
    })
    this.#configuration = new Configuration({
      clock: o.clock,
      log: o.log,
      connect: signal => this.#connect(signal),
      stage: settings => stage(settings, o.mounts),
      onChange: () => this.wake(),
    })
    this.#upgrade = new Upgrade({
      clock: o.clock,
      log: o.log,
      run: signal => this.#runUpgrade(signal),
      logFault: lines => this.#engine?.logFault(lines),
      onChange: () => this.wake(),
    })
    o.api.onChange(() => this.wake())
  }

  /** Turns until the signal ends it. */
  async run(): Promise<void> {
    const stopWatching = this.#o.launcher.onChange(() => this.wake())
    let failures = 0
    while (!this.#signal.aborted) {
      this.#woken = false
      let pause = turnEveryMs
      try {
        pause = await this.#turn()
        failures = 0
      } catch (err) {
        const failure = fault('Internal', { what: err instanceof Error ? err.message : String(err) })
        this.#o.log.error({ err, code: failure.code }, 'turn failed')
        this.#report({ operatingStatus: 'UNKNOWN', fault: failure }, undefined)
        pause = pauseMs(failures++, 500, turnEveryMs)
      }
      this.#turnedAtMs = this.#o.clock.monotonicMs()
      await this.#sleep(pause)
    }
    stopWatching()
    this.#run?.end.abort()
  }

  wake(): void {
    this.#woken = true
    this.#wake()
  }

  /** For the kubelet: whether the loop still turns. */
  get alive(): boolean {
    return this.#o.clock.monotonicMs() - this.#turnedAtMs < 12 * turnEveryMs
  }

  /** One last look and the last words, within the signal. The launcher has stopped the engine by now. */
  async farewell(signal: AbortSignal): Promise<void> {
    try {
      const { observed, launcher } = await this.#observe()
      this.#report(plan(observed).says, launcher)
    } finally {
      await this.#reporter.flush(signal)
    }
  }

  /** Returns how long nothing can change by itself. */
  async #turn(): Promise<number> {
    const { observed, launcher } = await this.#observe() // 1. what is there
    const { actions, says, againAtMs } = plan(observed) //  2. what follows: pure, see plan.test.ts
    let acted = false
    for (const action of actions) acted = (await this.#act(action)) || acted // 3. do it; what takes long goes on beside the loop
    if (acted) return 0
    const nextWorkAtMs = this.#workInEngine()
    const heldUntilMs = this.#heldUntilMs()
    if (heldUntilMs === undefined) this.#report(says, launcher) // 4. say it, if it is news
    this.#ring(launcher)
    const now = this.#o.clock.monotonicMs()
    return Math.max(
      0,
      Math.min(turnEveryMs, ...[againAtMs, ...nextWorkAtMs, heldUntilMs].map(at => (at ?? Number.POSITIVE_INFINITY) - now)),
    )
  }

  async #observe(): Promise<{ observed: Observed; launcher: LauncherState }> {
    this.#takeGuest()
    this.#engine ??= await this.#loadEngine()
    await this.#gauge.look()
    const launcher = this.#o.launcher.look()
    const spec = this.#guest?.spec
    const observed: Observed = {
      nowMs: this.#o.clock.monotonicMs(),
      agentVersion: this.#o.version,
      spec,
      engineKnown: this.#engine !== undefined,
      built: this.#built,
      launcher,
      full: this.#gauge.full ? { percent: this.#gauge.percent ?? 100 } : undefined,
      volume: this.#lookAtVolume(spec, launcher),
      initialisation: this.#initialisation,
      history: this.#history,
      run: this.#run,
      upgrade: this.#upgradeState(),
    }
    return { observed, launcher }
  }

  #takeGuest(): void {
    const guest = this.#o.api.guest()
    if (guest === undefined) return
    const before = this.#guest
    this.#guest = guest
    if (before?.metadata.uid === guest.metadata.uid && before.metadata.generation === guest.metadata.generation) return
    // What an agent before us, in this very pod, has reported still holds.
    const own = guest.status?.podUID === this.#o.podUID ? guest.status : undefined
    if (before === undefined) {
      this.#built = guest.spec.volume.claimUID !== undefined
      this.#recall(own, guest)
    }
    this.#configuration.want(guest.spec.configuration)
    this.#items.want(guest.spec, own?.observedGeneration === guest.metadata.generation ? own : undefined)
  }

  #recall(own: GuestStatus | undefined, { spec, status, metadata }: Guest): void {
    this.#engineVersion = own?.engine?.version
    this.#lastExit = own?.engine?.lastExit
    this.#gauge.recall(own?.volume?.usedPercent)
    if (own !== undefined) this.#configuration.recall(own, own.observedGeneration === metadata.generation)
    // What the engine started with in a former pod it will start with in this one, if it is of the same version.
    const isSameVersion = spec.upgradeFrom === undefined && status?.volume?.version === spec.version
    if (own !== undefined || isSameVersion) this.#configuration.recallStart(status?.engine?.startedWith)
  }

  #lookAtVolume(spec: GuestSpec | undefined, launcher: LauncherState): VolumeLook | undefined {
    // While the version is being changed, it is the start of the engine that changes the marker.
    const isKnown = this.#initialised !== undefined && (spec?.upgradeFrom === undefined || this.#dataVersion === spec.version)
    if (spec === undefined || (engineJobOf(launcher) !== undefined && isKnown)) return undefined
    const look = lookAtVolume(this.#o.mounts.data, spec.engine)
    this.#initialised = look.kind === 'initialised' && mismatch(look.marker, spec) === undefined
    this.#dataVersion = look.kind === 'initialised' ? dataVersion(look.marker, spec) : undefined
    return look
  }

  /** Returns whether anything is different now. */
  async #act(action: Action): Promise<boolean> {
    switch (action.do) {
      case 'sweep':
        return this.#sweep(action.job)
      case 'initialise':
        void this.#initialise()
        return true
      case 'start':
        this.#start(action.takesOver)
        return true
      case 'upgrade':
        if (this.#run !== undefined) void this.#upgrade.begin(this.#run.job, this.#run.end.signal)
        return true
      case 'attend':
        this.#o.log.info({ job: action.job.id }, 'the engine is running')
        this.#configuration.found(action.job, hashOf(action.job))
        this.#attend(action.job.id, hashOf(action.job), action.boot, true)
        return true
      case 'noteEnd':
        await this.#noteEnd(action.job)
        return true
      case 'noteLoss':
        await this.#noteLoss()
        return true
    }
  }

  #sweep(job: Job): boolean {
    if (job.exit !== undefined) {
      this.#o.launcher.forget(job.id)
      return true
    }
    if (this.#sweeping.has(job.id)) return false
    this.#sweeping.add(job.id)
    this.#o.log.info({ job: job.id }, 'a job that nobody waits for is ended')
    this.#o.launcher
      .cancel(job.id, orphanGraceMs, this.#signal)
      .catch(err => this.#signal.aborted || this.#o.log.warn({ err, job: job.id }, 'not ended'))
      .finally(() => this.#sweeping.delete(job.id))
    return false
  }

  async #initialise(): Promise<void> {
    const { launcher, mounts, log, clock } = this.#o
    this.#initialisation = { ...this.#initialisation, running: true }
    let failure: Fault | undefined
    try {
      const { spec, engine, layout } = this.#known()
      stage(this.#configuration.toStartWith(), mounts)
      log.info({ engine: spec.engine, version: spec.version }, 'initialising the volume')
      const { exit, output } = await launcher.run({ id: initialiseJob, script: initialiseScript(spec, engine, layout) }, this.#signal)
      failure =
        exit === 0 || exit === 'lost' ? undefined : initialisationFailure(exit, output, engine, layout.lock, await this.#gauge.measure())
      log.info({ exit, ...(failure !== undefined && { code: failure.code, message: failure.message }) }, 'initialisation ended')
    } catch (err) {
      if (this.#signal.aborted) return
      failure = fault('InitialiseFailed', { log: err instanceof Error ? err.message : String(err) })
      log.error({ err, code: failure.code }, 'initialisation failed')
    }
    const failures = failure === undefined ? 0 : this.#initialisation.failures + 1
    const retryAtMs =
      clock.monotonicMs() + (failure === undefined ? 0 : pauseMs(failures - 1, 500, failure.code === 'VolumeBusy' ? 5000 : 60_000))
    this.#initialisation = { running: false, failures, retryAtMs, ...(failure !== undefined && { failure }) }
    this.wake()
  }

  #start(takesOver: boolean): void {
    const { launcher, mounts, log } = this.#o
    const { spec, engine, layout } = this.#known()
    const state = launcher.look()
    if (state.kind !== 'live') return
    const settings = this.#configuration.toStartWith()
    if (!isHash(settings.hash)) throw new Error(`not the hash of a configuration: ${JSON.stringify(settings.hash)}`)
    stage(settings, mounts)
    const job = `engine-${randomUUID()}`
    launcher.submit({ id: job, ...startScript(spec, engine, layout, takesOver), note: settings.hash })
    log.info({ job, configuration: settings.hash, version: spec.version, takesOver }, 'starting the engine')
    this.#attend(job, settings.hash, state.boot, false)
  }

  #attend(job: string, startedWith: string | undefined, boot: string, found: boolean): void {
    const { launcher, clock, log } = this.#o
    this.#run?.end.abort()
    const run: Attended = {
      job,
      boot,
      sinceMs: clock.monotonicMs(),
      answered: false,
      silent: false,
      found,
      end: new AbortController(),
      ...(startedWith !== undefined && { startedWith }),
    }
    this.#run = run
    const { signal } = run.end
    launcher.exit(job, signal).then(
      () => this.wake(),
      err => signal.aborted || log.warn({ err, job }, 'the end of the engine may be noticed late'),
    )
    const onAnswer = ({ version }: { version: string }) => {
      log.info({ job, version, ms: Math.round(clock.monotonicMs() - run.sinceMs) }, 'the engine answers')
      Object.assign(run, { answered: true, silent: false })
      this.#built = true
      this.#engineVersion = version
      this.#history = afterAnswer(this.#history)
      this.#configuration.answers(job, startedWith)
      this.wake()
    }
    const onSilence = () => {
      log.warn({ job }, 'the engine has stopped answering')
      run.silent = true
      this.wake()
    }
    void attend(signal => this.#connect(signal), clock, { onAnswer, onSilence }, signal)
  }

  async #noteEnd({ id, exit = 0, startedAt, endedAt, note }: Job): Promise<void> {
    const mine = this.#run?.job === id ? this.#run : undefined
    const at = endedAt ?? this.#o.clock.now()
    await this.#engineEnded({ exit, ranMs: startedAt === undefined ? 0 : +at - +startedAt, answered: mine?.answered ?? true }, at, note)
    if (mine !== undefined) this.#leave()
    this.#o.launcher.forget(id)
  }

  /** Whoever loses the first process of its container is killed. */
  async #noteLoss(): Promise<void> {
    const { sinceMs = 0, answered = false, startedWith } = this.#run ?? {}
    await this.#engineEnded({ exit: 137, ranMs: this.#o.clock.monotonicMs() - sinceMs, answered }, this.#o.clock.now(), startedWith)
    this.#leave()
  }

  async #engineEnded(ended: Omit<EngineEnd, 'volume'>, at: Date, startedWith?: string): Promise<void> {
    const end = { ...ended, volume: await this.#gauge.measure() }
    const now = this.#o.clock.monotonicMs()
    const run = { startedAt: new Date(+at - end.ranMs).toISOString(), endedAt: at.toISOString() }
    const canGoOn = mayBeItsConfiguration(end) && this.#configuration.refuses(startedWith, wordsFor(end.exit), run)
    this.#history = canGoOn
      ? { ...this.#history, retryAtMs: now + logSettlesMs }
      : afterEnd(this.#history, end, lockOf(this.#o.mounts), now)
    const hindered: readonly number[] = [jobExits.busy, jobExits.notWritable]
    if (!hindered.includes(end.exit)) this.#lastExit = { code: end.exit, at: at.toISOString() }
    this.#o.log.warn({ exit: end.exit, code: this.#history.trouble?.fault.code, times: this.#history.times }, 'the engine has ended')
  }

  #leave(): void {
    this.#run?.end.abort()
    this.#run = undefined
  }

  #upgradeState() {
    const isDue = this.#guest?.spec.upgradeFrom !== undefined && this.#engine?.upgrade !== undefined
    return isDue && this.#run !== undefined ? this.#upgrade.stateIn(this.#run.job) : undefined
  }

  #runUpgrade(signal: AbortSignal) {
    const { engine, layout } = this.#known()
    return this.#o.launcher.run({ id: upgradeJob, script: `exec </dev/null\n${engine.upgrade!(layout.paths)}\n` }, signal)
  }

  #workInEngine(): (number | undefined)[] {
    const run = this.#run
    if (run === undefined || !run.answered || run.silent || this.#upgradeState() !== undefined) return []
    const { signal } = run.end
    return [this.#configuration.work(run.job, signal), this.#items.work(run.job, signal)]
  }

  /** Monotonic: until when the report is held back, for there will be more to say in a moment; undefined if it is not. */
  #heldUntilMs(): number | undefined {
    const now = this.#o.clock.monotonicMs()
    const run = this.#run
    const untils = [
      ...(run?.found && !run.answered ? [run.sinceMs + holdForAnswerMs] : []),
      ...[this.#items, this.#configuration].flatMap(({ underWaySinceMs: since }) =>
        since === undefined ? [] : [Math.max(since, this.#reportedAtMs) + holdForItemsMs],
      ),
    ]
    return untils.find(until => until > now)
  }

  #report(says: Saying, launcher: LauncherState | undefined): void {
    this.#reportedAtMs = this.#o.clock.monotonicMs()
    const job = launcher && engineJobOf(launcher)
    this.#reporter.report(
      reportOf({
        podUID: this.#o.podUID,
        agentVersion: this.#o.version,
        agentStartedAt: this.#o.startedAt,
        generation: this.#guest?.metadata.generation,
        says,
        engine: {
          version: this.#engineVersion,
          startedAt: job?.startedAt,
          startedWith: this.#configuration.startedWith,
          lastExit: this.#lastExit,
        },
        configuration: this.#configuration.report(job?.id),
        initialised: this.#initialised,
        dataVersion: this.#dataVersion,
        usedPercent: this.#gauge.percent,
        items: this.#items.outcomes(),
      }),
    )
  }

  #ring(launcher: LauncherState): void {
    const now = this.#o.clock.monotonicMs()
    if (launcher.kind !== 'live' || launcher.jobs.length === 0 || now - this.#rungAtMs < turnEveryMs) return
    this.#rungAtMs = now
    this.#o.launcher.ring()
  }

  /** Undefined while there is no Guest, and for an engine that this agent does not have. A Guest's engine never changes. */
  async #loadEngine(): Promise<GuestEngine | undefined> {
    const name = this.#guest?.spec.engine
    return name !== undefined && Object.hasOwn(this.#o.engines, name) ? this.#o.engines[name]?.() : undefined
  }

  #known(): { spec: GuestSpec; engine: GuestEngine; layout: Layout } {
    const engine = this.#engine
    if (this.#guest === undefined || engine === undefined) throw new Error('the engine is not known yet')
    return { spec: this.#guest.spec, engine, layout: layoutOf(this.#guest.spec.engine, this.#o.mounts) }
  }

  #connect(signal: AbortSignal) {
    const { engine, layout } = this.#known()
    return engine.connect(layout.paths, signal)
  }

  async #sleep(ms: number): Promise<void> {
    // Even then the world gets a word in.
    if (this.#woken || ms === 0) return new Promise(resolve => setImmediate(resolve))
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (this.#signal.aborted) this.#wake()
      else this.#signal.addEventListener('abort', this.#wake, { once: true })
    })
    this.#signal.removeEventListener('abort', this.#wake)
  }
}

const engineJobOf = (launcher: LauncherState): Job | undefined =>
  launcher.kind === 'live' ? launcher.jobs.find(job => engineJobs.test(job.id) && job.exit === undefined) : undefined

/** Of the configuration that it was started with. */
const hashOf = ({ note }: Job): string | undefined => (note !== undefined && isHash(note) ? note : undefined)
