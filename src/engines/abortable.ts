/** Waiting that ends at a signal, for clients of databases that know none. */

/** `end` cuts short what `work` waits for; it is called at most once. */
export async function abortable<T>(signal: AbortSignal, end: () => void, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  signal.addEventListener('abort', end, { once: true })
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', end)
  }
}
