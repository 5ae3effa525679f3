/**
 * Whether the agent that a pod names now has been seen at work. Pure. The kubelet must say that its container runs, another one than before the
 * change, and the agent itself must have reported since that container was started; what it reports is hostile input, and is only compared. An
 * agent that does not say when it was started (as none did at first) cannot be told from the one before it, and is not seen.
 */
import type { Guest } from '../../api/guest.ts'
import type { Pod } from '../../kube/resource.ts'
import { annotations } from '../names.ts'
import { agentImageOf, agentStatusOf, rollOf } from './agent.ts'

export type Seen =
  | { kind: 'works' }
  /** It has reported; if it stays up for so long, it works. */
  | { kind: 'settling'; remainingMs: number }
  | { kind: 'missing' }

/** An agent that reports and then ends is not a good one: it is to stay up for so long. */
const steadyMs = 10_000

/** Both times are of one clock, in whole seconds; a container's is noted a moment after its process was begun. */
const roundingMs = 2000

export function seenToWork(guest: Guest, pod: Pod, now: Date): Seen {
  const running = agentStatusOf(pod)?.state?.running
  const { podUID, observedGeneration = 0, agent } = guest.status ?? {}
  if (running === undefined || podUID !== pod.metadata.uid) return { kind: 'missing' }
  if (agentStatusOf(pod)?.containerID === rollOf(pod)?.container) return { kind: 'missing' }
  if (observedGeneration < (guest.metadata.generation ?? 0)) return { kind: 'missing' }
  const began = Date.parse(running.startedAt ?? '')
  // A time that cannot be read is not at or after anything.
  if (!(Date.parse(agent?.startedAt ?? '') >= began - roundingMs)) return { kind: 'missing' }
  const lasts = now.getTime() - began
  // Begun in what is the future to us: the node's clock is not ours, and its time is of no use here.
  return lasts < 0 || lasts >= steadyMs ? { kind: 'works' } : { kind: 'settling', remainingMs: steadyMs - lasts }
}

/** The agent's image on record as the one that works for this guest. */
export const recordedImage = (guest: Guest): string | undefined => guest.metadata.annotations?.[annotations.agentImage]

/**
 * What ought to be on record: the image of the pod's agent once it is seen to work, until then what is there. The first record takes the pod's own
 * word, so that it can go out in a write that happens anyway.
 */
export function imageToRecord(guest: Guest, pod: Pod | undefined, now: Date): { image?: string; againMs?: number } {
  const recorded = recordedImage(guest)
  const image = pod && agentImageOf(pod)
  const asIs = recorded === undefined ? {} : { image: recorded }
  if (pod === undefined || image === undefined || image === recorded) return asIs
  if (recorded === undefined && rollOf(pod) === undefined) return guest.status?.podUID === pod.metadata.uid ? { image } : {}
  const seen = seenToWork(guest, pod, now)
  if (seen.kind === 'works') return { image }
  return seen.kind === 'settling' ? { ...asIs, againMs: seen.remainingMs } : asIs
}
