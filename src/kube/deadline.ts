/**
 * Runs something under a deadline and any number of signals. Unlike `AbortSignal.any` and `AbortSignal.timeout` it lets go of its timer and
 * listeners as soon as the work ends, so a long-lived signal does not collect the traces of every request made under it.
 */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed'
  readonly ms: number

  constructor(ms: number) {
    super(`no result within ${ms} ms`)
    this.ms = ms
  }
}

export async function withDeadline<R>(signals: AbortSignal[], ms: number, work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const own = new AbortController()
  const stop = (event: Event) => own.abort((event.target as AbortSignal).reason)
  for (const signal of signals) {
    if (signal.aborted) throw signal.reason
    signal.addEventListener('abort', stop, { once: true })
  }
  const timer = setTimeout(() => own.abort(new DeadlinePassed(ms)), ms)
  try {
    return await work(own.signal)
  } finally {
    clearTimeout(timer)
    for (const signal of signals) signal.removeEventListener('abort', stop)
  }
}

/** For what cannot be called off itself: stops waiting for it when the signal ends. */
export function orAborted<R>(waiting: Promise<R>, signal: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
