/**
 * Reads what the agent says of its engine. Pure. Only the live pod's report counts, a report is hostile input, and an agent that has stopped
 * reporting is told from one that has nothing new to say.
 */
import { type OperatingStatus, operatingStatuses } from '../../api/instance.ts'
import { fault } from '../../errors.ts'
import { annotations } from '../names.ts'
import { faultOfAgent } from '../reported-fault.ts'
import { pickFromLog } from './engine-log.ts'
import { type Finding, fine, since, stuck } from './finding.ts'
import { believed, isLeaving, type Observed, wasInitialised } from './observed.ts'

const type = 'EngineHealthy'

/** How long an agent may owe an answer. */
const silentMs = 60_000

/** An agent that was started again is believed once it has stayed up for so long: one that ends and starts all the time says nothing. */
const steadyMs = 20_000

export interface Silence {
  why: string
  silent: boolean
  /** Until it would be silence, if nothing comes. */
  remainingMs: number
}

/** Whether the agent owes something, and for how long. Undefined: it owes nothing, or its pod is not there to give it. */
export function silence(o: Pick<Observed, 'now' | 'side'>): Silence | undefined {
  const { pod, guest } = o.side
  if (pod === undefined || guest === undefined || isLeaving(pod) || pod.status?.phase !== 'Running') return undefined
  const agent = pod.status.initContainerStatuses?.find(c => c.name === 'guest-agent')
  const database = pod.status.containerStatuses?.find(c => c.name === 'database')
  const status = believed(o.side)
  const owed: { why: string; at: string | undefined; patienceMs?: number }[] = []

  if (agent !== undefined && agent.state?.running === undefined) {
    owed.push({
      why: 'its container does not run',
      at: agent.state?.terminated?.finishedAt ?? agent.lastState?.terminated?.finishedAt ?? pod.status.startTime,
    })
  } else if (agent?.lastState?.terminated !== undefined && since(o.now, agent.state?.running?.startedAt) < steadyMs) {
    owed.push({ why: 'its container does not stay up', at: agent.lastState.terminated.finishedAt })
  } else if (status === undefined) {
    owed.push({ why: 'it has not reported yet', at: agent?.state?.running?.startedAt })
  } else if ((status.observedGeneration ?? 0) < (guest.metadata.generation ?? 0)) {
    owed.push({ why: 'it has not taken up what was asked of it', at: guest.metadata.annotations?.[annotations.askedAt] })
  }
  if (status?.operatingStatus === 'HEALTHY') {
    if (database?.ready === false) {
      owed.push({ why: 'it says HEALTHY while the database’s port does not answer', at: transition(o, 'ContainersReady') })
    } else if (pod.status.conditions?.some(c => c.type === 'Ready' && c.status === 'False' && agent?.ready !== false)) {
      // The containers were ready when last heard of: the control plane itself took the pod for gone.
      owed.push({ why: 'its node does not answer', at: transition(o, 'Ready'), patienceMs: 0 })
    }
  }
  const [worst] = owed
    .map(({ why, at, patienceMs = silentMs }) => ({ why, remainingMs: patienceMs - since(o.now, at) }))
    .sort((a, b) => a.remainingMs - b.remainingMs)
  return worst && { why: worst.why, silent: worst.remainingMs <= 0, remainingMs: Math.max(0, worst.remainingMs) }
}

const transition = ({ side: { pod } }: Pick<Observed, 'side'>, condition: string) =>
  pod?.status?.conditions?.find(c => c.type === condition)?.lastTransitionTime

export interface EngineFinding extends Finding {
  operatingStatus: OperatingStatus
}

export function judgeEngine(o: Observed): EngineFinding {
  const { guest } = o.side
  const quiet = silence(o)
  const again = quiet === undefined || quiet.silent ? {} : { againMs: quiet.remainingMs + 100 }
  if (quiet?.silent) {
    const { node } = o.inquired
    const lost = node !== undefined && !node.ready
    const found = lost ? fault('NodeLost', { node: node.name, pod: o.side.pod!.metadata.name }) : fault('GuestSilent', { why: quiet.why })
    return { ...stuck(type, found, 'Unknown'), operatingStatus: 'UNKNOWN', againMs: 30_000 }
  }

  const status = o.side.pod?.status?.phase === 'Running' ? believed(o.side) : undefined
  if (status?.operatingStatus === undefined) {
    const operatingStatus = guest === undefined ? 'NEW' : wasInitialised(o) ? 'RESTARTING' : 'BUILDING'
    return { ...stuck(type, fault('Provisioning', { step: 'the guest agent starts' })), operatingStatus, ...again }
  }
  const { operatingStatus } = status
  if (!operatingStatuses.includes(operatingStatus)) {
    const unknown = fault('Internal', { what: `the agent reports the operating status "${operatingStatus}", unknown to this operator` })
    return { ...stuck(type, unknown, 'Unknown'), operatingStatus: 'UNKNOWN' }
  }
  if (isLeaving(o.side.pod)) {
    return { ...stuck(type, fault('PodTerminating', { pod: o.side.pod!.metadata.name })), operatingStatus: 'SHUTDOWN' }
  }
  if (operatingStatus === 'HEALTHY' && status.fault === undefined) {
    const version = status.engine?.version
    return {
      ...fine(type, 'Healthy', `the engine answers${version === undefined ? '' : ` (version ${version})`}`),
      operatingStatus,
      ...again,
    }
  }
  const engine = guest && o.engines[guest.spec.engine]
  const words = engine && pickFromLog(o.inquired.engineLog ?? '', engine)
  const reported = status.fault === undefined ? undefined : faultOfAgent(status.fault, words)
  const progress = fault('Provisioning', { step: status.step ?? 'the engine starts' })
  return { ...stuck(type, reported ?? progress, operatingStatus === 'UNKNOWN' ? 'Unknown' : 'False'), operatingStatus, ...again }
}
