/**
 * Waits until a probe of a directory has an answer. Changes are noticed by inotify, which works across the containers of a pod; a slow poll
 * covers what inotify loses.
 */
import { type FSWatcher, watch } from 'node:fs'

export async function until<T>(directory: string, probe: () => T | undefined, pollMs: number, signal: AbortSignal): Promise<T> {
  let wake = () => {}
  const watcher = watching(directory, () => wake())
  const aborted = () => wake()
  signal.addEventListener('abort', aborted)
  try {
    for (;;) {
      const answer = probe()
      if (answer !== undefined) return answer
      signal.throwIfAborted()
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, pollMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  } finally {
    signal.removeEventListener('abort', aborted)
    watcher?.close()
  }
}

/** Without inotify (no watches left) there is still the poll. */
export function watching(directory: string, listener: () => void): FSWatcher | undefined {
  try {
    return watch(directory, { persistent: false }, listener).on('error', () => {})
  } catch {
    return undefined
  }
}
