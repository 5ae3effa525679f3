/**
 * Guests whose Instance is gone without having been through deletion (a finalizer taken off by hand, a namespace restored without it). The pod
 * is stopped, for nobody is served by it; volume and credentials are kept, for nobody said that they may go; a person decides, and when that
 * person deletes the Guest it goes.
 */
import type { Guest } from '../../api/guest.ts'
import { fault } from '../../errors.ts'
import { isNotFound } from '../../kube/errors.ts'
import type { ReconcileContext } from '../../runtime/controller.ts'
import type { Key } from '../../runtime/store.ts'
import type { Collections } from '../collections.ts'
import { finalizers } from '../names.ts'
import { instances } from '../resources.ts'
import type { World } from '../world.ts'

export async function reconcileOrphan(key: Key, world: World, { signal, log }: ReconcileContext): Promise<void> {
  const { collections: c, client } = world
  const guest = c.guests.get(key)
  if (guest === undefined || !isOrphan(guest, c)) return
  // A cache may be behind; nothing is stopped on its word alone.
  const { namespace, name, uid } = guest.spec.instance
  try {
    const found = await client.get(instances, { namespace, name }, { signal })
    if (found.metadata.uid === uid) return
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  const { code, message } = fault('OrphanedGuest', { guest: guest.metadata.name })
  log.error({ code, guest: guest.metadata.name, tenant: namespace }, message)
  const pod = c.pods.get(key)
  const ours = pod?.metadata.ownerReferences?.some(o => o.uid === guest.metadata.uid)
  if (pod !== undefined && ours && pod.metadata.deletionTimestamp === undefined) await c.pods.delete(pod, { signal })
  if (pod !== undefined || guest.metadata.deletionTimestamp === undefined) return
  await c.pods.confirmAbsent({ name: guest.metadata.name, namespace: guest.metadata.namespace! }, signal)
  await c.guests.removeFinalizer(guest, finalizers.guest, signal)
}

export function isOrphan(guest: Guest, { instances }: Pick<Collections, 'instances'>): boolean {
  const { namespace, name, uid } = guest.spec.instance
  return instances.get(`${namespace}/${name}`)?.metadata.uid !== uid
}
