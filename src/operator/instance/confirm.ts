/** Asks the API server before what is final: what a plan rests on must be so there, and not just in a cache. What does not match is a conflict, tried again shortly. */
import { ApiError, isNotFound } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { Collection } from '../../runtime/collection.ts'
import { labels } from '../names.ts'
import type { World } from '../world.ts'
import { isLeaving, isOurs, type Observed } from './observed.ts'
import type { Action } from './plan.ts'

const making = new Set<Action['do']>(['makePasswords', 'writeGuest', 'create', 'createPod', 'createTenantService'])
const speaking = new Set<Action['do']>(['makePasswords', 'writeGuest'])
const final = new Set<Action['do']>(['delete', 'growVolume'])

/** Nothing is made or said to the guest on the word of a list that may be old, and nothing that cannot be taken back on the word of any cache. */
export async function confirmInputs(actions: readonly Action[], o: Observed, world: World, signal: AbortSignal): Promise<void> {
  const { collections: c } = world
  const any = (kinds: ReadonlySet<Action['do']>) => actions.some(a => kinds.has(a.do))
  if (any(final)) await c.instances.confirm(o.instance, signal)
  else if (any(making)) await c.instances.confirmOnce(o.instance, signal)
  // What is taken away for good goes after the pod: that one is not in the cache may be for the cache is old, or was put right in parts.
  if (actions.some(a => a.do === 'delete' && a.kind !== 'pod')) await confirmEnded(c.pods, o, world, signal)
  if (any(speaking)) {
    await Promise.all([
      // Whether its data goes with it may be decided otherwise until the last moment.
      ...o.databases.map(database =>
        isLeaving(database) ? c.databases.confirm(database, signal) : c.databases.confirmOnce(database, signal),
      ),
      ...o.users.map(user => c.users.confirmOnce(user, signal)),
    ])
  }
  const { guest } = o.side
  if (guest === undefined) return
  if (actions.some(a => a.do === 'delete') && !isLeaving(o.instance)) await c.guests.confirm(guest, signal)
  else if (actions.some(a => a.do === 'createPod')) await c.guests.confirmOnce(guest, signal)
}

/** What is let go is gone for good: of what must have ended before, the server, and not just a cache, must see nothing any more. */
export async function confirmEnded<T extends KubeObject>(
  collection: Collection<T>,
  o: Observed,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const ref = { name: o.place.name, namespace: o.place.guestsNamespace }
  const found = await world.client.get(collection.resource, ref, { signal }).catch(absent)
  if (found === undefined || !isOurs(o, found) || found.metadata.labels?.[labels.retained] === 'true') return
  collection.wrote(found)
  throw new ApiError(409, 'Conflict', `${found.kind} "${ref.name}" is still there`)
}

const absent = (error: unknown): undefined => {
  if (!isNotFound(error)) throw error
}
