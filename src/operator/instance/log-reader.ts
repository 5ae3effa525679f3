/**
 * Reads engines' logs, their ends or what was said in a run that is over, which the API server fetches from a pod's kubelet. A kubelet may take
 * its time or never answer, and only its own guests are to suffer from that: a look waits a moment at most, few reads are under way at once, and
 * what comes late leads to another look.
 */
import type { Client } from '../../kube/client.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Key } from '../../runtime/store.ts'
import { type Run, saidIn } from './engine-log.ts'

export interface LogReader {
  /** The end of the pod's log as it is now or was a moment ago; undefined if there is none to be had so far. */
  read(pod: { name: string; uid: string }, key: Key, signal: AbortSignal): Promise<string | undefined>
  /** The same of what was said in a run of the engine that is over: read once, for it does not change. */
  readRun(pod: { name: string; uid: string }, run: Run, key: Key, signal: AbortSignal): Promise<string | undefined>
  /** Told the key of each Instance whose log came, or changed, after the look that asked for it had gone on without. */
  onArrival(handler: (key: Key) => void): void
}

/** A kubelet that is well answers within this. */
const waitMs = 250
const deadlineMs = 5000
/** Reads at once, so that most connections are left to everybody else. */
const mostAtOnce = 4
/** What was read is believed for so long; one that did not answer is left in peace for longer. */
const freshMs = 2000
const sulkMs = 30_000
const mostRemembered = 1000

interface Entry {
  text?: string
  /** When it is to be read again. */
  due: number
  reading?: Promise<void>
}

export function openLogReader(o: { client: Pick<Client, 'podLog'>; namespace: string; clock: Clock }): LogReader {
  const { client, namespace, clock } = o
  const handlers: ((key: Key) => void)[] = []
  /** By the pod's UID, and the run if it is of one; the one that was asked for longest ago first. */
  const entries = new Map<string, Entry>()
  const waiting: (() => void)[] = []
  let underWay = 0

  const turn = async () => {
    if (underWay < mostAtOnce) underWay += 1
    else await new Promise<void>(resolve => waiting.push(resolve))
  }
  const release = () => {
    const next = waiting.shift()
    if (next === undefined) underWay -= 1
    else next()
  }

  const fetchInto = async (entry: Entry, name: string, run: Run | undefined): Promise<void> => {
    await turn()
    try {
      const call = { container: 'database', limitBytes: 65536, deadlineMs, signal: new AbortController().signal }
      if (run === undefined) {
        entry.text = await client.podLog({ namespace, name }, { ...call, tailLines: 100 })
        entry.due = clock.monotonicMs() + freshMs
      } else {
        const text = await client.podLog({ namespace, name }, { ...call, sinceTime: run.startedAt, timestamps: true })
        entry.text = saidIn(run, text)
        entry.due = Number.POSITIVE_INFINITY
      }
    } catch {
      // Then the agent's words are all there is.
      entry.due = clock.monotonicMs() + sulkMs
    } finally {
      delete entry.reading
      release()
    }
  }

  const entryOf = (id: string): Entry => {
    const entry = entries.get(id) ?? { due: Number.NEGATIVE_INFINITY }
    entries.delete(id)
    entries.set(id, entry)
    const oldest = entries.keys().next()
    if (entries.size > mostRemembered && !oldest.done) entries.delete(oldest.value)
    return entry
  }

  const look = async (entry: Entry, name: string, run: Run | undefined, key: Key, signal: AbortSignal) => {
    if (entry.reading === undefined && clock.monotonicMs() >= entry.due) {
      const before = entry.text
      let late = false
      entry.reading = fetchInto(entry, name, run).then(() => {
        if (late && entry.text !== before) for (const handler of handlers) handler(key)
      })
      const inTime = entry.reading
      await Promise.race([inTime, clock.sleep(waitMs, signal)])
      late = entry.reading !== undefined
    }
    return entry.text
  }

  return {
    read: ({ name, uid }, key, signal) => look(entryOf(uid), name, undefined, key, signal),
    readRun: ({ name, uid }, run, key, signal) => look(entryOf(`${uid} ${run.startedAt} ${run.endedAt}`), name, run, key, signal),
    onArrival: handler => void handlers.push(handler),
  }
}
