/**
 * Brings the agents of the whole fleet to the wanted image, one write for each: the image and a note of what was before, in one patch of the pod.
 * All is read from pods and Guests, so that another operator carries on at any point; only for how long we have been looking is kept, and an
 * operator that starts anew is merely more patient.
 */
import type { Guest } from '../../api/guest.ts'
import { type Fault, fault } from '../../errors.ts'
import { isNotFound } from '../../kube/errors.ts'
import type { Pod } from '../../kube/resource.ts'
import type { ReconcileContext, Result } from '../../runtime/controller.ts'
import { type Key, keyOf } from '../../runtime/store.ts'
import { timestamp } from '../conditions.ts'
import { clean } from '../instance/finding.ts'
import { annotations, labels, managedBy, manager } from '../names.ts'
import type { World } from '../world.ts'
import { agentImageOf, agentIndexOf, agentStatusOf, type Roll, refusedBy, rollOf } from './agent.ts'
import { type Member, memberOf } from './member.ts'
import { type FleetAction, type FleetPlan, planFleet } from './plan.ts'
import { recordedImage } from './seen-to-work.ts'
import type { Stopwatch } from './stopwatch.ts'

export interface FleetWatch {
  /** Monotonic: when we first looked as the leader. */
  sinceMs?: number
  /** The server was asked for all pods: none of them bears a mark that is not in the cache for its list was old. */
  asked?: true
  /** The pods, by UID, whose mark was told of in the log. */
  told: Set<string>
  stopwatch: Stopwatch
}

export async function reconcileFleet(world: World, watch: FleetWatch, { signal, log }: ReconcileContext): Promise<Result> {
  watch.sinceMs ??= world.clock.monotonicMs()
  const watchedMs = world.clock.monotonicMs() - watch.sinceMs
  let plan = planNow(world, watch.stopwatch, watchedMs) //                           1. look and decide: pure, see plan.test.ts
  if (watch.asked === undefined && plan.actions.some(a => a.do === 'roll')) {
    await askForAll(world, signal)
    watch.asked = true
    plan = planNow(world, watch.stopwatch, watchedMs)
  }
  const stop = plan.stoppedBy
  if (stop !== undefined && !watch.told.has(stop.pod.metadata.uid)) {
    watch.told.add(stop.pod.metadata.uid)
    log.warn({ pod: stop.key, image: stop.refused, code: 'AgentRollStopped' }, 'no agent is rolled as long as this pod refuses the image')
  }
  const outcomes = await Promise.allSettled(
    plan.actions.map(action => carryOut(action, world, watch, { signal, log })), // 2. one idempotent write for each
  )
  const failed = outcomes.find(r => r.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return plan.againMs === undefined ? {} : { requeueAfterMs: plan.againMs }
}

/** The plan as of now, from the caches. */
export function planNow(
  world: Pick<World, 'collections' | 'clock' | 'pod' | 'agentRollMs'>,
  stopwatch: Stopwatch,
  watchedMs: number,
): FleetPlan {
  const { pods, guests } = world.collections
  const now = world.clock.now()
  const members = pods.list().flatMap(pod => memberOf(pod, guests.get(keyOf(pod)), now) ?? [])
  return planFleet(members, { wanted: world.pod.agentImage, deadlineMs: world.agentRollMs, watchedMs, asked: stopwatch.read(members) })
}

/** One that was put back stops all, and so it must be known of before the first is rolled. */
async function askForAll({ client, collections: { pods }, guestsNamespace: namespace }: World, signal: AbortSignal): Promise<void> {
  const { items } = await client.list(pods.resource, { namespace, labelSelector: `${labels.managedBy}=${managedBy}`, signal })
  for (const pod of items) pods.wrote(pod)
}

/** Whether there is anything to be done about this pod's agent, or will be. What is settled wakes nobody. */
export function concernsFleet(pod: Pod | undefined, guest: Guest | undefined, wanted: string): boolean {
  if (pod === undefined || guest === undefined) return false
  const image = agentImageOf(pod)
  return image !== wanted || refusedBy(pod) !== undefined || (rollOf(pod) !== undefined && recordedImage(guest) !== image)
}

async function carryOut(
  action: FleetAction,
  world: World,
  watch: FleetWatch,
  ctx: Pick<ReconcileContext, 'signal' | 'log'>,
): Promise<void> {
  const { member } = action
  if (action.do === 'roll') {
    const wanted = world.pod.agentImage
    const note: Roll = {
      from: action.from,
      to: wanted,
      at: timestamp(world.clock.now()),
      container: agentStatusOf(member.pod)?.containerID ?? '',
      worked: member.health.kind === 'ready',
    }
    const done = await changeAgent(member.pod, wanted, { roll: JSON.stringify(note), refused: undefined }, world, ctx.signal)
    if (done) ctx.log.info({ pod: member.key, from: member.image, to: wanted }, 'the agent is rolled')
    return
  }
  // A cache may be behind; nobody is put back on its word alone.
  const fresh = await freshly(member, world, ctx.signal)
  if (fresh === undefined || fresh.leaving || fresh.image !== member.image || fresh.roll?.at !== member.roll?.at) return
  if (fresh.recorded === fresh.image || fresh.seen.kind !== 'missing') return
  const done = await changeAgent(fresh.pod, action.to, { roll: undefined, refused: member.image }, world, ctx.signal)
  if (!done) return
  watch.told.add(fresh.pod.metadata.uid)
  tell(fresh, action.to, world, ctx.log)
}

/** The same guest as the API server knows it now. */
async function freshly(member: Member, { client, collections: c, clock }: World, signal: AbortSignal): Promise<Member | undefined> {
  const { name, namespace } = member.pod.metadata
  const ref = { name, namespace: namespace! }
  try {
    const [pod, guest] = await Promise.all([client.get(c.pods.resource, ref, { signal }), client.get(c.guests.resource, ref, { signal })])
    c.pods.wrote(pod)
    c.guests.wrote(guest)
    return memberOf(pod, guest, clock.now())
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** One patch of the pod that was looked at, and of no other: neither of one that bears its name now nor of one that was changed meanwhile. */
async function changeAgent(
  pod: Pod,
  image: string,
  marks: { roll: string | undefined; refused: string | undefined },
  { collections: { pods } }: World,
  signal: AbortSignal,
): Promise<boolean> {
  const path = `/spec/initContainers/${agentIndexOf(pod)}`
  const before = pod.metadata.annotations
  const mark = (annotation: string, value: string | undefined) => {
    const at = `/metadata/annotations/${annotation.replaceAll('~', '~0').replaceAll('/', '~1')}`
    if (value !== undefined) return [{ op: 'add', path: at, value }]
    return before?.[annotation] === undefined ? [] : [{ op: 'remove', path: at }]
  }
  const body = [
    { op: 'test', path: '/metadata/uid', value: pod.metadata.uid },
    { op: 'test', path: `${path}/name`, value: 'guest-agent' },
    { op: 'test', path: `${path}/image`, value: pod.spec?.initContainers?.[agentIndexOf(pod)]?.image },
    // Nobody marked it meanwhile.
    before === undefined
      ? { op: 'add', path: '/metadata/annotations', value: {} }
      : { op: 'test', path: '/metadata/annotations', value: before },
    ...mark(annotations.agentRoll, marks.roll),
    ...mark(annotations.agentRefused, marks.refused),
    { op: 'replace', path: `${path}/image`, value: image },
  ]
  try {
    await pods.patch(pod.metadata, { type: 'json', body }, { manager, signal })
    return true
  } catch (error) {
    if (!isNotFound(error)) throw error
    pods.deleted(keyOf(pod), pod.metadata.uid)
    return false
  }
}

function tell(member: Member, before: string, world: World, log: ReconcileContext['log']): void {
  const stopped: Fault = fault('AgentRollStopped', {
    image: member.image,
    seconds: world.agentRollMs / 1000,
    why: whyAway(member.pod),
    before,
  })
  log.error({ code: stopped.code, pod: member.key, image: member.image, before }, stopped.message)
  const name = member.pod.metadata.labels?.[labels.instance]
  const instance = world.collections.instances.get(`${member.tenant}/${name}` satisfies Key)
  if (instance === undefined) return
  world.recorder.event({ regarding: instance, type: 'Warning', reason: stopped.code, action: 'Roll', note: stopped.message })
}

/** What the kubelet says of it. Of an image that it cannot get it says nothing: the old container has simply ended. */
function whyAway(pod: Pod): string {
  const { state, lastState } = agentStatusOf(pod) ?? {}
  if (state?.running !== undefined) return 'it runs and does not report, or does not stay up'
  const { reason, message } = state?.waiting ?? {}
  const ended = (state?.waiting && lastState?.terminated) ?? undefined
  const words = [reason, message, ended && `it ended with exit code ${ended.exitCode}`].filter(w => w !== undefined && w !== '')
  return words.length > 0 ? clean(words.join('; ')).slice(0, 300) : 'its container does not run; perhaps the image cannot be pulled'
}
