/**
 * What the agent remembers of how the engine ended, and what follows: when it is started again and what is said meanwhile. Pure. It is lost
 * with the agent, which costs nothing but the count: the engine is then started again a little sooner.
 */
import type { OperatingStatus } from '../../api/instance.ts'
import { type Fault, fault } from '../../errors.ts'
import { pauseMs } from './backoff.ts'
import { jobExits } from './scripts.ts'

/** A run that lasted so long ends a streak of failures. */
const steadyMs = 5 * 60_000
const crashesToSay = 3

export interface EngineHistory {
  /** Ends in a row of runs that were not steady. */
  times: number
  /** Whether the engine answered in one of them. */
  answered: boolean
  /** Attempts in a row that found the lock taken or the volume not writable. They are not the engine's doing and count as nothing. */
  hindered: number
  /** Monotonic: not started before. */
  retryAtMs: number
  /** What stands between the engine and an answer; gone with the next answer. */
  trouble?: { operatingStatus: OperatingStatus; fault: Fault }
}

export const untroubled: EngineHistory = { times: 0, answered: false, hindered: 0, retryAtMs: 0 }

/**
 * Whether what it was started with may have ended it: it never answered, and neither the lock nor the volume was in the way. Signals count, for one
 * that is given more memory than there is gets KILL.
 */
export const mayBeItsConfiguration = ({ exit, answered, volume }: EngineEnd): boolean =>
  !answered && exit > 0 && !Object.values<number>(jobExits).includes(exit) && volume?.full !== true

export interface EngineEnd {
  exit: number
  ranMs: number
  answered: boolean
  volume: { percent: number; full: boolean } | undefined
}

export function afterEnd(before: EngineHistory, end: EngineEnd, lock: string, nowMs: number): EngineHistory {
  const hindrance = hinderedBy(end, lock)
  if (hindrance !== undefined) {
    const hindered = before.hindered + 1
    return {
      ...before,
      hindered,
      retryAtMs: nowMs + pauseMs(before.hindered, 500, 5000),
      trouble: { operatingStatus: 'FAILED', fault: hindrance },
    }
  }
  const steady = end.ranMs >= steadyMs
  const times = steady ? 1 : before.times + 1
  const answered = end.answered || (!steady && before.answered)
  return {
    times,
    answered,
    hindered: 0,
    retryAtMs: nowMs + pauseMs(times - 1, 500, 60_000),
    trouble: troubleOf(end, times, answered),
  }
}

/** It answers: nothing is wrong any more. What happened is remembered until it has run steadily. */
export function afterAnswer({ trouble: _, ...history }: EngineHistory): EngineHistory {
  return { ...history, hindered: 0 }
}

function hinderedBy({ exit, volume }: EngineEnd, lock: string): Fault | undefined {
  if (exit === jobExits.busy) return fault('VolumeBusy', { path: lock })
  if (exit !== jobExits.notWritable) return undefined
  return volumeFull(volume) ?? fault('VolumeNotWritable', { why: `${lock} or the marker beside the data cannot be written` })
}

const volumeFull = (volume: EngineEnd['volume']): Fault | undefined =>
  volume?.full ? fault('VolumeFull', { used: `${volume.percent} % used` }) : undefined

function troubleOf(end: EngineEnd, times: number, answered: boolean): NonNullable<EngineHistory['trouble']> {
  const full = volumeFull(end.volume)
  if (full !== undefined) return { operatingStatus: 'FAILED', fault: full }
  const why = wordsFor(end.exit)
  if (!answered) return { operatingStatus: 'FAILED', fault: fault('EngineStartFailed', { log: `${why} before it answered` }) }
  if (times < crashesToSay) return { operatingStatus: 'RESTARTING', fault: fault('EngineStopped', { why }) }
  return { operatingStatus: 'CRASHED', fault: fault('EngineCrashed', { why, times }) }
}

const signals: Record<number, string> = { 6: 'ABRT', 7: 'BUS', 9: 'KILL, as when memory runs out', 11: 'SEGV', 15: 'TERM' }

export function wordsFor(exit: number): string {
  if (exit <= 128) return `it ended with status ${exit}`
  return `it was ended by signal ${signals[exit - 128] ?? exit - 128}`
}
