/**
 * Keeps a store in step with one resource, for as long as the signal lasts. Never gives up: every failure leads to another attempt, after a
 * pause that grows from 0.8 s to 30 s. What is known stays known meanwhile.
 *
 *   streaming ──initial-events-end──▶ watching ◀──listed── paging        (paging: where the server refuses to stream a list)
 *       ▲                                │
 *       └──────── history lost (410) ────┘                                anything else: pause, go on watching from the last version
 *
 * Works with the right to get, list and watch one single name, if the selection has the fieldSelector for it. A server that did not know
 * `sendInitialEvents` at all would never say that the list has ended; all since 1.27 know it, if only to refuse.
 */
import type { Client, Selection, WatchEvent } from '../kube/client.ts'
import { ApiError, isExpired } from '../kube/errors.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Resource } from '../kube/resource.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'
import { keyOf, type Sink } from './store.ts'

export interface ReflectorOptions<T extends KubeObject> {
  client: Pick<Client, 'list' | 'watch'>
  resource: Resource<T>
  selection: Selection
  sink: Sink<T>
  log: Logger
  clock: Clock
  /** Told of each list from the beginning, the first one included. */
  onList?: () => void
}

type State =
  | { at: 'streaming' } //                           nothing usable: ask for everything as a stream
  | { at: 'paging' } //                              nothing usable and no streaming here: ask for pages
  | { at: 'watching'; resourceVersion: string } //   known up to here: ask for what came after

const pageSize = 500

export async function reflect<T extends KubeObject>(o: ReflectorOptions<T>, signal: AbortSignal): Promise<void> {
  const pause = backoff(o.clock)
  let state: State = { at: 'streaming' }
  while (!signal.aborted) {
    const began = o.clock.monotonicMs()
    const listed = state.at === 'paging'
    // Each step tells how far it came as it goes, so that a failure in the middle loses nothing.
    const reached = (next: State) => {
      state = next
    }
    try {
      await step(o, state, reached, signal)
      // A server that closes watches as soon as they are opened must not be asked in a busy loop.
      if (!listed && o.clock.monotonicMs() - began < 1000) await pause(signal)
    } catch (error) {
      if (signal.aborted) return
      state = afterFailure(state, error)
      o.log.warn({ resource: o.resource.plural, err: error, next: state.at }, 'watch failed')
      await pause(signal, error instanceof ApiError ? error.retryAfterMs : undefined).catch(() => {})
    }
  }
}

function afterFailure(state: State, error: unknown): State {
  if (isExpired(error)) return state.at === 'paging' ? state : { at: 'streaming' }
  const refusesStreaming = error instanceof ApiError && (error.status === 400 || error.status === 422)
  return state.at === 'streaming' && refusesStreaming ? { at: 'paging' } : state
}

async function step<T extends KubeObject>(
  o: ReflectorOptions<T>,
  state: State,
  reached: (next: State) => void,
  signal: AbortSignal,
): Promise<void> {
  switch (state.at) {
    case 'paging':
      return reached({ at: 'watching', resourceVersion: await listPages(o, signal) })
    case 'streaming':
      return follow(o, watchFrom(o, { sendInitialEvents: true }, signal), new Map(), reached, signal)
    case 'watching':
      return follow(o, watchFrom(o, { resourceVersion: state.resourceVersion }, signal), undefined, reached, signal)
  }
}

function watchFrom<T extends KubeObject>(
  o: ReflectorOptions<T>,
  from: { sendInitialEvents?: true; resourceVersion?: string },
  signal: AbortSignal,
) {
  // At random, lest all watches of all clients end in the same second for ever after an API server restart.
  const timeoutSeconds = 300 + Math.floor(Math.random() * 300)
  return o.client.watch(o.resource, { ...o.selection, ...from, timeoutSeconds, signal })
}

/** Takes events until the stream ends. While `initial` is there, they are collected, to be put in force as a whole. */
async function follow<T extends KubeObject>(
  o: ReflectorOptions<T>,
  events: AsyncIterable<WatchEvent<T>>,
  initial: Map<string, T> | undefined,
  reached: (next: State) => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const event of events) {
    if (signal.aborted) return
    const resourceVersion = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion
    if (initial === undefined) {
      if (event.type === 'BOOKMARK') o.sink.bookmark(resourceVersion)
      else if (event.type === 'DELETED') o.sink.remove(event.object)
      else o.sink.put(event.object)
      reached({ at: 'watching', resourceVersion })
    } else if (event.type === 'BOOKMARK') {
      if (!event.initialEventsEnd) continue
      o.onList?.()
      o.sink.replace([...initial.values()], resourceVersion)
      initial = undefined
      reached({ at: 'watching', resourceVersion })
    } else if (event.type === 'DELETED') initial.delete(keyOf(event.object))
    else initial.set(keyOf(event.object), o.sink.slim(event.object))
  }
}

async function listPages<T extends KubeObject>(o: ReflectorOptions<T>, signal: AbortSignal): Promise<string> {
  const objects: T[] = []
  let next: string | undefined
  for (;;) {
    const page = await o.client.list(o.resource, { ...o.selection, limit: pageSize, ...(next !== undefined && { continue: next }), signal })
    for (const item of page.items) objects.push(o.sink.slim(item))
    next = page.continue
    if (next !== undefined) continue
    o.onList?.()
    o.sink.replace(objects, page.resourceVersion)
    return page.resourceVersion
  }
}

/** 0.8 s, then twice as long each time up to 30 s, less up to a half at random. Two minutes without a failure, and it begins anew. */
function backoff(clock: Clock): (signal: AbortSignal, atLeastMs?: number) => Promise<void> {
  let failures = 0
  let last = Number.NEGATIVE_INFINITY
  return async (signal, atLeastMs = 0) => {
    if (clock.monotonicMs() - last > 120_000) failures = 0
    const ms = Math.min(800 * 2 ** failures, 30_000) * (1 - Math.random() / 2)
    failures += 1
    await clock.sleep(Math.max(ms, atLeastMs), signal)
    last = clock.monotonicMs()
  }
}
