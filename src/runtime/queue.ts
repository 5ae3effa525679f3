/**
 * Which keys have to be looked at. A key is in here once, however often it is added, and is never given out while somebody works on it: what
 * is added meanwhile comes again when the work is done. Keys that fail come back later and later, 5 ms·2ⁿ up to five minutes, ± 20 %.
 * Of several wishes for one key the highest priority and the earliest time count.
 */
import type { QueueMetrics } from './metrics.ts'
import type { Key } from './store.ts'

/** 'low' is for what is merely there at the start: a change that happens now goes first. */
export type Priority = 'normal' | 'low'

export interface Queue {
  add(key: Key, priority?: Priority): void
  addAfter(key: Key, ms: number): void
  /** After a failure: the more failures in a row, the later. */
  retry(key: Key, atLeastMs?: number): void
  /** The key is well: its next failure is its first. */
  forget(key: Key): void
  /** The next key, to be given back by `done`; undefined once the queue is closed. */
  next(): Promise<Key | undefined>
  /** It is not given out again before it has rested so long. */
  done(key: Key, restMs?: number): void
  close(): void
}

const firstDelayMs = 5
const longestDelayMs = 300_000

export function openQueue(metrics: QueueMetrics): Queue {
  const now = () => performance.now()
  /** When each key became ready, oldest first. */
  const ready = { normal: new Map<Key, number>(), low: new Map<Key, number>() }
  const waiting = new Map<Key, number>()
  const working = new Map<Key, number>()
  /** Worked on lately. */
  const resting = new Set<Key>()
  /** To be looked at once more when the work is done, and the rest over. */
  const again = new Map<Key, Priority>()
  const failures = new Map<Key, number>()
  const takers: ((key: Key | undefined) => void)[] = []
  let alarm: { at: number; timer: NodeJS.Timeout } | undefined
  let closed = false
  metrics.observe(() => ({
    depth: ready.normal.size + ready.low.size,
    workingMs: [...working.values()].map(since => now() - since),
  }))

  const handOut = () => {
    while (takers.length > 0) {
      const lane = ready.normal.size > 0 ? ready.normal : ready.low
      const first = lane.entries().next()
      if (first.done) return
      const [key, since] = first.value
      lane.delete(key)
      working.set(key, now())
      metrics.started(now() - since)
      takers.shift()!(key)
    }
  }

  const setAlarm = (at: number) => {
    if (alarm !== undefined && alarm.at <= at) return
    clearTimeout(alarm?.timer)
    alarm = { at, timer: setTimeout(ring, Math.min(Math.max(at - now(), 0), 2 ** 31 - 1)) }
  }

  const ring = () => {
    alarm = undefined
    let earliest = Number.POSITIVE_INFINITY
    for (const [key, due] of waiting) {
      if (due <= now()) queue.add(key)
      else earliest = Math.min(earliest, due)
    }
    if (earliest < Number.POSITIVE_INFINITY) setAlarm(earliest)
  }

  const release = (key: Key) => {
    const priority = again.get(key)
    again.delete(key)
    if (priority !== undefined) queue.add(key, priority)
  }

  const queue: Queue = {
    add(key, priority = 'normal') {
      if (closed) return
      waiting.delete(key)
      if (working.has(key) || resting.has(key)) {
        if (priority === 'normal' || !again.has(key)) again.set(key, priority)
        return
      }
      if (ready.normal.has(key) || (ready.low.has(key) && priority === 'low')) return
      const since = ready.low.get(key)
      if (since === undefined) metrics.added()
      ready.low.delete(key)
      ready[priority].set(key, since ?? now())
      handOut()
    },

    addAfter(key, ms) {
      if (ms <= 0) return queue.add(key)
      const due = now() + ms
      if (closed || ready.normal.has(key) || ready.low.has(key) || (waiting.get(key) ?? Number.POSITIVE_INFINITY) <= due) return
      waiting.set(key, due)
      setAlarm(due)
    },

    retry(key, atLeastMs = 0) {
      const earlier = failures.get(key) ?? 0
      failures.set(key, earlier + 1)
      metrics.retried()
      const delay = Math.min(firstDelayMs * 2 ** earlier, longestDelayMs) * (0.8 + 0.4 * Math.random())
      queue.addAfter(key, Math.max(delay, atLeastMs))
    },

    forget: key => void failures.delete(key),

    next: () =>
      new Promise(resolve => {
        if (closed) return resolve(undefined)
        takers.push(resolve)
        handOut()
      }),

    done(key, restMs = 0) {
      const since = working.get(key)
      if (since === undefined) throw new Error(`${key} is not being worked on`)
      working.delete(key)
      metrics.finished(now() - since)
      if (restMs <= 0) return release(key)
      resting.add(key)
      setTimeout(() => {
        resting.delete(key)
        release(key)
      }, restMs).unref()
    },

    close() {
      closed = true
      clearTimeout(alarm?.timer)
      for (const taker of takers.splice(0)) taker(undefined)
    },
  }
  return queue
}
