/** Time as an argument: what the date is, how long something took, and waiting that can be called off. */
export interface Clock {
  now(): Date
  /** Milliseconds from an arbitrary start. Never goes back, whatever happens to the date. */
  monotonicMs(): number
  /** Resolves after `ms`; rejects with the signal's reason when that comes first. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const called = () => {
        clearTimeout(timer)
        reject(signal.reason)
      }
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', called)
        resolve()
      }, ms)
      signal.addEventListener('abort', called, { once: true })
    }),
}
