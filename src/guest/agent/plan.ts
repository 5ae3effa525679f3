/**
 * Decides what the agent does next and what it says of its engine. Pure: it is given everything that was observed, so an agent that has just
 * been started comes to the same as one that was never gone. The order of the questions is the order of the promises: what runs is left
 * to run; a pod that ends starts nothing; a volume is initialised once and never over data; the engine is started on its own data only.
 */
import type { GuestSpec } from '../../api/guest.ts'
import type { OperatingStatus } from '../../api/instance.ts'
import { type Fault, fault } from '../../errors.ts'
import type { Job, LauncherState } from '../launcher/launcher.ts'
import type { EngineHistory } from './history.ts'
import { isToBeTakenOver, type Marker, markerFor, mismatch } from './marker.ts'
import type { UpgradeState } from './upgrade.ts'
import type { VolumeLook } from './volume.ts'

/** An engine that has not answered for so long is reported, and left to recover for as long as it takes. */
export const slowAfterMs = 60_000
export const upgradeSlowAfterMs = 600_000
/** A running engine whose probes have failed for so long is reported, and left alone. */
export const silentAfterMs = 30_000
export const engineJobs = /^engine-/
export const initialiseJob = 'initialise'
export const upgradeJob = 'upgrade'

/** The engine's job that the agent attends to. */
export interface EngineRun {
  job: string
  boot: string
  /** Monotonic: since when we have attended to it. */
  sinceMs: number
  answered: boolean
  /** It answered once, and no longer does. */
  silent: boolean
}

export interface Initialisation {
  running: boolean
  retryAtMs: number
  failure?: Fault
}

export interface Observed {
  nowMs: number
  agentVersion: string
  /** The last one seen: losing the Guest, or the right to read it, stops no engine. */
  spec: GuestSpec | undefined
  /** Whether this agent has the engine that the spec names. */
  engineKnown: boolean
  /** Whether the engine has run before: its first start is part of the building, any later one is a restart. */
  built: boolean
  launcher: LauncherState
  /** How full it is, if it is too full: an engine that still runs will not take what it is given. */
  full: { percent: number } | undefined
  /** Looked at only while no engine runs. */
  volume: VolumeLook | undefined
  initialisation: Initialisation
  history: EngineHistory
  run: EngineRun | undefined
  /** What this run of the engine has still to do with an older version's data; undefined if there is nothing. */
  upgrade: UpgradeState | undefined
}

export type Action =
  /** A job of an agent that is no more, which nobody waits for. */
  | { do: 'sweep'; job: Job }
  /** Run the initialisation, or wait for the one that is running. */
  | { do: 'initialise' }
  /** `takesOver`: the data of an older version, which from then on is this one's. */
  | { do: 'start'; takesOver: boolean }
  /** Run the engine's own tool on an older version's data, or wait for the one that is running. */
  | { do: 'upgrade' }
  /** An engine is running that we do not attend to yet. */
  | { do: 'attend'; job: Job; boot: string }
  /** The engine has ended: remember how, and clear the job away. */
  | { do: 'noteEnd'; job: Job }
  /** The engine's container is gone, and the engine with it. */
  | { do: 'noteLoss' }

export interface Saying {
  operatingStatus: OperatingStatus
  step?: string
  fault?: Fault
}

export interface Plan {
  actions: Action[]
  says: Saying
  /** Monotonic: when time alone changes the answer. */
  againAtMs?: number
}

const does = (...actions: Action[]) => actions
const failed = (f: Fault): Saying => ({ operatingStatus: 'FAILED', fault: f })

export function plan(o: Observed): Plan {
  const { launcher, spec } = o
  switch (launcher.kind) {
    case 'absent':
      return { actions: [], says: { operatingStatus: 'BUILDING', step: 'WaitingForContainer' } }
    case 'unsuitable':
      return { actions: [], says: failed(fault('ImageUnsuitable', { image: spec?.image ?? 'unknown', missing: launcher.lacks })) }
    case 'foreign':
      return { actions: [], says: failed(outdated(o, `launcher protocol ${launcher.protocol}`)) }
    case 'live': {
      const sweeping = launcher.jobs
        .filter(job => !engineJobs.test(job.id) && job.id !== initialiseJob && !(job.id === upgradeJob && spec?.upgradeFrom !== undefined))
        .map(job => ({ do: 'sweep' as const, job }))
      const decided = planEngine(o, launcher)
      return { ...decided, actions: [...sweeping, ...decided.actions] }
    }
  }
}

function planEngine(o: Observed, launcher: LauncherState & { kind: 'live' }): Plan {
  if (o.run !== undefined && o.run.boot !== launcher.boot) return { actions: does({ do: 'noteLoss' }), says: beginning(o, 'Starting') }
  const engines = launcher.jobs.filter(job => engineJobs.test(job.id))
  const running = engines.find(job => job.exit === undefined)
  const ended = engines.filter(job => job.exit !== undefined)

  if (launcher.stopping) return { actions: [], says: stopping(o, running, ended) }
  if (ended.length > 0) return { actions: ended.map(job => ({ do: 'noteEnd', job })), says: beginning(o, 'Starting') }
  if (running !== undefined) return planRunning(o, running, launcher.boot)
  if (o.spec === undefined) return { actions: [], says: { operatingStatus: 'BUILDING', step: 'WaitingForSpec' } }
  if (!o.engineKnown) return { actions: [], says: failed(outdated(o, `engine ${o.spec.engine}`)) }
  if (o.initialisation.running || launcher.jobs.some(job => job.id === initialiseJob)) {
    return { actions: o.initialisation.running ? [] : does({ do: 'initialise' }), says: initialising(o) }
  }
  return planStart(o, o.spec)
}

/** `Stopped` is said only of an engine that had answered and then ended by itself as it was asked to: it has left its data in order. */
function stopping({ run }: Observed, running: Job | undefined, ended: readonly Job[]): Saying {
  if (running !== undefined) return { operatingStatus: 'SHUTDOWN', step: 'Stopping' }
  const inOrder = run?.answered === true && ended.some(job => job.id === run.job && job.exit === 0)
  return { operatingStatus: 'SHUTDOWN', ...(inOrder && { step: 'Stopped' }) }
}

function planRunning(o: Observed, job: Job, boot: string): Plan {
  const { run, history } = o
  if (run === undefined || run.job !== job.id) return { actions: does({ do: 'attend', job, boot }), says: beginning(o, 'Starting') }
  if (run.silent)
    return { actions: [], says: { operatingStatus: 'UNKNOWN', fault: fault('EngineSilent', { seconds: silentAfterMs / 1000 }) } }
  if (run.answered && o.upgrade !== undefined) return planUpgrade(o, o.upgrade)
  if (run.answered) {
    const full = o.full && fault('VolumeFull', { used: `${o.full.percent} % used` })
    return { actions: [], says: { operatingStatus: 'HEALTHY', ...(full !== undefined && { fault: full }) } }
  }
  const slowAtMs = run.sinceMs + slowAfterMs
  if (o.nowMs >= slowAtMs) return { actions: [], says: failed(fault('EngineSlow', { seconds: slowAfterMs / 1000 })) }
  // Until it answers, what went wrong the last time still is what is wrong.
  return { actions: [], says: history.trouble ?? beginning(o, 'Starting'), againAtMs: slowAtMs }
}

/** While it is tried again, what went wrong the last time still is what is wrong. */
function planUpgrade(o: Observed, { runningSinceMs, retryAtMs, failure }: UpgradeState): Plan {
  const slowAtMs = (runningSinceMs ?? o.nowMs) + upgradeSlowAfterMs
  const slow = o.nowMs >= slowAtMs ? fault('UpgradeSlow', { minutes: upgradeSlowAfterMs / 60_000 }) : undefined
  const wrong = failure && o.full ? fault('VolumeFull', { used: `${o.full.percent} % used` }) : (failure ?? slow)
  const says = wrong === undefined ? beginning(o, 'Upgrading') : failed(wrong)
  if (runningSinceMs !== undefined) return { actions: [], says, ...(wrong === undefined && { againAtMs: slowAtMs }) }
  return o.nowMs < retryAtMs ? { actions: [], says, againAtMs: retryAtMs } : { actions: does({ do: 'upgrade' }), says }
}

function planStart(o: Observed, spec: GuestSpec): Plan {
  const { volume, initialisation, history, nowMs } = o
  const recorded = spec.volume.claimUID !== undefined
  const lost = (why: string): Plan => ({ actions: [], says: failed(fault('VolumeLost', { why })) })

  switch (volume?.kind) {
    case undefined:
      return { actions: [], says: beginning(o, 'LookingAtVolume') }
    case 'unwritable':
      return { actions: [], says: failed(fault('VolumeNotWritable', { why: volume.why })) }
    case 'unmarked':
      if (recorded) return lost('what is on the volume bears no marker of Trove')
      return {
        actions: [],
        says: failed(fault('DataVersionMismatch', { found: 'data without a marker of Trove', expected: named(markerFor(spec)) })),
      }
    case 'empty': {
      if (recorded) return lost('the volume is empty and was initialised before')
      const says = initialising(o)
      if (nowMs < initialisation.retryAtMs) return { actions: [], says, againAtMs: initialisation.retryAtMs }
      return { actions: does({ do: 'initialise' }), says }
    }
    case 'initialised': {
      const wrong = mismatch(volume.marker, spec)
      if (wrong !== undefined) return { actions: [], says: failed(wrong) }
      const says = history.trouble ?? beginning(o, 'Starting')
      if (nowMs < history.retryAtMs) return { actions: [], says, againAtMs: history.retryAtMs }
      return { actions: does({ do: 'start', takesOver: isToBeTakenOver(volume.marker, spec) }), says }
    }
  }
}

const beginning = (o: Observed, step: string): Saying => ({ operatingStatus: o.built ? 'RESTARTING' : 'BUILDING', step })

/** While it is tried again, what went wrong the last time still is what is wrong. */
const initialising = (o: Observed): Saying =>
  o.initialisation.failure === undefined ? beginning(o, 'Initialising') : failed(o.initialisation.failure)

const outdated = (o: Observed, feature: string): Fault => fault('AgentOutdated', { feature, version: o.agentVersion })
const named = ({ engine, version }: Marker) => `${engine} ${version}`
