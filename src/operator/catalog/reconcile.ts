/** Validates the catalog, counts the users of each entry, and holds the deletion of what is in use. */
import type { Datastore } from '../../api/datastore.ts'
import type { DatastoreVersion } from '../../api/datastoreversion.ts'
import type { Flavor } from '../../api/flavor.ts'
import type { Instance } from '../../api/instance.ts'
import type { Fault } from '../../errors.ts'
import { ApiError } from '../../kube/errors.ts'
import type { Collection } from '../../runtime/collection.ts'
import type { ReconcileContext, Result } from '../../runtime/controller.ts'
import { type Key, keyOf } from '../../runtime/store.ts'
import { versionKey } from '../collections.ts'
import { patienceLeftMs } from '../conditions.ts'
import { isUser, planHeld } from '../in-use.ts'
import { findVersion } from '../instance/decide.ts'
import { finalizers } from '../names.ts'
import type { World } from '../world.ts'
import { writeStatus } from '../write-status.ts'
import { judgeDatastore, judgeVersion } from './judge.ts'

/** Of many Instances that come at once an entry tells four times a second, not each time: every write of it goes to whoever watches the catalog. */
const restMs = 250

export async function reconcileDatastore(key: Key, world: World, ctx: ReconcileContext): Promise<Result> {
  const { datastores, versions, instances } = world.collections
  const datastore = datastores.get(key)
  if (datastore === undefined) return {}
  const wrong = judgeDatastore(datastore, versions.byIndex('datastore', key), world.engines)
  return await carryOut(
    datastores,
    datastore,
    datastore,
    instances.byIndex('datastore', key),
    [`spec.datastore.type=${key}`],
    wrong,
    world,
    ctx,
  )
}

export async function reconcileVersion(key: Key, world: World, ctx: ReconcileContext): Promise<Result> {
  const { datastores, versions, instances } = world.collections
  const version = versions.get(key)
  if (version === undefined) return {}
  const { datastoreRef, version: stated } = version.spec
  const siblings = versions.byIndex('datastore', datastoreRef.name)
  const wrong = judgeVersion(version, datastores.get(datastoreRef.name), siblings, world.engines)
  // Of two that claim one version only the one in force is used.
  const inForce = findVersion(siblings, stated) ?? version
  const users = inForce === version ? instances.byIndex('version', versionKey(datastoreRef.name, stated)) : []
  return await carryOut(
    versions,
    version,
    inForce,
    users,
    // While its version is being changed, an Instance uses both.
    ['version', 'upgradingTo'].map(field => `spec.datastore.type=${datastoreRef.name},status.datastore.${field}=${stated}`),
    wrong,
    world,
    ctx,
  )
}

export async function reconcileFlavor(key: Key, world: World, ctx: ReconcileContext): Promise<Result> {
  const { flavors, instances } = world.collections
  const flavor = flavors.get(key)
  if (flavor === undefined) return {}
  return await carryOut(flavors, flavor, flavor, instances.byIndex('flavor', key), [`spec.flavorRef.name=${key}`], undefined, world, ctx)
}

async function carryOut<T extends Datastore | DatastoreVersion | Flavor>(
  collection: Collection<T>,
  entry: T,
  /** The entry that is meant by its name: itself, or another. */
  inForce: T,
  /** The Instances that name it. */
  naming: readonly Instance[],
  /** By which the server finds them. */
  selectors: readonly string[],
  wrong: Fault | undefined,
  world: World,
  { signal }: ReconcileContext,
): Promise<Result> {
  const users = naming.filter(isUser).map(keyOf).sort()
  const query = selectors.map(selector => `kubectl get instances.trove.dev -A --field-selector ${selector}`).join('; ')
  const now = world.clock.now()
  const plan = planHeld(entry, users, `\`${query}\` lists them`, wrong, now)
  if (plan.do === 'removeFinalizer') {
    // A cache that lags behind may not know of the last Instance that came, or know another entry that is gone.
    if (inForce !== entry) await collection.confirm(inForce, signal)
    else {
      const { resource } = world.collections.instances
      const lists = await Promise.all(selectors.map(fieldSelector => world.client.list(resource, { fieldSelector, signal })))
      if (lists.some(({ items }) => items.some(isUser))) throw new ApiError(409, 'Conflict', `${entry.metadata.name} is used after all`)
    }
    await collection.removeFinalizer(entry, finalizers.inUse, signal)
    return {}
  }
  const current = plan.do === 'addFinalizer' ? await collection.addFinalizer(entry, finalizers.inUse, signal) : entry
  const { conditions } = plan
  if (conditions === undefined) return {}
  // The three kinds have one and the same status. Every tenant can read it: it counts the users and names none of them.
  const status = { observedGeneration: current.metadata.generation ?? 0, users: users.length, conditions }
  const written = await writeStatus(collection as unknown as Collection<Flavor>, current as unknown as Flavor, status, signal)
  if (plan.heldBy !== undefined) {
    const { code: reason, message: note } = plan.heldBy
    world.recorder.event({ regarding: entry, type: 'Warning', reason, action: 'Delete', note })
  }
  const again = patienceLeftMs(conditions, now)
  return { ...(again !== undefined && { requeueAfterMs: again }), ...(written && { restMs }) }
}
