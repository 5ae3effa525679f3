/** What the controllers of Databases and DatabaseUsers see of the Instance that an object names, and of the guest behind it. */
import type { Database } from '../api/database.ts'
import type { DatabaseUser } from '../api/databaseuser.ts'
import type { Guest } from '../api/guest.ts'
import type { Instance } from '../api/instance.ts'
import type { OperatorEngine } from '../engines/operator-engine.ts'
import { type Fault, fault } from '../errors.ts'
import type { Collection } from '../runtime/collection.ts'
import { instanceKeyOf } from './collections.ts'
import { guestName } from './names.ts'
import type { World } from './world.ts'

export interface GuestView {
  instance?: Instance
  guest?: Guest
  /** The engine, as soon as it can be known. */
  engine?: OperatorEngine
}

export function viewGuest(object: Database | DatabaseUser, world: World): GuestView {
  const { collections: c, engines, guestsNamespace } = world
  const instance = c.instances.get(instanceKeyOf(object))
  if (instance === undefined) return {}
  const guest = c.guests.get(`${guestsNamespace}/${guestName(instance)}`)
  const name = guest?.spec.engine ?? c.datastores.get(instance.spec.datastore.type)?.spec.engine
  const engine = name === undefined ? undefined : engines[name]
  return { instance, ...(guest !== undefined && { guest }), ...(engine !== undefined && { engine }) }
}

/**
 * Nothing is let go on the word of a cache that may lag behind: fails with a conflict unless the server sees Instance and Guest as the view does, and
 * those of its siblings that have the same name in the engine: what one of them holds is not this one's to take out.
 */
export async function confirmView<T extends Database | DatabaseUser>(
  object: T,
  siblings: readonly T[],
  own: Collection<T>,
  { instance, guest }: GuestView,
  { collections: c, guestsNamespace }: World,
  signal: AbortSignal,
): Promise<void> {
  const rivals = siblings.filter(s => s.spec.name === object.spec.name && s.metadata.uid !== object.metadata.uid)
  await Promise.all(rivals.map(rival => own.confirm(rival, signal)))
  if (instance === undefined) {
    await c.instances.confirmAbsent({ name: object.spec.instanceRef.name, namespace: object.metadata.namespace! }, signal)
    return
  }
  await c.instances.confirm(instance, signal)
  if (guest !== undefined) await c.guests.confirm(guest, signal)
  else await c.guests.confirmAbsent({ name: guestName(instance), namespace: guestsNamespace }, signal)
}

/** An agent says what it can do; one that lacks a feature would never answer what is asked of it. */
export function lacks(guest: Guest, feature: string): Fault | undefined {
  const { version, capabilities = [] } = guest.status?.agent ?? {}
  return version === undefined || capabilities.includes(feature) ? undefined : fault('AgentOutdated', { feature, version })
}

/** The agent has looked at everything that is asked of it now. */
export function isCaughtUp(guest: Guest): boolean {
  return (guest.status?.observedGeneration ?? 0) >= (guest.metadata.generation ?? 0)
}
