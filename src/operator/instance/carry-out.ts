/**
 * Carries out one plan's actions, together. Each is one idempotent write; a write that fails for a reason that a person should know of comes
 * back as a fault, any other failure is thrown once all writes have ended.
 */
import { randomBytes } from 'node:crypto'
import { API_VERSION } from '../../api/kind.ts'
import { type Fault, fault } from '../../errors.ts'
import { ApiError, isAlreadyExists, isNamespaceTerminating, isNotFound, isRefusal, isTestFailed } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { Pod, Service } from '../../kube/resource.ts'
import type { Collection } from '../../runtime/collection.ts'
import { keyOf } from '../../runtime/store.ts'
import { covers, same } from '../compare.ts'
import { timestamp } from '../conditions.ts'
import { annotations, finalizers, guestLabels, isOurAddress, labels, manager, ownerOf, passwordRevision } from '../names.ts'
import type { World } from '../world.ts'
import { confirmEnded, confirmInputs } from './confirm.ts'
import type { GuestSide, Observed } from './observed.ts'
import type { Action } from './plan.ts'

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
      await Promise.all(Object.values(guestSide(world)).map(kind => confirmEnded(kind, o, world, signal)))
      await c.instances.removeFinalizer(instance, finalizers.instance, signal)
      return undefined
    case 'writeGuest':
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

type GuestWrite = Extract<Action, { do: 'writeGuest' }>

/** All of it, whoever else believes that a part of it is his: an apply would leave such a part where ours says no more of it. */
async function writeGuest(action: GuestWrite, o: Observed, world: World, signal: AbortSignal): Promise<Fault | undefined> {
  const { guests } = world.collections
  const { guest } = o.side
  const draft = guestDraft(o, action)
  if (guest === undefined) return createOnGuestSide(guests, draft, o, world, signal)
  const { metadata } = guest
  const { [annotations.agentImage]: _, ...others } = metadata.annotations ?? {}
  const body = [
    { op: 'test', path: '/metadata/uid', value: metadata.uid },
    { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
    { op: 'add', path: '/metadata/labels', value: { ...metadata.labels, ...draft.metadata.labels } },
    { op: 'add', path: '/metadata/annotations', value: { ...others, ...draft.metadata.annotations } },
    { op: 'add', path: '/metadata/finalizers', value: [...new Set([...(metadata.finalizers ?? []), ...draft.metadata.finalizers])] },
    { op: 'replace', path: '/spec', value: draft.spec },
  ]
  await guests.patch(metadata, { type: 'json', body }, { manager, signal })
  return undefined
}

/** What is there already is either ours, made before our cache saw it, or a stranger's. One that is watched by labels is not seen without them. */
async function adopt<T extends KubeObject>(
  collection: Collection<T>,
  found: T,
  draft: { metadata: { labels?: Record<string, string> } },
  { instance }: Observed,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const { kind, metadata } = found
  if (metadata.labels?.[labels.instanceUid] !== instance.metadata.uid) return fault('NameCollision', { kind, name: metadata.name })
  const ours = draft.metadata.labels
  if (covers(metadata.labels, ours)) collection.adopt(found)
  else await patchAsSeen(collection, found, { metadata: { labels: ours } }, signal)
  return undefined
}

function guestDraft({ side: { guest }, place, now }: Observed, { spec, agentImage }: GuestWrite) {
  // Nothing more is asked of the agent by a write that only records something.
  const asked = guest !== undefined && same(guest.spec, spec) ? guest.metadata.annotations?.[annotations.askedAt] : undefined
  return {
    apiVersion: API_VERSION,
    kind: 'Guest' as const,
    metadata: {
      name: place.name,
      namespace: place.guestsNamespace,
      labels: guestLabels(spec.instance),
      annotations: {
        [annotations.askedAt]: asked ?? timestamp(now),
        ...(agentImage !== undefined && { [annotations.agentImage]: agentImage }),
      },
      finalizers: [finalizers.guest],
    },
    spec,
  }
}

/** Creates what must not exist yet. */
async function createOnGuestSide<T extends KubeObject>(
  collection: Collection<T>,
  draft: Parameters<Collection<T>['create']>[0],
  o: Observed,
  { client }: World,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const { kind } = collection.resource
  const { name, namespace } = draft.metadata
  try {
    await collection.create(draft, signal)
    return undefined
  } catch (error) {
    if (isAlreadyExists(error)) {
      const found = await client.get(collection.resource, { name, namespace: namespace! }, { signal })
      return adopt(collection, found, draft, o, signal)
    }
    if (!isRefusal(error)) throw error
    if (kind === 'Pod') return fault('PodRefused', { why: error.message })
    if (kind === 'PersistentVolumeClaim') return fault('VolumeUnbound', { claim: name, why: error.message })
    return fault('ObjectRefused', { kind, name, why: error.message })
  }
}

async function createTenantService(
  draft: Parameters<Collection<Service>['create']>[0],
  { instance, place }: Observed,
  { collections: { services }, client }: World,
  signal: AbortSignal,
): Promise<Fault | undefined> {
  const ref = { name: draft.metadata.name, namespace: draft.metadata.namespace! }
  const taken = async (): Promise<Fault | undefined> => {
    const found = await client.get(services.resource, ref, { signal })
    if (!isOurAddress(instance, found, place.guestsNamespace))
      return fault('NameTaken', { kind: 'Service', name: ref.name, owner: 'somebody else' })
    services.adopt(found)
    return undefined
  }
  try {
    // Where the name was taken a moment ago, look before trying to write again.
    if (instance.status?.fault?.code === 'NameTaken') {
      const still = await taken().catch(error => {
        if (isNotFound(error)) return 'free' as const
        throw error
      })
      if (still !== 'free') return still
    }
    await services.create(draft, signal)
    return undefined
  } catch (error) {
    if (isAlreadyExists(error)) return taken()
    if (isNamespaceTerminating(error) || isNotFound(error)) return fault('NamespaceTerminating', { namespace: ref.namespace })
    if (isRefusal(error)) return fault('ObjectRefused', { kind: 'Service', name: ref.name, why: error.message })
    throw error
  }
}

async function makePasswords(revisions: readonly string[], o: Observed, world: World, signal: AbortSignal): Promise<Fault | undefined> {
  const { secrets } = world.collections
  const password = () => Buffer.from(randomBytes(24).toString('base64url')).toString('base64')
  const data = Object.fromEntries(revisions.map(revision => [revision, password()]))
  if (o.side.secret !== undefined) {
    // A password that is there by now is never written over.
    await patchAsSeen(secrets, o.side.secret, { data }, signal)
    return undefined
  }
  const metadata = { name: o.place.name, namespace: o.place.guestsNamespace, labels: guestLabels(ownerOf(o.instance)) }
  return createOnGuestSide(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data }, o, world, signal)
}

/** What is forgotten is gone for good: no cache is believed that nobody needs it. */
async function forgetPasswords(revisions: readonly string[], o: Observed, world: World, signal: AbortSignal): Promise<undefined> {
  const { secrets, users, guests } = world.collections
  const { namespace } = o.instance.metadata
  const [guest, needed] = await Promise.all([
    world.client.get(guests.resource, o.side.guest!.metadata, { signal }),
    world.client.list(users.resource, { ...(namespace !== undefined && { namespace }), signal }),
  ])
  const named = new Set([...(guest.spec.users ?? []).map(u => u.passwordRevision), ...needed.items.map(passwordRevision)])
  const data = Object.fromEntries(revisions.filter(revision => !named.has(revision)).map(revision => [revision, null]))
  if (Object.keys(data).length === 0) throw new ApiError(409, 'Conflict', 'passwords that are needed by now are kept')
  await patchAsSeen(secrets, o.side.secret!, { data }, signal)
  return undefined
}

/** A merge patch that fails if the object is another by now, or no more as we saw it. */
async function patchAsSeen<T extends KubeObject>(
  collection: Collection<T>,
  object: T,
  change: { metadata?: object; [part: string]: unknown },
  signal: AbortSignal,
): Promise<void> {
  const body = { ...change, metadata: { ...change.metadata, ...basedOn(object) } }
  const { name, namespace } = object.metadata
  const ref = namespace === undefined ? { name } : { name, namespace }
  try {
    await collection.patch(ref, { type: 'merge', body }, { manager, signal })
  } catch (error) {
    // Gone by somebody else's hand: the watch will say so, and the next plan reckons with it.
    if (!isNotFound(error)) throw error
    collection.deleted(keyOf(object), object.metadata.uid)
  }
}

const onto = <D extends { metadata: object }>(draft: D, object: KubeObject): D => ({
  ...draft,
  metadata: { ...draft.metadata, ...basedOn(object) },
})

/** This object and no other, as we saw it: a cache that lags behind must not take back what was done since. */
const basedOn = ({ metadata: { uid, resourceVersion } }: KubeObject) => ({ uid, resourceVersion })

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
