/** Guest.status from what the agent knows. Pure, and the same for the same knowledge: nothing in it ticks. */
import type { GuestStatus } from '../../api/guest.ts'
import type { Fault } from '../../errors.ts'
import type { ItemOutcomes } from './items.ts'
import type { Saying } from './plan.ts'

/** Features that an operator may rely on. A new one gets a name here; one is never taken back. */
export const capabilities = ['databases', 'users', 'configuration', 'root', 'upgrade']

export interface Known {
  podUID: string
  agentVersion: string
  agentStartedAt: Date
  /** The generation that all of this is about. What has not been done of it yet is missing from the lists. */
  generation: number | undefined
  says: Saying
  engine: {
    version: string | undefined
    startedAt: Date | undefined
    startedWith: string | undefined
    lastExit: { code: number; at: string } | undefined
  }
  /** undefined while no engine answers. */
  configuration: GuestStatus['configuration']
  /** undefined until the volume was seen. */
  initialised: boolean | undefined
  dataVersion: string | undefined
  usedPercent: number | undefined
  items: ItemOutcomes
}

export function reportOf(known: Known): GuestStatus {
  const { says, engine } = known
  const facts = {
    ...(engine.version !== undefined && { version: engine.version.slice(0, 64) }),
    ...(engine.startedAt !== undefined && { startedAt: engine.startedAt.toISOString() }),
    ...(engine.startedWith !== undefined && { startedWith: engine.startedWith }),
    ...(engine.lastExit !== undefined && { lastExit: engine.lastExit }),
  }
  return {
    podUID: known.podUID,
    ...(known.generation !== undefined && { observedGeneration: known.generation }),
    agent: { version: known.agentVersion, startedAt: wholeSeconds(known.agentStartedAt), capabilities },
    operatingStatus: says.operatingStatus,
    ...(says.step !== undefined && { step: says.step }),
    ...(says.fault !== undefined && { fault: briefly(says.fault) }),
    ...(Object.keys(facts).length > 0 && { engine: facts }),
    ...(known.configuration !== undefined && { configuration: known.configuration }),
    ...(known.initialised !== undefined && {
      volume: {
        initialised: known.initialised,
        ...(known.dataVersion !== undefined && { version: known.dataVersion }),
        ...(known.usedPercent !== undefined && { usedPercent: known.usedPercent }),
      },
    }),
    ...(known.items.databases.length > 0 && { databases: known.items.databases }),
    ...(known.items.users.length > 0 && { users: known.items.users }),
    ...(known.items.root !== undefined && { root: known.items.root }),
  }
}

const briefly = ({ code, message }: Fault) => ({ code, message })

/** As the kubelet states when a container was started, with which the operator compares it. */
const wholeSeconds = (date: Date) => date.toISOString().replace(/\.\d+Z$/, 'Z')
