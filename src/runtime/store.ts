/**
 * A cache of one resource that is never older than our own last write. The watch fills it; the answers to our writes lie over that until the
 * watch has passed them. Handlers hear of each change of what the store shows, whichever of the two it came from, exactly once.
 *
 * Relies on resourceVersions of one resource being comparable decimal numbers (KEP-5504), and on a watch delivering them in order: the highest
 * one seen is a watermark for the whole resource. A deletion's answer has no resourceVersion, so deletions are tracked by uid.
 */
import type { KubeObject } from '../kube/objects.ts'
import type { Ref } from '../kube/resource.ts'
import { type Keep, openKeeper } from './kept.ts'

/** 'namespace/name', or 'name' for what is cluster-scoped. */
export type Key = string

export function keyOf(of: KubeObject | Ref): Key {
  const { namespace, name }: Ref = 'metadata' in of ? of.metadata : of
  return namespace === undefined ? name : `${namespace}/${name}`
}

/** One change of what the store shows. A recreated object is two changes: the old one goes, the new one comes. */
export interface Change<T> {
  old?: T
  new?: T
  /** Part of what was there at the start. */
  initial: boolean
}

/** The objects that it gives are frozen: whoever wants to change one makes a copy. */
export interface Store<T extends KubeObject> {
  get(key: Key): T | undefined
  list(): T[]
  byIndex(index: string, value: string): T[]
  hasSynced(): boolean
  /** Puts a write's response in force until the watch passes its resourceVersion. */
  wrote(obj: T): void
  /** Hides the object with this uid, which the server says is no more, until the watch says so too. */
  deleted(key: Key, uid: string): void
}

/** What a reflector tells: the other side of the store. */
export interface Sink<T extends KubeObject> {
  /** The object without what is not kept. Whoever collects objects does this to each as it comes, so that no long list is held whole. */
  slim(obj: T): T
  /** Everything that there is, slim, as of `resourceVersion`. Throws an OutdatedList if that is older than what is known, and keeps that. */
  replace(objects: T[], resourceVersion: string): void
  put(obj: T): void
  remove(obj: T): void
  /** Nothing changed up to here. */
  bookmark(resourceVersion: string): void
}

export interface StoreOptions<T extends KubeObject> {
  project?: (obj: T) => T
  indexes?: Record<string, (obj: T) => string[]>
  onChange: (change: Change<T>) => void
  /** Stores that are given the same one keep what is equal in their objects once. Default: one of its own. */
  keep?: Keep
}

/** A server that lags behind another has answered: nothing is forgotten on its word. */
export class OutdatedList extends Error {
  override readonly name = 'OutdatedList'
  readonly code = 'OutdatedList'
  constructor(resourceVersion: string, known: string) {
    super(`the list is as of resourceVersion ${resourceVersion}, and ${known} is known already`)
  }
}

/** Whether `a` is at or past `b`. Decimal strings without leading zeros, too long for numbers. */
export function atOrPast(a: string, b: string): boolean {
  return a.length === b.length ? a >= b : a.length > b.length
}

/** Starts empty; `hasSynced` after the first `replace`. */
export function openStore<T extends KubeObject>(options: StoreOptions<T>): Store<T> & Sink<T> {
  let watermark: string | undefined
  const watched = new Map<Key, T>()
  const written = new Map<Key, T>()
  /** Deleted by us, by uid. `since`: the resourceVersion of its last known state, if the watch has yet to bring even that. */
  const hidden = new Map<string, { key: Key; since?: string }>()
  /** What is shown: `written` over `watched`, without `hidden`. Kept so that a change of it can be seen. */
  const shown = new Map<Key, T>()
  const indexes = new Map(Object.entries(options.indexes ?? {}).map(([name, of]) => [name, { of, keys: new Map<string, Set<Key>>() }]))

  const { project, keep = openKeeper() } = options
  const slim = (obj: T) => keep(withoutWaste(obj, project))
  const passed = (resourceVersion: string) => watermark !== undefined && atOrPast(watermark, resourceVersion)

  const show = (key: Key, next: T | undefined, initial: boolean) => {
    const old = shown.get(key)
    if (old === next || (old !== undefined && next !== undefined && sameState(old, next))) {
      if (next !== undefined) shown.set(key, next)
      return
    }
    for (const { of, keys } of indexes.values()) {
      if (old !== undefined) for (const value of of(old)) forgetIn(keys, value, key)
      if (next !== undefined) for (const value of of(next)) rememberIn(keys, value, key)
    }
    if (next === undefined) shown.delete(key)
    else shown.set(key, next)
    if (old !== undefined && next !== undefined && old.metadata.uid !== next.metadata.uid) {
      options.onChange({ old, initial })
      options.onChange({ new: next, initial })
    } else {
      options.onChange({ ...(old !== undefined && { old }), ...(next !== undefined && { new: next }), initial })
    }
  }

  const refresh = (key: Key, initial = false) => {
    const visible = [written.get(key), watched.get(key)].find(obj => obj !== undefined && !hidden.has(obj.metadata.uid))
    show(key, visible, initial)
  }

  /** Our writes up to the watermark are part of what was watched by now; shows what lies beneath them. */
  const advance = (resourceVersion: string) => {
    watermark = resourceVersion
    for (const [key, obj] of written) {
      if (!passed(obj.metadata.resourceVersion)) continue
      written.delete(key)
      refresh(key)
    }
  }

  return {
    get: key => shown.get(key),
    list: () => [...shown.values()],
    byIndex(name, value) {
      const index = indexes.get(name)
      if (index === undefined) throw new TypeError(`no index "${name}"`)
      return [...(index.keys.get(value) ?? [])].map(key => shown.get(key)!)
    },
    hasSynced: () => watermark !== undefined,

    wrote(answer) {
      const obj = slim(answer)
      const { resourceVersion } = obj.metadata
      const key = keyOf(obj)
      // The event often overtakes the response (three times in five): then there is nothing to lay over it.
      if (passed(resourceVersion)) return
      const earlier = written.get(key)
      if (earlier !== undefined && atOrPast(earlier.metadata.resourceVersion, resourceVersion)) return
      written.set(key, obj)
      refresh(key)
    },

    deleted(key, uid) {
      const mine = written.get(key)?.metadata.uid === uid ? written.get(key) : undefined
      // If the watch has already told of the deletion there is nothing left to hide.
      if (mine === undefined && watched.get(key)?.metadata.uid !== uid) return
      hidden.set(uid, { key, ...(mine !== undefined && { since: mine.metadata.resourceVersion }) })
      if (mine !== undefined) written.delete(key)
      refresh(key)
    },

    slim,

    replace(objects, resourceVersion) {
      if (watermark !== undefined && !atOrPast(resourceVersion, watermark)) throw new OutdatedList(resourceVersion, watermark)
      const initial = watermark === undefined
      const keys = new Set([...watched.keys(), ...written.keys()])
      watched.clear()
      for (const obj of objects) {
        watched.set(keyOf(obj), obj)
        keys.add(keyOf(obj))
      }
      watermark = resourceVersion
      for (const [key, obj] of written) if (passed(obj.metadata.resourceVersion)) written.delete(key)
      for (const [uid, { key, since }] of hidden) {
        if (watched.get(key)?.metadata.uid !== uid && (since === undefined || passed(since))) hidden.delete(uid)
      }
      for (const key of keys) refresh(key, initial)
    },

    put(obj) {
      const key = keyOf(obj)
      watched.set(key, slim(obj))
      advance(obj.metadata.resourceVersion)
      refresh(key)
    },

    remove(obj) {
      const key = keyOf(obj)
      hidden.delete(obj.metadata.uid)
      watched.delete(key)
      advance(obj.metadata.resourceVersion)
      refresh(key)
    },

    bookmark: advance,
  }
}

const sameState = (a: KubeObject, b: KubeObject) =>
  a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion

function rememberIn(keys: Map<string, Set<Key>>, value: string, key: Key): void {
  const set = keys.get(value)
  if (set === undefined) keys.set(value, new Set([key]))
  else set.add(key)
}

function forgetIn(keys: Map<string, Set<Key>>, value: string, key: Key): void {
  const set = keys.get(value)
  set?.delete(key)
  if (set?.size === 0) keys.delete(value)
}

/** managedFields are half of a small object and of no use to anybody here. */
function withoutWaste<T extends KubeObject>(obj: T, project: ((obj: T) => T) | undefined): T {
  const { managedFields: _, ...metadata } = obj.metadata as T['metadata'] & { managedFields?: unknown }
  const slim = { ...obj, metadata }
  return project === undefined ? slim : project(slim)
}
