/**
 * The handle by which controllers use one resource: reads come from the store, writes go through the client, and the answer to each write is
 * in the store before the write returns.
 */
import type { Client, Patch, Selection } from '../kube/client.ts'
import { ApiError, absent, isNotFound } from '../kube/errors.ts'
import type { Draft, KubeObject, StatusDraft } from '../kube/objects.ts'
import type { Ref, Resource } from '../kube/resource.ts'
import type { Clock } from './clock.ts'
import type { Keep } from './kept.ts'
import type { Logger } from './log.ts'
import { reflect } from './reflector.ts'
import { type Change, keyOf, openStore, type Store } from './store.ts'

export interface CollectionOptions<T extends KubeObject> extends Selection {
  /** Drops what nobody reads before it is stored. Must not change its argument, but may freeze parts of it. managedFields are always dropped. */
  project?: (obj: T) => T
  indexes?: Record<string, (obj: T) => string[]>
}

export interface Collection<T extends KubeObject> extends Store<T> {
  readonly resource: Resource<T>
  create(obj: Draft<T>, signal: AbortSignal): Promise<T>
  apply(obj: Draft<T>, o: { manager: string; signal: AbortSignal; subresource?: 'status' }): Promise<T>
  apply(obj: StatusDraft<T>, o: { manager: string; signal: AbortSignal; subresource: 'status' }): Promise<T>
  patch(ref: Ref, patch: Patch, o: { manager: string; signal: AbortSignal; subresource?: string }): Promise<T>
  /** By uid; an object that is gone already is fine. */
  delete(obj: T, o: { signal: AbortSignal; gracePeriodSeconds?: number }): Promise<void>
  /** A failed test means that somebody wrote before us: an ApiError that the controller retries quietly. */
  addFinalizer(obj: T, finalizer: string, signal: AbortSignal): Promise<T>
  /**
   * Fails with a conflict if the server has another object of this name, or another version of it, by now: then the cache lags behind. What the
   * server has is in it from then on.
   */
  confirm(obj: T, signal: AbortSignal): Promise<void>
  /** Fails with a conflict if there is an object of this name, which is in the cache from then on: then the cache lags behind. */
  confirmAbsent(ref: Ref, signal: AbortSignal): Promise<void>
  /**
   * What the server has just told of an object that the cache did not show is in the cache from then on. Fails with a conflict if the cache is past
   * it already and shows none of its name all the same: to go on would be to come here again at once.
   */
  adopt(found: T): void
  /**
   * As `confirm`, but asks only if this process has neither written the object nor confirmed it yet. A list that was old may still show what somebody
   * finished with before we began; what we have written ourselves we know to be there.
   */
  confirmOnce(obj: T, signal: AbortSignal): Promise<void>
  /** An object that is gone already is fine. */
  removeFinalizer(obj: T, finalizer: string, signal: AbortSignal): Promise<void>
  /** To be called before the collection runs. A handler only takes note: it must not wait and had better not throw. */
  subscribe(handler: (change: Change<T>) => void): void
}

export interface CollectionContext {
  client: Client
  log: Logger
  clock: Clock
  onList?: (resource: string) => void
  /** See `StoreOptions`. */
  keep?: Keep
}

const finalizerManager = 'trove-finalizers'

/** `run` keeps the collection up to date until the signal ends; it resolves only then. */
export function openCollection<T extends KubeObject>(
  resource: Resource<T>,
  { project, indexes, ...selection }: CollectionOptions<T>,
  { client, log, clock, onList, keep }: CollectionContext,
): Collection<T> & { run(signal: AbortSignal): Promise<void> } {
  const handlers: ((change: Change<T>) => void)[] = []
  const store = openStore<T>({
    ...(project !== undefined && { project }),
    ...(indexes !== undefined && { indexes }),
    ...(keep !== undefined && { keep }),
    onChange: change => {
      for (const handler of handlers) {
        try {
          handler(change)
        } catch (err) {
          log.error({ err, resource: resource.plural, key: keyOf((change.new ?? change.old)!) }, 'handler failed')
        }
      }
    },
  })

  /** By uid: what the server has told this process itself, apart from any list. Forgotten once it is gone. */
  const met = new Set<string>()
  handlers.push(({ old, new: now }) => {
    if (old !== undefined && now === undefined) met.delete(old.metadata.uid)
  })

  const write = async (request: () => Promise<T>): Promise<T> => {
    const answer = await request()
    store.wrote(answer)
    met.add(answer.metadata.uid)
    return answer
  }

  const look = ({ name, namespace }: Ref, signal: AbortSignal) =>
    client.get(resource, namespace === undefined ? { name } : { name, namespace }, { signal }).catch(absent)
  const lagsBehind = ({ name }: Ref) => new ApiError(409, 'Conflict', `${resource.kind} "${name}" is not what the cache says any more`)

  const confirm = async (obj: T, signal: AbortSignal): Promise<void> => {
    const { uid, resourceVersion } = obj.metadata
    const found = await look(obj.metadata, signal)
    if (found?.metadata.uid === uid && found.metadata.resourceVersion === resourceVersion) {
      met.add(uid)
      return
    }
    if (found === undefined) store.deleted(keyOf(obj), uid)
    else store.wrote(found)
    throw lagsBehind(obj.metadata)
  }

  const jsonPatch = (obj: T, operations: object[], signal: AbortSignal) =>
    write(() => {
      const body = [{ op: 'test', path: '/metadata/uid', value: obj.metadata.uid }, ...operations]
      return client.patch(resource, obj.metadata, { type: 'json', body }, { manager: finalizerManager, signal })
    })

  return {
    ...store,
    resource,
    create: (obj, signal) => write(() => client.create(resource, obj, { signal })),
    apply: (obj: Draft<T> | StatusDraft<T>, o: { manager: string; signal: AbortSignal; subresource?: 'status' }) =>
      // Both shapes are one request; which of them is right for the subresource was checked at the call.
      write(() => client.apply(resource, obj as Draft<T>, o)),
    patch: (ref, patch, o) => write(() => client.patch(resource, ref, patch, o)),

    async delete(obj, o) {
      const { namespace, name, uid } = obj.metadata
      const answer = await client.delete(resource, { name, uid, ...(namespace !== undefined && { namespace }) }, o)
      if (answer === 'deleted' || answer === 'gone') store.deleted(keyOf(obj), uid)
      else store.wrote(answer)
    },

    async addFinalizer(obj, finalizer, signal) {
      const path = '/metadata/finalizers'
      const there = obj.metadata.finalizers ?? []
      if (there.includes(finalizer)) return obj
      // A list that is not there cannot be tested, only replaced: then the whole object must be as it was.
      const guard =
        there.length > 0
          ? { op: 'test', path, value: there }
          : { op: 'test', path: '/metadata/resourceVersion', value: obj.metadata.resourceVersion }
      return jsonPatch(obj, [guard, { op: 'add', path, value: [...there, finalizer] }], signal)
    },

    confirm,
    adopt(found) {
      store.wrote(found)
      if (store.get(keyOf(found)) === undefined) throw lagsBehind(found.metadata)
    },
    async confirmAbsent(ref, signal) {
      const found = await look(ref, signal)
      if (found === undefined) return
      store.wrote(found)
      throw lagsBehind(ref)
    },
    async confirmOnce(obj, signal) {
      if (!met.has(obj.metadata.uid)) await confirm(obj, signal)
    },

    async removeFinalizer(obj, finalizer, signal) {
      const at = obj.metadata.finalizers?.indexOf(finalizer) ?? -1
      if (at < 0) return
      const path = `/metadata/finalizers/${at}`
      try {
        await jsonPatch(
          obj,
          [
            { op: 'test', path, value: finalizer },
            { op: 'remove', path },
          ],
          signal,
        )
      } catch (error) {
        if (!isNotFound(error)) throw error
        store.deleted(keyOf(obj), obj.metadata.uid)
      }
    },

    subscribe: handler => void handlers.push(handler),
    run: signal => reflect({ client, resource, selection, sink: store, log, clock, onList: () => onList?.(resource.plural) }, signal),
  }
}
