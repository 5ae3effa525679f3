/**
 * The client: one method for each thing that one asks of an API server, typed by resource. Every call has a deadline and a signal, every
 * failure is an ApiError (or the signal's own reason), and nothing is retried here: whoever calls decides that, once the server wants to be asked.
 */
import type { ClusterAccess } from './access.ts'
import { DeadlinePassed, withDeadline } from './deadline.ts'
import { isNotFound, isUidMismatch } from './errors.ts'
import type { Draft, KubeObject, StatusDraft } from './objects.ts'
import { patient } from './patience.ts'
import { apiVersionOf, pathOf, pods, type Ref, type Resource } from './resource.ts'
import { openTransport, type Request } from './transport.ts'
import { lines, parseEvent } from './watch.ts'

export interface CallOptions {
  signal: AbortSignal
  /** Default 30 s. */
  deadlineMs?: number
  /** Asked when the request is about to be written to its connection. If it throws, nothing is sent and that is the failure. */
  mayGo?: () => void
}

export interface Selection {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
}

export interface Page<T> {
  items: T[]
  resourceVersion: string
  continue?: string
}

export interface Patch {
  type: 'merge' | 'json'
  body: unknown
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; resourceVersion: string; initialEventsEnd: boolean }

export interface WatchOptions extends Selection {
  resourceVersion?: string
  /** Begin with everything that is there as ADDED, then a BOOKMARK with `initialEventsEnd`. */
  sendInitialEvents?: boolean
  /** The server ends the stream after so long. */
  timeoutSeconds: number
  signal: AbortSignal
}

export interface Client {
  get<T extends KubeObject>(r: Resource<T>, ref: Ref, o: CallOptions): Promise<T>
  list<T extends KubeObject>(r: Resource<T>, o: CallOptions & Selection & { limit?: number; continue?: string }): Promise<Page<T>>
  create<T extends KubeObject>(r: Resource<T>, obj: Draft<T>, o: CallOptions): Promise<T>
  /** Server-side apply with force. Give `metadata.uid` wherever the object must already exist: a bare apply would make it anew. */
  apply<T extends KubeObject>(r: Resource<T>, obj: Draft<T>, o: CallOptions & { manager: string; subresource?: 'status' }): Promise<T>
  apply<T extends KubeObject>(r: Resource<T>, obj: StatusDraft<T>, o: CallOptions & { manager: string; subresource: 'status' }): Promise<T>
  patch<T extends KubeObject>(
    r: Resource<T>,
    ref: Ref,
    patch: Patch,
    o: CallOptions & { manager: string; subresource?: string },
  ): Promise<T>
  /** PUT, with the object's own resourceVersion as the precondition. */
  replace<T extends KubeObject>(r: Resource<T>, obj: T, o: CallOptions): Promise<T>
  /**
   * Deletes the object with this uid and no other. 'gone' if it does not exist or another bears its name; 'deleted' if it ceased to
   * exist at once; otherwise the object as it now is, still there and terminating.
   */
  delete<T extends KubeObject>(
    r: Resource<T>,
    ref: Ref & { uid: string },
    o: CallOptions & { gracePeriodSeconds?: number },
  ): Promise<T | 'deleted' | 'gone'>
  /**
   * A container's log as text: its last lines, or what comes after a time (in whole seconds), each line with its own before it. At most the first
   * `limitBytes` of that.
   */
  podLog(
    ref: Ref,
    o: CallOptions & { container: string; limitBytes: number } & ({ tailLines: number } | { sinceTime: string; timestamps: true }),
  ): Promise<string>
  /** Ends when the server ends it; throws an ApiError if it is refused, breaks, falls silent for too long or reports an error within the stream. */
  watch<T extends KubeObject>(r: Resource<T>, o: WatchOptions): AsyncIterable<WatchEvent<T>>
}

/**
 * A server says something on every watch about once a minute, be it a bookmark. One that has been silent for longer may not be there any more. Where etcd
 * tells of no progress (kubeadm has it tell), of a kind that nobody writes there is no bookmark either: that watch is opened again where it was.
 */
const longestSilenceMs = 150_000

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
}

export function connect(access: ClusterAccess, options: { userAgent?: string } = {}): Client & { close(): Promise<void> } {
  const transport = openTransport(access, options.userAgent ?? 'trove')
  const send = patient(transport.send)

  const text = (o: CallOptions, r: Omit<Request, 'signal'>): Promise<string> =>
    withDeadline([o.signal], o.deadlineMs ?? 30_000, async signal =>
      (await send({ ...r, signal, ...(o.mayGo && { mayGo: o.mayGo }) }, 'unary')).text(),
    )
  const json = async <R>(o: CallOptions, r: Omit<Request, 'signal'>): Promise<R> => JSON.parse(await text(o, r)) as R

  return {
    get: (r, ref, o) => json(o, { method: 'GET', path: pathOf(r, ref) }),

    async list<T extends KubeObject>(r: Resource<T>, o: CallOptions & Selection & { limit?: number; continue?: string }) {
      const { namespace, labelSelector, fieldSelector, limit } = o
      const query = { labelSelector, fieldSelector, limit, continue: o.continue }
      const path = pathOf(r, namespace === undefined ? {} : { namespace })
      const page = await json<{ metadata: { resourceVersion: string; continue?: string }; items: T[] | null }>(o, {
        method: 'GET',
        path,
        query,
      })
      return {
        // The items of a list do not say what they are; watch events do. Here both are alike.
        items: (page.items ?? []).map(item => ({ ...item, apiVersion: apiVersionOf(r), kind: r.kind })),
        resourceVersion: page.metadata.resourceVersion,
        ...(page.metadata.continue ? { continue: page.metadata.continue } : {}),
      }
    },

    create: (r, obj, o) => json(o, { method: 'POST', path: pathOf(r, within(obj)), body: obj }),

    apply: (r: Resource<never>, obj: { metadata: Ref }, o: CallOptions & { manager: string; subresource?: string }) =>
      json(o, {
        method: 'PATCH',
        path: pathOf(r, at(obj.metadata, o.subresource)),
        query: { fieldManager: o.manager, force: true },
        contentType: 'application/apply-patch+yaml',
        body: obj,
      }),

    patch: (r, ref, patch, o) =>
      json(o, {
        method: 'PATCH',
        path: pathOf(r, at(ref, o.subresource)),
        query: { fieldManager: o.manager },
        contentType: patchTypes[patch.type],
        body: patch.body,
      }),

    replace: (r, obj, o) => json(o, { method: 'PUT', path: pathOf(r, obj.metadata), body: obj }),

    async delete<T extends KubeObject>(r: Resource<T>, ref: Ref & { uid: string }, o: CallOptions & { gracePeriodSeconds?: number }) {
      const body = { preconditions: { uid: ref.uid }, propagationPolicy: 'Background', gracePeriodSeconds: o.gracePeriodSeconds }
      try {
        const answer = await json<T | { kind: 'Status' }>(o, { method: 'DELETE', path: pathOf(r, ref), body })
        return answer.kind === 'Status' ? 'deleted' : (answer as T)
      } catch (error) {
        if (isNotFound(error) || isUidMismatch(error)) return 'gone'
        throw error
      }
    },

    podLog(ref, o) {
      const { container, limitBytes } = o
      const part = 'tailLines' in o ? { tailLines: o.tailLines } : { sinceTime: o.sinceTime, timestamps: o.timestamps }
      return text(o, { method: 'GET', path: pathOf(pods, at(ref, 'log')), query: { container, ...part, limitBytes } })
    },

    async *watch<T extends KubeObject>(r: Resource<T>, o: WatchOptions) {
      const { namespace, labelSelector, fieldSelector, resourceVersion, sendInitialEvents, timeoutSeconds } = o
      const query = {
        watch: true,
        allowWatchBookmarks: true,
        timeoutSeconds,
        labelSelector,
        fieldSelector,
        resourceVersion,
        ...(sendInitialEvents && { sendInitialEvents, resourceVersionMatch: 'NotOlderThan' }),
      }
      const watchdog = new AbortController()
      const stop = () => watchdog.abort(o.signal.reason)
      const timer = setTimeout(() => watchdog.abort(new DeadlinePassed(longestSilenceMs)), longestSilenceMs)
      o.signal.addEventListener('abort', stop, { once: true })
      if (o.signal.aborted) stop()
      try {
        const path = pathOf(r, namespace === undefined ? {} : { namespace })
        const answer = await send({ method: 'GET', path, query, signal: watchdog.signal }, 'watch')
        for await (const line of lines(answer.chunks())) {
          if (watchdog.signal.aborted) throw watchdog.signal.reason
          timer.refresh()
          yield parseEvent<T>(line)
        }
      } finally {
        clearTimeout(timer)
        o.signal.removeEventListener('abort', stop)
      }
    },

    close: () => transport.close(),
  }
}

const at = (ref: Ref, subresource: string | undefined) => ({ ...named(ref), ...(subresource !== undefined && { subresource }) })
const named = ({ namespace, name }: Ref) => (namespace === undefined ? { name } : { namespace, name })
const within = (obj: { metadata: Ref }) => (obj.metadata.namespace === undefined ? {} : { namespace: obj.metadata.namespace })
