/** Validates a ConfigurationGroup, counts how far its Instances are with it, and holds its deletion while there are any. It never touches an Instance. */
import { ApiError } from '../../kube/errors.ts'
import type { ReconcileContext, Result } from '../../runtime/controller.ts'
import type { Key } from '../../runtime/store.ts'
import { patienceLeftMs } from '../conditions.ts'
import { isUser, planHeld, some } from '../in-use.ts'
import { finalizers, guestName } from '../names.ts'
import type { World } from '../world.ts'
import { writeStatus } from '../write-status.ts'
import { judgeGroup } from './judge.ts'
import { count, type User } from './standing.ts'

/** Of many Instances that take up a change at once it tells four times a second. */
const restMs = 250

export async function reconcileGroup(key: Key, world: World, { signal }: ReconcileContext): Promise<Result> {
  const { groups, datastores, versions, instances } = world.collections
  const group = groups.get(key)
  if (group === undefined) return {}
  const users = instances.byIndex('group', key).map((instance): User => ({ instance, side: sideOf(instance, world) }))
  const { type } = group.spec.datastore
  const wrong = judgeGroup(group, datastores.get(type), versions.byIndex('datastore', type), world.engines)
  const names = users
    .map(u => u.instance)
    .filter(isUser)
    .map(({ metadata }) => metadata.name)
    .sort()
  const now = world.clock.now()
  const fieldSelector = `spec.configurationRef.name=${group.metadata.name}`
  const query = `kubectl get instances.trove.dev -n ${group.metadata.namespace} --field-selector ${fieldSelector}`
  const plan = planHeld(group, names, some(names, query), wrong, now)
  if (plan.do === 'removeFinalizer') {
    // A cache that lags behind may not know of the last Instance that came.
    const found = await world.client.list(instances.resource, { namespace: group.metadata.namespace!, fieldSelector, signal })
    if (found.items.some(isUser)) throw new ApiError(409, 'Conflict', `${group.metadata.name} is used after all`)
    await groups.removeFinalizer(group, finalizers.inUse, signal)
    return {}
  }
  const current = plan.do === 'addFinalizer' ? await groups.addFinalizer(group, finalizers.inUse, signal) : group
  const { conditions } = plan
  if (conditions === undefined) return {}
  const status = { observedGeneration: current.metadata.generation ?? 0, instances: count(group, users, world.engines), conditions }
  const written = await writeStatus(groups, current, status, signal)
  if (plan.heldBy !== undefined) {
    const { code: reason, message: note } = plan.heldBy
    world.recorder.event({ regarding: group, type: 'Warning', reason, action: 'Delete', note })
  }
  const again = patienceLeftMs(conditions, now)
  return { ...(again !== undefined && { requeueAfterMs: again }), ...(written && { restMs }) }
}

function sideOf(instance: User['instance'], { collections: c, guestsNamespace }: World): User['side'] {
  const key: Key = `${guestsNamespace}/${guestName(instance)}`
  const [guest, pod] = [c.guests.get(key), c.pods.get(key)]
  return { ...(guest !== undefined && { guest }), ...(pod !== undefined && { pod }) }
}
