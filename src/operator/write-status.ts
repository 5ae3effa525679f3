/**
 * Writes the status of an object of ours: only when it says something new, never of an object that has gone meanwhile, and only onto the version
 * that it was judged from: what a later one says is not known here, and would be lost.
 */
import { isNotFound, isUidMismatch } from '../kube/errors.ts'
import type { KubeObject, StatusDraft } from '../kube/objects.ts'
import type { Collection } from '../runtime/collection.ts'
import { same } from './compare.ts'
import { statusManager } from './names.ts'

export async function writeStatus<T extends KubeObject & { status?: unknown }>(
  collection: Collection<T>,
  object: T,
  status: StatusDraft<T>['status'],
  signal: AbortSignal,
): Promise<boolean> {
  if (same(object.status, status)) return false
  const { apiVersion, kind } = object
  const { name, namespace, uid, resourceVersion } = object.metadata
  const metadata = { name, uid, resourceVersion, ...(namespace !== undefined && { namespace }) }
  try {
    await collection.apply({ apiVersion, kind, metadata, status }, { manager: statusManager, subresource: 'status', signal })
    return true
  } catch (error) {
    if (isNotFound(error) || isUidMismatch(error)) return false
    throw error
  }
}
