/** Keeps a Database's finalizer and says what became of it. It never touches the engine or the Guest. */
import type { ReconcileContext, Result } from '../../runtime/controller.ts'
import type { Key } from '../../runtime/store.ts'
import { instanceKeyOf } from '../collections.ts'
import { mergeConditions, momentLeftMs, patienceLeftMs } from '../conditions.ts'
import { confirmView, viewGuest } from '../guest-view.ts'
import { finalizers } from '../names.ts'
import type { World } from '../world.ts'
import { writeStatus } from '../write-status.ts'
import { planDatabase } from './plan.ts'

export async function reconcileDatabase(key: Key, world: World, { signal }: ReconcileContext): Promise<Result> {
  const { databases } = world.collections
  const database = databases.get(key)
  if (database === undefined) return {}
  const view = viewGuest(database, world)
  const siblings = databases.byIndex('instance', instanceKeyOf(database))
  const plan = planDatabase(database, siblings, view)
  if (plan.do === 'removeFinalizer') {
    await confirmView(database, siblings, databases, view, world, signal)
    await databases.removeFinalizer(database, finalizers.database, signal)
    return {}
  }
  const current = plan.do === 'addFinalizer' ? await databases.addFinalizer(database, finalizers.database, signal) : database
  if (plan.said.length === 0) return {}
  const now = world.clock.now()
  const moment = momentLeftMs(current, plan.said, view.instance, now)
  if (moment !== undefined) return { requeueAfterMs: moment }
  const generation = current.metadata.generation ?? 0
  const conditions = mergeConditions(current.status?.conditions, plan.said, { generation, now })
  await writeStatus(databases, current, { observedGeneration: generation, conditions }, signal)
  const again = patienceLeftMs(conditions, now)
  return again === undefined ? {} : { requeueAfterMs: again }
}
