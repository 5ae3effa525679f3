/**
 * When each binding Secret was looked at last. We may not watch tenants' Secrets, so each is read every so often, at random times within
 * ± 20 %, lest all are read at once. Only a saving of requests: an operator that starts without it looks at every one.
 */
import type { Clock } from '../runtime/clock.ts'
import type { Key } from '../runtime/store.ts'

export interface BindingWatch {
  /** Whether the Secret that shows this revision must be looked at now. */
  isDue(key: Key, revision: string): boolean
  checked(key: Key, revision: string): void
  forget(key: Key): void
  /** Until it is due. */
  nextMs(key: Key): number
}

export function openBindingWatch(clock: Clock, resyncMs: number, random: () => number = Math.random): BindingWatch {
  const due = new Map<Key, { revision: string; at: number }>()
  return {
    isDue(key, revision) {
      const last = due.get(key)
      return last === undefined || last.revision !== revision || clock.monotonicMs() >= last.at
    },
    checked: (key, revision) => void due.set(key, { revision, at: clock.monotonicMs() + Math.round(resyncMs * (0.8 + 0.4 * random())) }),
    forget: key => void due.delete(key),
    nextMs: key => Math.max(0, Math.ceil((due.get(key)?.at ?? 0) - clock.monotonicMs())),
  }
}
