/**
 * Decides what is to be done next for one Instance. Pure. The actions of one plan do not depend on each other and go out together; then
 * everything is looked at again and planned anew, until there is nothing left to do. So a crash between any two writes changes nothing.
 */
import type { Guest, GuestSpec } from '../../api/guest.ts'
import { type Fault, fault } from '../../errors.ts'
import type { Draft, KubeObject } from '../../kube/objects.ts'
import type { Pod, Service } from '../../kube/resource.ts'
import { covers, same } from '../compare.ts'
import { imageToRecord, recordedImage } from '../fleet/seen-to-work.ts'
import { lacks } from '../guest-view.ts'
import { finalizers, guestLabels, ownerOf, podLabels } from '../names.ts'
import { parseQuantity } from '../quantity.ts'
import {
  buildClaim,
  buildGuestService,
  buildNetworkPolicy,
  buildRole,
  buildRoleBinding,
  buildServiceAccount,
  buildTenantService,
} from './children.ts'
import { checkVolumeSize, type Decided, type Decision, decide, digestRecord, readRecord, recordOf } from './decide.ts'
import { planDeletion } from './delete.ts'
import { digestInUse } from './image-digest.ts'
import {
  believed,
  dataFound,
  hasEndedInOrder,
  initialisedClaimOf,
  isLeaving,
  missedVersionOf,
  type Observed,
  restartAsked,
  strangers,
  wasInitialised,
} from './observed.ts'
import { planPasswords } from './passwords.ts'
import { planPod, restartReasons } from './plan-pod.ts'
import type { PodSettings } from './pod.ts'
import { renderGuest, usersInForce } from './render-guest.ts'
import { isRootRevision, planRoot } from './root.ts'

/** Any object as it is to be sent. */
export type AnyDraft = Omit<Draft<KubeObject>, 'status'>

/** Kinds that are made in one go and corrected by applying. */
export type ChildKind = 'claim' | 'serviceAccount' | 'role' | 'roleBinding' | 'service' | 'networkPolicy'

export type Action =
  | { do: 'addFinalizer' }
  | { do: 'removeFinalizer' }
  | { do: 'makePasswords'; revisions: string[] }
  | { do: 'forgetPasswords'; revisions: string[] }
  | { do: 'writeGuest'; spec: GuestSpec; agentImage?: string }
  | { do: 'create'; kind: ChildKind; draft: AnyDraft }
  | { do: 'correct'; kind: ChildKind; draft: AnyDraft }
  | { do: 'label'; kind: 'claim' | 'secret' | 'pod'; labels: Record<string, string> }
  | { do: 'createPod'; draft: Draft<Pod> }
  | { do: 'createTenantService'; draft: Draft<Service> }
  | { do: 'correctTenantService'; draft: Draft<Service> }
  | { do: 'recordDecision'; marks: Record<string, string> }
  | { do: 'growVolume'; size: string }
  | { do: 'delete'; kind: keyof Observed['side'] | 'tenantService'; why: string }
  | { do: 'releaseGuest' }
  | { do: 'retain'; kind: 'claim' | 'secret' }

export interface Plan {
  actions: Action[]
  /** What stands in the way of a better plan. */
  fault?: Fault
  /** Why the pod would be made differently today. Nothing is touched for it. */
  restartPending: string[]
  /** Why the version that is asked for does not come. The database runs on with the one it has. */
  refusal?: Fault
  /** The version is being changed. */
  change?: { from: string; to: string }
  /** Why the volume does not have the size asked for. The database runs on. */
  volumeNote?: Fault
  /** Why the configuration is not all that is asked for. The database runs on. */
  configurationNote?: Fault
  /** Look again after so long, for time alone will change the plan. */
  againMs?: number
}

const nothing = (more: Partial<Plan> = {}): Plan => ({ actions: [], restartPending: [], ...more })

export function planInstance(o: Observed, pod: PodSettings): Plan {
  const { instance, side } = o
  if (isLeaving(instance)) return planDeletion(o)
  const stranger = strangers(o)[0]
  if (stranger !== undefined) return nothing({ fault: fault('NameCollision', stranger) })
  if (!instance.metadata.finalizers?.includes(finalizers.instance)) return nothing({ actions: [{ do: 'addFinalizer' }] })

  // Without a Guest nothing is decided anew for a volume that is lost.
  const lost = volumeLost(o)
  if (lost !== undefined && side.guest === undefined) return nothing({ fault: lost })

  const recorded = side.guest?.spec ?? readRecord(side.claim?.metadata.annotations)
  const decision = decide(instance.spec, recorded, side.guest?.spec.flavor, o.catalog, o.engines, {
    ...dataFound(side),
    layers: side.guest?.spec.configuration.layers,
  })
  if (decision.decided === undefined) return nothing(decision.fault && { fault: decision.fault })
  const held = decision.next?.waits ? holdsUp(side, decision.next.decided.version) : undefined
  const next = held === undefined ? decision.next : undefined
  const refusal = held ?? decision.fault
  const { configurationFault } = decision
  // Version, image and files move together, between two pods.
  const moves = next !== undefined && side.pod === undefined && (!next.waits || hasEndedInOrder(side))
  const decided = moves ? next.decided : decision.decided

  const volume = lost === undefined ? planVolume(o, decided) : { actions: [] }
  // Somebody may have deleted the Guest: as long as its pod is there it is spoken to as ever.
  const agent = agentToRecord(o)
  const guest = isLeaving(side.guest) && side.pod === undefined ? [] : planGuest(o, decided, agent.image, moves)
  const children = side.guest === undefined ? { actions: [] } : planChildren(o, side.guest, decided)
  const pods = side.guest === undefined || lost !== undefined ? { actions: [] } : planPod(o, side.guest, decided, pod, next)
  // No pod is made from a Guest that is about to be another, none is ended for a restart while the Guest cannot be written, and no Guest is let
  // go before the claim knows what it knew.
  const waits = new Set<Action['do']>()
  const isHeldUp = isLeaving(side.secret) || guest.some(a => a.do === 'makePasswords')
  if (guest.some(a => a.do === 'writeGuest')) waits.add('createPod')
  if (isHeldUp && (next !== undefined || restartAsked(instance) !== undefined)) waits.add('createPod').add('delete')
  const isRecording = volume.actions.some(a => a.do === 'recordDecision')
  if (isRecording) waits.add('releaseGuest')
  // Should the Guest be lost then, the claim knows both versions, whichever of them the data has by that time.
  if (isRecording && moves) waits.add('writeGuest').add('createPod')
  const told = [...pods.actions, ...guest].filter(a => !waits.has(a.do))
  const change = changeOf(decision.decided, next, moves || next?.waits === false || isLeaving(side.pod))
  const actions = [...told, ...volume.actions, ...children.actions, ...planLabels(o), ...planTenantService(o)]
  // A growth may be refused, and holds nothing else up.
  const others = actions.filter(a => a.do !== 'growVolume')
  return {
    actions: others.length > 0 ? others : actions,
    restartPending: side.guest === undefined ? [] : restartReasons(o, side.guest, decided, pod),
    ...(lost !== undefined && { fault: lost }),
    ...(refusal !== undefined && { refusal }),
    ...(change !== undefined && { change }),
    ...(volume.note !== undefined && { volumeNote: volume.note }),
    ...(configurationFault !== undefined && { configurationNote: configurationFault }),
    ...(agent.againMs !== undefined && { againMs: agent.againMs }),
  }
}

/** What keeps a version away from a database that runs. An agent that does not know how is not asked; it is rolled by itself. */
function holdsUp(side: Observed['side'], to: string): Fault | undefined {
  if (side.guest === undefined) return undefined
  const waits = (why: string) => fault('VersionChangeWaits', { to, why })
  if (missedVersionOf(side.pod) === to)
    return waits('its engine did not end in order within its time. Set spec.restartRequestedAt to a new value to try again')
  if (believed(side)?.configuration?.fault !== undefined)
    return waits('the engine does not take the settings asked for, see condition ConfigurationApplied. Put them right first')
  return lacks(side.guest, 'upgrade')
}

/** What is under way: towards the version that the Guest names, or the one that it is to name next. */
function changeOf({ version, upgradeFrom }: Decided, next: Decision['next'], isTakenUp: boolean): Plan['change'] {
  if (next !== undefined && isTakenUp) return { from: version, to: next.decided.version }
  return upgradeFrom === undefined ? undefined : { from: upgradeFrom, to: version }
}

/** A volume that was initialised once is never made anew: whatever bears its name now is not it. */
export function volumeLost(o: Observed): Fault | undefined {
  const { claim } = o.side
  if (!wasInitialised(o)) return undefined
  const claimUID = initialisedClaimOf(o)
  if (claim === undefined) return fault('VolumeLost', { why: `volume claim "${o.place.name}" is gone` })
  if (claimUID !== undefined && claimUID !== claim.metadata.uid) {
    return fault('VolumeLost', { why: `volume claim "${o.place.name}" is not the one that was initialised` })
  }
  if (claim.status?.phase === 'Lost') return fault('VolumeLost', { why: `the PersistentVolume of claim "${o.place.name}" is gone` })
  return undefined
}

function planVolume(o: Observed, decided: Decided): { actions: Action[]; note?: Fault } {
  const { claim } = o.side
  const wanted = o.instance.spec.volume.size
  const { guest } = o.side
  const record = {
    ...recordOf(decided, guest?.spec.configuration.formulas ?? decided.engine.formulas, claim?.metadata.annotations),
    ...(guest !== undefined && isLeaving(guest) && digestRecord(guest.spec)),
  }
  if (claim === undefined) return { actions: [{ do: 'create', kind: 'claim', draft: buildClaim(o.instance, o.place, record) }] }
  if (!isLeaving(claim) && !covers(claim.metadata.annotations, record)) return { actions: [{ do: 'recordDecision', marks: record }] }
  const from = claim.spec?.resources?.requests?.storage ?? '0'
  if (claim.status?.phase !== 'Bound' || isLeaving(claim) || parseQuantity(wanted) <= parseQuantity(from)) return { actions: [] }
  // Without the version nobody knows how large it may become, and it never becomes smaller again.
  if (decided.offered === undefined) {
    return { actions: [], note: fault('DatastoreVersionNotFound', { datastore: decided.datastore, version: decided.version }) }
  }
  const tooLarge = checkVolumeSize(wanted, decided.maxVolumeSize)
  if (tooLarge !== undefined) return { actions: [], note: tooLarge }
  const { storageClass } = o.inquired
  if (storageClass?.kind === 'found' && storageClass.expandable) return { actions: [{ do: 'growVolume', size: String(wanted) }] }
  const name = storageClass === undefined || storageClass.kind === 'none' ? '' : storageClass.name
  return { actions: [], note: fault('VolumeNotExpandable', { from, to: String(wanted), storageClass: name }) }
}

/** First the passwords, then the Guest that names them: never the other way round. */
function planGuest(o: Observed, decided: Decided, agentImage: string | undefined, moves: boolean): Action[] {
  const { guest, secret } = o.side
  if (isLeaving(secret)) return []
  const passwords = planPasswords(
    usersInForce(o.users, decided),
    guest,
    Object.keys(secret?.data ?? {}).filter(key => !isRootRevision(key)),
    initialisedClaimOf(o) !== undefined,
  )
  const { root, ...ofRoot } = planRoot(o, decided.engine)
  const missing = [...passwords.missing, ...ofRoot.missing]
  const obsolete = [...passwords.obsolete, ...ofRoot.obsolete]
  if (missing.length > 0) return [{ do: 'makePasswords', revisions: missing }]
  const forget: Action[] = obsolete.length > 0 ? [{ do: 'forgetPasswords', revisions: obsolete }] : []
  const spec = renderGuest({
    previous: guest,
    instance: o.instance,
    decided,
    initialisedClaim: initialisedClaim(o),
    isRestarting: o.side.pod === undefined && (moves || restartAsked(o.instance) !== undefined),
    // In one write with the claim: before that nothing would be lost with the image.
    digestInUse: guest === undefined || initialisedClaim(o) === undefined ? undefined : digestInUse(guest, o.side.pod),
    databases: o.databases,
    users: o.users,
    root,
  })
  const unchanged =
    guest !== undefined &&
    same(guest.spec, spec) &&
    covers(guest.metadata.labels, guestLabels(spec.instance)) &&
    recordedImage(guest) === agentImage
  return unchanged ? forget : [{ do: 'writeGuest', spec, ...(agentImage !== undefined && { agentImage }) }, ...forget]
}

/** The agent that works is recorded in one write with the claim, too: before that a pod made anew may as well have the newest. */
function agentToRecord(o: Observed): { image?: string; againMs?: number } {
  const { guest, pod } = o.side
  if (guest === undefined) return {}
  return recordedImage(guest) === undefined && initialisedClaim(o) === undefined ? {} : imageToRecord(guest, pod, o.now)
}

/** The claim on record, or the one that the live pod has once its agent found the volume initialised. */
function initialisedClaim(o: Observed): string | undefined {
  const recorded = initialisedClaimOf(o)
  if (recorded !== undefined) return recorded
  const { claim } = o.side
  return believed(o.side)?.volume?.initialised === true && !isLeaving(claim) ? claim?.metadata.uid : undefined
}

const firstKinds = new Set<ChildKind>(['serviceAccount', 'role', 'networkPolicy'])

function planChildren(o: Observed, guest: Guest, { engine }: Decided): { actions: Action[] } {
  const { side } = o
  const wanted: [Exclude<ChildKind, 'claim'>, AnyDraft][] = [
    ['serviceAccount', buildServiceAccount(guest)],
    ['role', buildRole(guest)],
    ['roleBinding', buildRoleBinding(guest)],
    ['service', buildGuestService(guest, engine)],
    ['networkPolicy', buildNetworkPolicy(guest, o.instance, engine)],
  ]
  // The pod waits for its account, the binding for its role, and no pod is to run before it is fenced: these three come first, and everything
  // else goes out together with the pod.
  const first = wanted.filter(([kind]) => firstKinds.has(kind) && side[kind] === undefined)
  return {
    actions: (first.length > 0 ? first : wanted).flatMap(([kind, draft]): Action[] => {
      const found = side[kind]
      if (found === undefined) return [{ do: 'create', kind, draft }]
      return isLeaving(found) || isAsDrafted(found, draft) ? [] : [{ do: 'correct', kind, draft }]
    }),
  }
}

/** Of what is not applied as a whole the labels are made good: a pod without them has no address and no fence. */
function planLabels({ instance, side }: Observed): Action[] {
  const ours = guestLabels(ownerOf(instance))
  const wanted = { claim: ours, secret: ours, pod: podLabels(ownerOf(instance)) }
  return (['claim', 'secret', 'pod'] as const).flatMap((kind): Action[] => {
    const found = side[kind]
    const isGood = found === undefined || isLeaving(found) || covers(found.metadata.labels, wanted[kind])
    return isGood ? [] : [{ do: 'label', kind, labels: wanted[kind] }]
  })
}

/** It may have other owners as well: one that is gone is taken off by the garbage collector. */
function isAsDrafted(found: KubeObject, draft: AnyDraft): boolean {
  const { ownerReferences = [], ...metadata } = draft.metadata
  const owned = ownerReferences.every(o => found.metadata.ownerReferences?.some(f => f.uid === o.uid))
  return owned && covers(found, { ...draft, metadata })
}

function planTenantService(o: Observed): Action[] {
  const draft = buildTenantService(o.instance, o.place)
  if (o.tenantService === undefined) return [{ do: 'createTenantService', draft }]
  return isLeaving(o.tenantService) || isAsDrafted(o.tenantService, draft) ? [] : [{ do: 'correctTenantService', draft }]
}
