/** One guest as the roll of agents sees it: its pod's agent, what is known of it, and whether it works. Pure. */
import type { Guest } from '../../api/guest.ts'
import type { Pod } from '../../kube/resource.ts'
import { since } from '../instance/finding.ts'
import { silence } from '../instance/judge-engine.ts'
import { isLeaving } from '../instance/observed.ts'
import { labels, managedBy } from '../names.ts'
import { agentImageOf, type Roll, refusedBy, rollOf } from './agent.ts'
import { recordedImage, type Seen, seenToWork } from './seen-to-work.ts'

export interface Member {
  /** `tenant/name of the pod`: their order is the order of the roll. */
  key: string
  tenant: string
  pod: Pod
  /** What the pod's agent is to run now. */
  image: string
  /** The image last seen to work for this guest. */
  recorded?: string
  roll?: Roll
  /** The image with which it did not come back. */
  refused?: string
  health: Health
  seen: Seen
  madeAt: string
  /** Pod or Guest is being deleted, or the pod has ended: it is not spoken to any more. */
  leaving: boolean
}

/** Whether the agent does its work now, whatever its image. */
export type Health = { kind: 'ready' } | { kind: 'unclear'; remainingMs: number } | { kind: 'silent' }

/** So long a pod may take until its agent is up. */
const startMs = 60_000

/** Undefined for a pod that is not a guest's own. */
export function memberOf(pod: Pod, guest: Guest | undefined, now: Date): Member | undefined {
  const image = agentImageOf(pod)
  const tenant = pod.metadata.labels?.[labels.tenant]
  const ours =
    pod.metadata.labels?.[labels.managedBy] === managedBy && pod.metadata.ownerReferences?.some(o => o.uid === guest?.metadata.uid)
  if (guest === undefined || image === undefined || tenant === undefined || !ours) return undefined
  const roll = rollOf(pod)
  const recorded = recordedImage(guest)
  const refused = refusedBy(pod)
  const { phase } = pod.status ?? {}
  return {
    key: `${tenant}/${pod.metadata.name}`,
    tenant,
    pod,
    image,
    ...(recorded !== undefined && { recorded }),
    ...(roll !== undefined && { roll }),
    ...(refused !== undefined && { refused }),
    health: healthOf(pod, guest, now),
    seen: seenToWork(guest, pod, now),
    madeAt: pod.metadata.creationTimestamp ?? '',
    leaving: isLeaving(pod) || isLeaving(guest) || phase === 'Failed' || phase === 'Succeeded',
  }
}

function healthOf(pod: Pod, guest: Guest, now: Date): Health {
  if (pod.status?.phase !== 'Running') {
    const left = startMs - since(now, pod.metadata.creationTimestamp)
    return left > 0 ? { kind: 'unclear', remainingMs: left } : { kind: 'silent' }
  }
  const quiet = silence({ now, side: { pod, guest } })
  if (quiet === undefined) return { kind: 'ready' }
  return quiet.silent ? { kind: 'silent' } : { kind: 'unclear', remainingMs: quiet.remainingMs }
}
