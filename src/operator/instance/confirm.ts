/** Asks the API server before what is final: what a plan rests on must be so there, and not just in a cache. What does not match is a conflict, tried again shortly. */
import { ApiError, absent } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import type { Ref, Service } from '../../kube/resource.ts'
import type { Collection } from '../../runtime/collection.ts'
import { isOurAddress, labels } from '../names.ts'
import type { World } from '../world.ts'
import { findVersion } from './decide.ts'
import { isLeaving, isOurs, type Observed } from './observed.ts'
import type { Action } from './plan.ts'

/** Asked for each time, or once by each process that has not written it itself. */
type How = 'now' | 'once'
/** `items` are Databases and DatabaseUsers. */
type Basis = Partial<Record<'instance' | 'guest' | 'claim' | 'pod' | 'items' | 'versions' | 'group', How>>

/**
 * What an action rests on. Nothing is made or said to the guest on the word of a list that may be old, and nothing that cannot be taken back on
 * the word of any cache. What is not here goes only onto the version that was looked at, or asks for itself.
 */
function basisOf(action: Action, o: Observed): Basis {
  const { instance, side } = o
  switch (action.do) {
    case 'create':
    case 'createTenantService':
      return { instance: 'once' }
    case 'makePasswords':
      return { instance: 'once', items: 'once', guest: 'once' }
    case 'writeGuest':
      // What a pod runs is recorded, and what one is to run is decided while there is none.
      return {
        instance: 'once',
        items: 'once',
        guest: 'once',
        claim: 'once',
        versions: 'once',
        group: 'once',
        ...(side.guest !== undefined && { pod: 'once' }),
      }
    case 'createPod':
      // Where another version is asked for, it is of the one that there was because that may not come, by the word of the catalog or of a group that is
      // not there or does not suit it; or because nobody saw its engine end in order: of the pod's end one may hear before its agent's last word.
      return otherVersionAsked(o) === undefined
        ? { instance: 'once', guest: 'once' }
        : { instance: 'once', guest: 'now', versions: 'once', group: 'once' }
    case 'growVolume':
      return { instance: 'now', versions: 'once' }
    case 'delete':
      // Of the pod it is known then how long it must be given; or, for all else, that it has gone.
      return { instance: 'now', pod: 'now', ...(!isLeaving(instance) && { guest: 'now' }) }
    default:
      return {}
  }
}

export async function confirmInputs(actions: readonly Action[], o: Observed, world: World, signal: AbortSignal): Promise<void> {
  const { collections: c } = world
  const { instance, side, place, databases, users, catalog } = o
  const bases = actions.map(action => basisOf(action, o))
  const how = (part: keyof Basis) => (['now', 'once'] as const).find(how => bases.some(basis => basis[part] === how))
  const ask = async <T extends KubeObject>(how: How | undefined, collection: Collection<T>, object: T | undefined, ifNone = nothing) => {
    if (how === undefined) return
    if (object === undefined) await ifNone()
    else if (how === 'now') await collection.confirm(object, signal)
    else await collection.confirmOnce(object, signal)
  }
  // Before anything was said of an Instance there was no Guest.
  const noGuest = () => c.guests.confirmAbsent({ name: place.name, namespace: place.guestsNamespace }, signal)

  const { configurationRef: ref } = instance.spec
  const noGroup = async () => {
    if (ref !== undefined) await c.groups.confirmAbsent({ name: ref.name, namespace: instance.metadata.namespace! }, signal)
  }

  await all([
    ask(how('instance'), c.instances, instance),
    ask(how('guest'), c.guests, side.guest, instance.status === undefined ? nothing : noGuest),
    ask(how('claim'), c.claims, side.claim),
    ask(how('pod'), c.pods, side.pod, () => confirmEnded(c.pods, o, world, signal)),
    // Whether its data goes with it may be decided otherwise until the last moment.
    ...databases.map(database => ask(how('items') && (isLeaving(database) ? 'now' : 'once'), c.databases, database)),
    ...users.map(user => ask(how('items'), c.users, user)),
    ...catalog.versions.map(version => ask(how('versions'), c.versions, version)),
    ask(how('group'), c.groups, catalog.group, noGroup),
    ...(how('versions') === undefined ? [] : [confirmNotOffered(o, world, signal)]),
  ])
}

const otherVersionAsked = ({ instance: { spec }, side: { guest } }: Observed): string | undefined =>
  guest === undefined || spec.datastore.version === guest.spec.version ? undefined : spec.datastore.version

/** That there is no such version, where one is asked for that no cache knows. Nobody knows what it would be called. */
async function confirmNotOffered(o: Observed, { client, collections: c }: World, signal: AbortSignal): Promise<void> {
  const version = otherVersionAsked(o)
  if (version === undefined || findVersion(o.catalog.versions, version) !== undefined) return
  const fieldSelector = `spec.datastoreRef.name=${o.instance.spec.datastore.type},spec.version=${version}`
  const { items } = await client.list(c.versions.resource, { fieldSelector, signal })
  for (const found of items) c.versions.wrote(found)
  if (items.length > 0) throw new ApiError(409, 'Conflict', `there is a version ${version} after all`)
}

const nothing = async () => {}

/** Good news rests on what the pod and its agent say: a list that is old may speak of better times. */
export async function confirmWell({ side: { guest, pod } }: Observed, { collections: c }: World, signal: AbortSignal): Promise<void> {
  await all([
    ...(guest === undefined ? [] : [c.guests.confirmOnce(guest, signal)]),
    ...(pod === undefined ? [] : [c.pods.confirmOnce(pod, signal)]),
  ])
}

/** What is let go is gone for good: of what must have ended before, the server, and not just a cache, must see nothing any more. */
export async function confirmEnded<T extends KubeObject>(
  collection: Collection<T>,
  o: Observed,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const ref = { name: o.place.name, namespace: o.place.guestsNamespace }
  await confirmNone(collection, ref, found => isOurs(o, found) && !isKept(found, o), world, signal)
}

/** The same of everything that was made for the Instance. */
export async function confirmAllEnded(
  kinds: readonly Collection<KubeObject>[],
  o: Observed,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace } = o.instance.metadata
  const isAddress = (found: Service) => isOurAddress(o.instance, found, o.place.guestsNamespace)
  await all([
    ...kinds.map(kind => confirmEnded(kind, o, world, signal)),
    confirmNone(world.collections.services, { name, namespace: namespace! }, isAddress, world, signal),
  ])
}

const isKept = ({ kind, metadata }: KubeObject, { instance }: Observed): boolean =>
  instance.spec.deletionPolicy === 'Retain' &&
  (kind === 'PersistentVolumeClaim' || kind === 'Secret') &&
  metadata.labels?.[labels.retained] === 'true'

async function confirmNone<T extends KubeObject>(
  collection: Collection<T>,
  ref: Ref,
  counts: (found: T) => boolean,
  { client }: World,
  signal: AbortSignal,
): Promise<void> {
  const found = await client.get(collection.resource, ref, { signal }).catch(absent)
  if (found === undefined || !counts(found)) return
  collection.wrote(found)
  throw new ApiError(409, 'Conflict', `${found.kind} "${ref.name}" is still there`)
}

/** Whoever tries again does so once the cache knows of all answers, not of the first that came. */
async function all(questions: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(questions)).find(r => r.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
