/** Everything that is known about one Instance when its controller looks: what decisions are made from, and nothing else. */
import type { Database } from '../../api/database.ts'
import type { DatabaseUser } from '../../api/databaseuser.ts'
import type { Guest, GuestStatus } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import type { Fault } from '../../errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { NetworkPolicy, PersistentVolumeClaim, Pod, Role, RoleBinding, Secret, Service, ServiceAccount } from '../../kube/resource.ts'
import { annotations, labels, restartVariable } from '../names.ts'
import { guests } from '../resources.ts'
import type { Place } from './children.ts'
import type { Catalog, Engines } from './decide.ts'

/** Objects in the guests' namespace that bear the Guest's name, whoever made them. */
export interface GuestSide {
  guest?: Guest
  claim?: PersistentVolumeClaim
  secret?: Secret
  pod?: Pod
  serviceAccount?: ServiceAccount
  role?: Role
  roleBinding?: RoleBinding
  service?: Service
  networkPolicy?: NetworkPolicy
}

/** What only a question to the API server tells, asked only where something is wrong. */
export interface Inquired {
  storageClass?: { kind: 'none' } | { kind: 'missing'; name: string } | { kind: 'found'; name: string; expandable: boolean }
  /** Why the cluster has not made the volume yet, in its own words. */
  unprovisioned?: string
  /** The node of a pod that does not end or does not report. */
  node?: { name: string; ready: boolean }
  /** Last lines of the engine's log. Hostile input. */
  engineLog?: string
  /** What it has of the run in which the engine refused its configuration. Hostile input as well. */
  refusalLog?: string
  /** Whether root's Secret shows what it must, or what stands in the way; undefined where it was not looked at. */
  rootBinding?: 'shown' | Fault
}

export interface Observed {
  now: Date
  instance: Instance
  place: Place
  engines: Engines
  catalog: Catalog
  side: GuestSide
  /** The Service in the tenant's namespace, if it is ours. */
  tenantService?: Service
  databases: readonly Database[]
  users: readonly DatabaseUser[]
  inquired: Inquired
}

/**
 * Whether an object in the guests' namespace that bears the name is the Instance's: its label says so. Where somebody took that off, other marks
 * do that are not made by chance: the UID in the Guest, the Guest as owner, the UID of the claim on record.
 */
export function isOurs(o: Pick<Observed, 'instance' | 'side'>, object: KubeObject): boolean {
  const { uid } = o.instance.metadata
  const label = object.metadata.labels?.[labels.instanceUid]
  if (label !== undefined) return label === uid
  if (object.kind === guests.kind) return (object as Guest).spec.instance.uid === uid
  const { guest } = o.side
  const isOwned = guest?.spec.instance.uid === uid && object.metadata.ownerReferences?.some(owner => owner.uid === guest.metadata.uid)
  return isOwned === true || object.metadata.uid === initialisedClaimOf(o)
}

/** Those of the objects in the guests' namespace that bear the name and are not the Instance's. */
export function strangers(o: Pick<Observed, 'instance' | 'side'>): { kind: string; name: string }[] {
  return Object.values(o.side)
    .filter(object => !isOurs(o, object))
    .map(object => ({ kind: object.kind, name: object.metadata.name }))
}

/** The Guest's status, if the live pod wrote it. A former pod's is history. */
export function believed({ guest, pod }: GuestSide): GuestStatus | undefined {
  return pod !== undefined && guest?.status?.podUID === pod.metadata.uid ? guest.status : undefined
}

/** The restart that the pod was made for, if one was asked for by then. */
export function restartOf(pod: Pick<Pod, 'spec'>): string | undefined {
  const env = pod.spec?.initContainers?.flatMap(c => c.env ?? [])
  return env?.find(e => e.name === restartVariable)?.value
}

/** The restart that the user asks for and that was not carried out yet. Only the Instance says so: a request that is taken back is none. */
export function restartAsked({ spec: { restartRequestedAt: asked }, status }: Instance): string | undefined {
  return asked === status?.lastRestartRequestedAt ? undefined : asked
}

/** UID of the claim whose volume was initialised. It is in the Guest and in the Instance, so that losing either makes nothing anew. */
export function initialisedClaimOf({ instance, side }: Pick<Observed, 'instance' | 'side'>): string | undefined {
  return side.guest?.spec.volume.claimUID ?? instance.status?.volume?.claimUID
}

/** Whether a volume of this Instance was ever initialised, and so must never be made anew. */
export function wasInitialised(o: Pick<Observed, 'instance' | 'side'>): boolean {
  return initialisedClaimOf(o) !== undefined || o.side.guest?.status?.volume?.initialised === true
}

/** What the agents said of the version of the data: any of them, for it never goes back; and whether the live pod's engine answers with it. */
export function dataFound(side: GuestSide): { data?: string | undefined; isDone: boolean } {
  const { guest } = side
  const report = believed(side)
  const isDone = report?.operatingStatus === 'HEALTHY' && report.volume?.version === guest?.spec.version
  return { data: guest?.status?.volume?.version, isDone }
}

/** An engine that is well can end in order. */
export function isWell(side: GuestSide): boolean {
  const { operatingStatus, fault } = believed(side) ?? {}
  return operatingStatus === 'HEALTHY' && fault === undefined
}

/** The last pod's agent saw its engine end by itself, as opposed to killed or lost. */
export const hasEndedInOrder = ({ guest, pod }: GuestSide): boolean =>
  pod === undefined && guest?.status?.operatingStatus === 'SHUTDOWN' && guest.status.step === 'Stopped'

/** The last pod was asked to end, and its engine did not end in order. */
export const wasCutShort = (side: GuestSide): boolean =>
  side.pod === undefined && side.guest?.status?.operatingStatus === 'SHUTDOWN' && !hasEndedInOrder(side)

/** The version that did not come with this pod, because the engine of the one before it was cut short. */
export const missedVersionOf = (pod: Pod | undefined): string | undefined => pod?.metadata.annotations?.[annotations.missedVersion]

export const isLeaving = (object: { metadata: { deletionTimestamp?: string } } | undefined) =>
  object?.metadata.deletionTimestamp !== undefined
