/** Writes that go only onto the very object, and the very version of it, that was looked at. */
import { isNotFound } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { Collection } from '../../runtime/collection.ts'
import { keyOf } from '../../runtime/store.ts'
import { manager } from '../names.ts'

/** A merge patch that fails if the object is another by now, or no more as we saw it. */
export async function patchAsSeen<T extends KubeObject>(
  collection: Collection<T>,
  object: T,
  change: { metadata?: object; [part: string]: unknown },
  signal: AbortSignal,
): Promise<void> {
  const body = { ...change, metadata: { ...change.metadata, ...basedOn(object) } }
  const { name, namespace } = object.metadata
  const ref = namespace === undefined ? { name } : { name, namespace }
  try {
    await collection.patch(ref, { type: 'merge', body }, { manager, signal })
  } catch (error) {
    // Gone by somebody else's hand: the watch will say so, and the next plan reckons with it.
    if (!isNotFound(error)) throw error
    collection.deleted(keyOf(object), object.metadata.uid)
  }
}

export const onto = <D extends { metadata: object }>(draft: D, object: KubeObject): D => ({
  ...draft,
  metadata: { ...draft.metadata, ...basedOn(object) },
})

/** This object and no other, as we saw it: a cache that lags behind must not take back what was done since. */
const basedOn = ({ metadata: { uid, resourceVersion } }: KubeObject) => ({ uid, resourceVersion })
