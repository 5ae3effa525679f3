/** Reads the state of a guest's pod. Pure. Names the step at which it hangs and the cause, as soon as the cluster knows it. */
import { type Fault, fault } from '../../errors.ts'
import type { Pod } from '../../kube/resource.ts'
import { clean, type Finding, fine, patienceMs, since, stuck } from './finding.ts'
import { isLeaving, type Observed, wasInitialised } from './observed.ts'
import { restsForMs } from './plan-pod.ts'

const type = 'PodRunning'

/** How long a node may stay silent about a pod that is to end. */
const nodePatienceMs = 60_000

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number]

export function judgePod(o: Observed): Finding {
  const { pod } = o.side
  if (pod === undefined) {
    return stuck(type, wasInitialised(o) ? fault('PodLost', { why: 'it was deleted' }) : step('the pod is being made'))
  }
  if (isLeaving(pod)) return judgeLeaving(o, pod)
  const phase = pod.status?.phase
  if (phase === 'Failed' || phase === 'Succeeded') {
    const rests = restsForMs(o, pod)
    return { ...stuck(type, fault('PodLost', { why: clean(pod.status?.reason ?? phase) })), ...(rests > 0 && { againMs: rests }) }
  }

  const scheduled = pod.status?.conditions?.find(c => c.type === 'PodScheduled')
  if (scheduled?.status === 'False') {
    const lasts = since(o.now, scheduled.lastTransitionTime)
    if (lasts < patienceMs) return { ...stuck(type, step('a node is being chosen')), againMs: patienceMs - lasts }
    return stuck(type, unschedulable(o, scheduled.message ?? scheduled.reason ?? 'no reason given'))
  }
  if (scheduled === undefined) return stuck(type, step('a node is being chosen'))

  // Once the database has been started its agent may come and go: whether it reports is another question.
  const agent = phase === 'Running' ? [] : (pod.status?.initContainerStatuses ?? [])
  for (const status of [...agent, ...(pod.status?.containerStatuses ?? [])]) {
    const found = judgeContainer(status, pod)
    if (found !== undefined) return stuck(type, found)
  }
  const database = pod.status?.containerStatuses?.find(c => c.name === 'database')
  if (phase !== 'Running' || database?.state?.running === undefined) return stuck(type, step('the node is preparing the pod'))
  return fine(type, 'Running', `pod "${pod.metadata.name}" runs on node "${pod.spec?.nodeName}"`)
}

const step = (name: string) => fault('Provisioning', { step: name })

function judgeLeaving(o: Observed, pod: Pod): Finding {
  const { node } = o.inquired
  const { name } = pod.metadata
  // The time in the object is when the grace period ends.
  const grace = (pod.metadata as { deletionGracePeriodSeconds?: number }).deletionGracePeriodSeconds ?? 0
  const asked = Date.parse(pod.metadata.deletionTimestamp!) - grace * 1000
  const lasts = Math.max(0, o.now.getTime() - asked)
  if (lasts >= nodePatienceMs && node !== undefined && !node.ready) {
    return { ...stuck(type, fault('NodeLost', { node: node.name, pod: name })), againMs: 30_000 }
  }
  return { ...stuck(type, fault('PodTerminating', { pod: name })), againMs: lasts < nodePatienceMs ? nodePatienceMs - lasts : 30_000 }
}

function unschedulable({ side }: Observed, message: string): Fault {
  const why = clean(message)
  if (/ReadWriteOncePod/i.test(message)) return fault('VolumeInUse', { why })
  if (/PersistentVolumeClaim|volume node affinity|persistent volumes? to bind/i.test(message)) {
    return fault('VolumeUnbound', { claim: side.claim?.metadata.name ?? '', why })
  }
  return fault('PodUnschedulable', { why })
}

const pullReasons = new Set(['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'RegistryUnavailable'])
const startReasons = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
  'PreCreateHookError',
])

function judgeContainer(status: ContainerStatus, pod: Pod): Fault | undefined {
  const { waiting, terminated } = status.state ?? {}
  const image =
    [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(c => c.name === status.name)?.image ?? status.image
  if (waiting?.reason !== undefined && pullReasons.has(waiting.reason)) {
    return fault('ImagePullFailed', { image, why: pullCause(waiting.message ?? waiting.reason) })
  }
  // How the last attempt ended tells more than that the next one waits.
  const ended = terminated ?? status.lastState?.terminated
  const words = [waiting?.message, ended?.message].filter(m => m !== undefined && !/back-off/i.test(m)).join('; ')
  if (/exec: "sh"|"sh": executable file not found/.test(words)) return fault('ImageUnsuitable', { image, missing: 'sh' })
  const fails =
    (waiting?.reason !== undefined && startReasons.has(waiting.reason)) || (terminated !== undefined && terminated.exitCode !== 0)
  if (!fails) return undefined
  if (ended?.reason === 'OOMKilled') return fault('OutOfMemory', { container: status.name })
  const exit = ended === undefined ? '' : `it ended with ${ended.reason ?? 'exit'} (${ended.exitCode})`
  return fault('ContainerFailed', {
    container: status.name,
    why: clean([words, exit].filter(w => w !== '').join('; ') || waiting!.reason!),
  })
}

/** ErrImagePull and ImagePullBackOff take turns for as long as it lasts; the cause in both is the same, and it alone is told. */
function pullCause(message: string): string {
  const cause = message.replace(/^Back-off pulling image "[^"]*"(: )?/, '').replace(/^ErrImagePull: /, '')
  return clean(cause === '' ? 'the registry gave no reason' : cause)
}
