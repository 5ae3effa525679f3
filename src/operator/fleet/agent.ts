/**
 * The agent of a pod as it is known from outside: the image it is to run, what the kubelet says of its container, and what was noted on the pod
 * when its image was changed. The note is all the memory that a roll has: whoever leads next reads it from the pod.
 */
import type { Pod } from '../../kube/resource.ts'
import { annotations } from '../names.ts'

const container = 'guest-agent'

/** The image that the pod's agent is to run. */
export const agentImageOf = (pod: Pod): string | undefined => pod.spec?.initContainers?.find(c => c.name === container)?.image

/** Where the agent's container is in the pod's list, for a patch. */
export const agentIndexOf = (pod: Pod): number => pod.spec?.initContainers?.findIndex(c => c.name === container) ?? -1

export const agentStatusOf = (pod: Pod) => pod.status?.initContainerStatuses?.find(c => c.name === container)

/** The image with which this pod's agent did not come back, if that happened. */
export const refusedBy = (pod: Pod): string | undefined => pod.metadata.annotations?.[annotations.agentRefused]

export interface Roll {
  /** The image last seen to work, to which it is put back if need be. */
  from: string
  to: string
  /** When, by the clock of the operator that did it. */
  at: string
  /** The container that ran then, as the kubelet calls it; empty if there was none. */
  container: string
  /** Whether the agent worked then: one that did not says nothing against the image if it stays away. */
  worked: boolean
}

/** What was noted when the image that the pod has now was put there. One that somebody else put there has no note. */
export function rollOf(pod: Pod): Roll | undefined {
  const note = pod.metadata.annotations?.[annotations.agentRoll]
  if (note === undefined) return undefined
  const roll = parse(note)
  return isRoll(roll) && roll.to === agentImageOf(pod) ? roll : undefined
}

function isRoll(value: unknown): value is Roll {
  const { from, to, at, container, worked } = (value ?? {}) as Record<string, unknown>
  const texts = [from, to, at, container].every(text => typeof text === 'string')
  return texts && from !== '' && typeof worked === 'boolean' && !Number.isNaN(Date.parse(at as string))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
