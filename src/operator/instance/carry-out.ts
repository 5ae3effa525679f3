/**
 * Carries out one plan's actions, together. Each is one idempotent write; a write that fails for a reason that a person should know of comes
 * back as a fault, any other failure is thrown once all writes have ended.
 */
import { type Fault, fault } from '../../errors.ts'
import { isRefusal, isTestFailed } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { Pod } from '../../kube/resource.ts'
import type { Collection } from '../../runtime/collection.ts'
import { finalizers, labels, manager } from '../names.ts'
import type { World } from '../world.ts'
import { onto, patchAsSeen } from './as-seen.ts'
import { unbindRootBefore, unbindRootWithGuest } from './bind-root.ts'
import { confirmAllEnded, confirmEnded, confirmInputs } from './confirm.ts'
import { forgetPasswords, makePasswords } from './keep-passwords.ts'
import { createOnGuestSide, createTenantService } from './make.ts'
import type { GuestSide, Observed } from './observed.ts'
import type { Action } from './plan.ts'
import { writeGuest } from './write-guest.ts'

export async function carryOut(actions: readonly Action[], o: Observed, world: World, signal: AbortSignal): Promise<Fault[]> {
  await confirmInputs(actions, o, world, signal)
  const outcomes = await Promise.allSettled(actions.map(action => actOrTell(action, o, world, signal)))
  const failed = outcomes.find(r => r.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return outcomes.flatMap(r => (r.status === 'fulfilled' && r.value !== undefined ? [r.value] : []))
}

/** What the API server refuses is told; the rest of the report goes on without it. */
async function actOrTell(action: Action, o: Observed, world: World, signal: AbortSignal): Promise<Fault | undefined> {
  try {
    return await act(action, o, world, signal)
  } catch (error) {
    if (isTestFailed(error) || !isRefusal(error)) throw error
    if (action.do === 'growVolume') return fault('VolumeGrowthRefused', { to: action.size, why: error.message })
    const { kind, name } = objectOf(action, o)
    return fault('ObjectRefused', { kind, name, why: error.message })
  }
}

/** What an action is about, in the cluster's own words. */
function objectOf(action: Action, { instance, place }: Observed): { kind: string; name: string } {
  switch (action.do) {
    case 'addFinalizer':
    case 'removeFinalizer':
      return { kind: 'Instance', name: instance.metadata.name }
    case 'createTenantService':
    case 'correctTenantService':
      return { kind: 'Service', name: instance.metadata.name }
    case 'writeGuest':
    case 'releaseGuest':
      return { kind: 'Guest', name: place.name }
    case 'makePasswords':
    case 'forgetPasswords':
      return { kind: 'Secret', name: place.name }
    case 'createPod':
      return { kind: 'Pod', name: place.name }
    case 'recordDecision':
    case 'growVolume':
      return { kind: 'PersistentVolumeClaim', name: place.name }
    case 'create':
    case 'correct':
    case 'label':
    case 'delete':
    case 'retain':
      return { kind: action.kind, name: place.name }
  }
}

async function act(action: Action, o: Observed, world: World, signal: AbortSignal): Promise<Fault | undefined> {
  const { collections: c } = world
  const { instance, side } = o
  const by = { manager, signal }
  switch (action.do) {
    case 'addFinalizer':
      await c.instances.addFinalizer(instance, finalizers.instance, signal)
      return undefined
    case 'removeFinalizer':
      await confirmAllEnded(Object.values(guestSide(world)), o, world, signal)
      await c.instances.removeFinalizer(instance, finalizers.instance, signal)
      return undefined
    case 'writeGuest':
      await unbindRootBefore(action.spec, o, world, signal)
      return writeGuest(action, o, world, signal)
    case 'makePasswords':
      return makePasswords(action.revisions, o, world, signal)
    case 'forgetPasswords':
      return forgetPasswords(action.revisions, o, world, signal)
    case 'create':
      return createOnGuestSide(collectionOf(world, action.kind), action.draft as never, o, world, signal)
    case 'createPod':
      return createOnGuestSide(c.pods, action.draft, o, world, signal)
    case 'correct':
      await collectionOf(world, action.kind).apply(onto(action.draft, side[action.kind]!) as never, by)
      return undefined
    case 'label':
      await patchAsSeen(collectionOf(world, action.kind), side[action.kind]!, { metadata: { labels: action.labels } }, signal)
      return undefined
    case 'createTenantService':
      return createTenantService(action.draft, o, world, signal)
    case 'correctTenantService':
      await c.services.apply(onto(action.draft, o.tenantService!), by)
      return undefined
    case 'recordDecision':
      await patchAsSeen(c.claims, side.claim!, { metadata: { annotations: action.marks } }, signal)
      return undefined
    case 'growVolume':
      await patchAsSeen(c.claims, side.claim!, { spec: { resources: { requests: { storage: action.size } } } }, signal)
      return undefined
    case 'retain':
      await patchAsSeen(
        collectionOf(world, action.kind),
        side[action.kind]!,
        { metadata: { labels: { [labels.retained]: 'true' } } },
        signal,
      )
      world.recorder.event({
        regarding: instance,
        type: 'Normal',
        reason: 'Retained',
        action: 'Delete',
        note: `${side[action.kind]!.kind} "${o.place.name}" in namespace ${o.place.guestsNamespace} stays, for deletionPolicy is Retain`,
      })
      return undefined
    case 'releaseGuest':
      await confirmEnded(c.pods, o, world, signal)
      await unbindRootWithGuest(o, world, signal)
      await c.guests.removeFinalizer(side.guest!, finalizers.guest, signal)
      return undefined
    case 'delete': {
      const object = action.kind === 'tenantService' ? o.tenantService : side[action.kind]
      const collection = action.kind === 'tenantService' ? c.services : collectionOf(world, action.kind)
      if (object === undefined) return undefined
      await collection.delete(object as never, { signal, ...(action.kind === 'pod' && neverRan(side.pod!) && { gracePeriodSeconds: 10 }) })
      if (action.kind === 'pod' && instance.metadata.deletionTimestamp === undefined) {
        const note = `the pod is replaced: ${action.why}`
        world.recorder.event({ regarding: instance, type: 'Normal', reason: 'PodReplaced', action: 'Replace', note })
      }
      return undefined
    }
  }
}

/** Whether there was never an engine in this pod that would need its grace. */
function neverRan(pod: Pod): boolean {
  const database = pod.status?.containerStatuses?.find(c => c.name === 'database')
  return database?.state?.running === undefined && database?.state?.terminated === undefined && (database?.restartCount ?? 0) === 0
}

/** The collection of each kind on the guest's side. Their element types differ, and each action carries an object of its own kind. */
const collectionOf = (world: World, kind: keyof GuestSide): Collection<KubeObject> => guestSide(world)[kind]

function guestSide({ collections: c }: World) {
  const all: Record<keyof GuestSide, unknown> = {
    guest: c.guests,
    claim: c.claims,
    secret: c.secrets,
    pod: c.pods,
    serviceAccount: c.serviceAccounts,
    role: c.roles,
    roleBinding: c.roleBindings,
    service: c.services,
    networkPolicy: c.networkPolicies,
  }
  return all as Record<keyof GuestSide, Collection<KubeObject>>
}
