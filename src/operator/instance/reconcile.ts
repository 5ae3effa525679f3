/** Brings one Instance to its spec. Safe to stop after any line: every step looks before it acts. */
import type { Instance } from '../../api/instance.ts'
import type { Fault } from '../../errors.ts'
import type { ReconcileContext, Result } from '../../runtime/controller.ts'
import type { Key } from '../../runtime/store.ts'
import type { BindingWatch } from '../binding-watch.ts'
import { isReadyNow } from '../conditions.ts'
import { agentImageOf } from '../fleet/agent.ts'
import { finalizers } from '../names.ts'
import { unexpected } from '../unexpected.ts'
import type { World } from '../world.ts'
import { writeStatus } from '../write-status.ts'
import { bindRoot } from './bind-root.ts'
import { carryOut } from './carry-out.ts'
import { conduct } from './conduct.ts'
import { confirmWell } from './confirm.ts'
import { notable } from './notable.ts'
import { inquire, observe } from './observe.ts'
import { type Plan, planInstance } from './plan.ts'

/** A start takes four rounds of writes and a deletion five; more than this is a plan that never comes to rest. */
const mostRounds = 12

export async function reconcileInstance(
  key: Key,
  world: World,
  rootBindings: BindingWatch,
  { signal, log }: ReconcileContext,
): Promise<Result> {
  const found = world.collections.instances.get(key)
  if (found === undefined || isReleased(found)) {
    rootBindings.forget(key)
    return {}
  }
  const { plan, refused, planned, ...worked } = await work(found, world, signal) // 1. look, decide, act, until there is nothing left to do

  const instance = world.collections.instances.get(refKey(found))
  if (instance === undefined || instance.metadata.uid !== found.metadata.uid || isReleased(instance)) return {}
  // Something else is asked for by now, and nothing of it has been planned: it is in the queue already.
  if (instance.metadata.generation !== planned) return {}
  const seen = observe(instance, world) //                                 2. look at what came of it
  let { failure } = worked
  const rootBinding = await bindRoot(seen, world, rootBindings, signal).catch(error => {
    failure ??= { error }
    return undefined
  })
  const inquired = { ...(await inquire(seen, world, signal)), ...(rootBinding !== undefined && { rootBinding }) }
  const observed = { ...seen, inquired }
  const report = conduct(observed, plan, refused) //                       3. judge it: pure, see conduct.test.ts
  if (report.momentMs !== undefined && failure === undefined) return { requeueAfterMs: report.momentMs }
  if (isReadyNow({ ...instance, status: report.status }) && !isReadyNow(instance)) await confirmWell(observed, world, signal)
  const written = await writeStatus(world.collections.instances, instance, report.status, signal) // 4. say it, if it is new
  if (written) for (const note of notable(instance, report)) world.recorder.event(note)
  if (written) log.debug({ phase: report.status.phase, stands: report.stands?.code }, 'status written')
  if (failure !== undefined) throw failure.error //                           5. what nobody expected is tried again, later and later
  const waits = [report.requeueAfterMs, rootBinding === 'shown' ? rootBindings.nextMs(key) : undefined].filter(ms => ms !== undefined)
  return waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) }
}

const refKey = ({ metadata: { namespace, name } }: Instance): Key => `${namespace}/${name}`

/** Our part of the deletion is done: the object is the API server's alone. */
const isReleased = ({ metadata }: Instance) =>
  metadata.deletionTimestamp !== undefined && !metadata.finalizers?.includes(finalizers.instance)

interface Outcome {
  plan: Plan
  /** The generation that was planned for. */
  planned: number | undefined
  /** What the API server refused, or failed at. */
  refused: Fault[]
  failure?: { error: unknown }
}

async function work(instance: Instance, world: World, signal: AbortSignal): Promise<Outcome> {
  for (let round = 1; ; round++) {
    const current = world.collections.instances.get(refKey(instance))
    const seen = observe(current ?? instance, world)
    const observed = { ...seen, inquired: await inquire(seen, world, signal) }
    const plan = planInstance(observed, { ...world.pod, agentImage: agentImageForNew(world) })
    const planned = current?.metadata.generation
    if (current === undefined || plan.actions.length === 0) return { plan, planned, refused: [] }
    if (round > mostRounds) throw new Error(`the plan does not come to rest: ${plan.actions.map(a => a.do).join(', ')}`)
    try {
      const refused = await carryOut(plan.actions, observed, world, signal)
      if (refused.length > 0) return { plan, planned, refused }
    } catch (error) {
      // A database that is well stays Ready through it.
      const told = isReadyNow(current) ? undefined : unexpected(error, signal)
      if (told === undefined) throw error
      return { plan, planned, refused: [told], failure: { error } }
    }
  }
}

/** The wanted one, unless an agent did not come back with it: then what that agent was put back to. */
function agentImageForNew({ collections, pod: { agentImage } }: World): string {
  const [refusing] = collections.pods.byIndex('agentRefused', agentImage)
  return (refusing && agentImageOf(refusing)) ?? agentImage
}
