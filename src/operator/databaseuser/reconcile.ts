/** Keeps a DatabaseUser's finalizer and its binding Secret, and says what became of it. It never touches the engine, the Guest or its Secret. */
import type { DatabaseUser } from '../../api/databaseuser.ts'
import type { Fault } from '../../errors.ts'
import type { Secret } from '../../kube/resource.ts'
import type { ReconcileContext, Result } from '../../runtime/controller.ts'
import type { Key } from '../../runtime/store.ts'
import { type BindingOf, bind, buildBinding, unbind } from '../binding.ts'
import type { BindingWatch } from '../binding-watch.ts'
import { instanceKeyOf } from '../collections.ts'
import { isReadyNow, mergeConditions, momentLeftMs, notReady, patienceLeftMs } from '../conditions.ts'
import { confirmView, type GuestView, viewGuest } from '../guest-view.ts'
import { bindingName, finalizers, guestName, passwordRevision } from '../names.ts'
import { unexpected } from '../unexpected.ts'
import type { World } from '../world.ts'
import { writeStatus } from '../write-status.ts'
import { databaseOf, planUser, type UserPlan } from './plan.ts'

/** Tried again after so long where nothing that we watch would tell: we have no right to watch tenants' Secrets. */
const retryMs = 10_000

export async function reconcileUser(key: Key, world: World, watch: BindingWatch, { signal }: ReconcileContext): Promise<Result> {
  const { users, databases, secrets } = world.collections
  const user = users.get(key)
  if (user === undefined) {
    watch.forget(key)
    return {}
  }
  const view = viewGuest(user, world)
  const secret = view.instance && secrets.get(`${world.guestsNamespace}/${guestName(view.instance)}`)
  const instance = instanceKeyOf(user)
  const siblings = users.byIndex('instance', instance)
  const plan = planUser(user, siblings, databases.byIndex('instance', instance), view, secret)

  if (plan.do === 'removeFinalizer') {
    await confirmView(user, siblings, users, view, world, signal)
    if (user.status?.binding !== undefined) await unbind(bindingOf(user), world, signal)
    await users.removeFinalizer(user, finalizers.databaseUser, signal)
    return {}
  }
  const current = plan.do === 'addFinalizer' ? await users.addFinalizer(user, finalizers.databaseUser, signal) : user
  if (plan.said.length === 0) return {}
  const now = world.clock.now()
  const moment = momentLeftMs(current, plan.said, view.instance, now)
  if (moment !== undefined) return { requeueAfterMs: moment }

  let refused: Fault | undefined
  let failure: { error: unknown } | undefined
  try {
    if (plan.do === 'bind') refused = await bindIfDue(key, user, view, plan, world, watch, signal)
  } catch (error) {
    // A login that works stays Ready through it.
    refused = isReadyNow(user) ? undefined : unexpected(error, signal)
    if (refused === undefined) throw error
    failure = { error }
  }
  const generation = current.metadata.generation ?? 0
  const said = refused === undefined ? plan.said : notReady(refused)
  const bound = plan.do === 'bind' && refused === undefined
  const binding = bound ? { name: bindingName(user) } : current.status?.binding
  const conditions = mergeConditions(current.status?.conditions, said, { generation, now })
  await writeStatus(users, current, { observedGeneration: generation, ...(binding !== undefined && { binding }), conditions }, signal)
  if (failure !== undefined) throw failure.error
  if (refused !== undefined) return { requeueAfterMs: retryMs }
  const again = bound ? watch.nextMs(key) : patienceLeftMs(conditions, now)
  return again === undefined ? {} : { requeueAfterMs: again }
}

const bindingOf = (user: DatabaseUser): BindingOf => ({ owner: user, name: bindingName(user) })

/** Every change of the guest leads here, for every user; the Secret itself is read only when it may be wrong, or its time has come. */
async function bindIfDue(
  key: Key,
  user: DatabaseUser,
  { instance, engine }: GuestView,
  { password, keepsDatabase }: Extract<UserPlan, { do: 'bind' }>,
  world: World,
  watch: BindingWatch,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const revision = `${user.metadata.uid} ${passwordRevision(user)}`
  if ((isReadyNow(user) || keepsDatabase) && !watch.isDue(key, revision)) return undefined
  await world.collections.users.confirmOnce(user, signal)
  const of = bindingOf(user)
  const draftFor = (found: Secret | undefined) =>
    buildBinding(of, instance!, engine!, { username: user.spec.name, password, database: databaseOf(user, keepsDatabase, found) })
  const refused = await bind(draftFor, of, world, signal)
  if (refused === undefined) watch.checked(key, revision)
  else watch.forget(key)
  return refused
}
