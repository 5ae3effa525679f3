/**
 * How long ago something was asked of an agent: that its image be another, or that it be there at all. The date of it is read once, when we first
 * see it; from then on our own time counts, and a clock that is set in mid-roll makes nobody late.
 */
import type { Clock } from '../../runtime/clock.ts'
import type { Member } from './member.ts'

export interface Asked {
  elapsedMs: number
  /** Of that we have seen so much ourselves. */
  seenMs: number
}

export interface Stopwatch {
  /** Those that it is not asked about are forgotten. */
  read(members: readonly Member[]): (m: Member) => Asked
}

export function openStopwatch(clock: Clock): Stopwatch {
  let started = new Map<string, { atMs: number; beforeMs: number }>()
  return {
    read(members) {
      const nowMs = clock.monotonicMs()
      const begin = (m: Member) => ({ atMs: nowMs, beforeMs: Math.max(0, clock.now().getTime() - Date.parse(m.roll?.at ?? m.madeAt)) })
      started = new Map(members.map(m => [keyOf(m), started.get(keyOf(m)) ?? begin(m)]))
      return m => {
        const { atMs, beforeMs } = started.get(keyOf(m))!
        return { elapsedMs: beforeMs + nowMs - atMs, seenMs: nowMs - atMs }
      }
    },
  }
}

const keyOf = ({ pod, roll }: Member) => `${pod.metadata.uid} ${roll?.at ?? ''}`
