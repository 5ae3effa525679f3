/**
 * The only writer of Guest.spec. Pure. The whole desired state of one guest from everything that has a say in it; where an input is missing
 * or not acceptable, the part that it made last stays as it was. Absence from a list never drops anything: what must go says so.
 */
import type { Database } from '../../api/database.ts'
import type { DatabaseUser } from '../../api/databaseuser.ts'
import type { Guest, GuestDatabase, GuestRoot, GuestSpec, GuestUser } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import { judgeClaims } from '../claims.ts'
import { finalizers, passwordRevision } from '../names.ts'
import { renderConfiguration } from './configuration.ts'
import type { Decided } from './decide.ts'

export interface GuestInput {
  previous: Guest | undefined
  instance: Instance
  decided: Decided
  /** UID of the claim, once its volume is known to be initialised. */
  initialisedClaim: string | undefined
  /** A pod is about to be made for a restart that the user asked for, or for another version. */
  isRestarting: boolean
  /** Digest of the image that the Guest's pod runs, if it is known. */
  digestInUse: string | undefined
  databases: readonly Database[]
  users: readonly DatabaseUser[]
  root: GuestRoot | undefined
}

export function renderGuest(input: GuestInput): GuestSpec {
  const { previous, instance, decided } = input
  const before = previous?.spec
  const { name, namespace, uid } = instance.metadata
  const { image, imageDigest } = renderImage(input)
  const imagePullSecrets = decided.offered?.imagePullSecrets ?? before?.imagePullSecrets ?? []
  const availabilityZone = before === undefined ? instance.spec.availabilityZone : before.availabilityZone
  const claimUID = before?.volume.claimUID ?? input.initialisedClaim
  const databases = renderDatabases(input)
  const users = renderUsers(input, databases)
  return {
    instance: { namespace: namespace!, name, uid },
    datastore: decided.datastore,
    engine: decided.engine.engine,
    version: decided.version,
    ...(decided.upgradeFrom !== undefined && { upgradeFrom: decided.upgradeFrom }),
    image,
    ...(imageDigest !== undefined && { imageDigest }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets: [...imagePullSecrets] }),
    flavor: before?.flavor ?? decided.flavor,
    ...(availabilityZone !== undefined && { availabilityZone }),
    volume: claimUID === undefined ? {} : { claimUID },
    configuration: renderConfiguration(instance, decided, previous, input.isRestarting),
    ...(databases.length > 0 && { databases }),
    ...(users.length > 0 && { users }),
    ...(input.root !== undefined && { root: input.root }),
  }
}

/** The image moves only at a restart or with a version that the user asked for, between two pods: what a pod runs is what its Guest says. */
function renderImage({ previous, decided, digestInUse, isRestarting }: GuestInput): Pick<GuestSpec, 'image' | 'imageDigest'> {
  const before = previous?.spec
  if (before !== undefined && !isRestarting) {
    const { image, imageDigest = digestInUse } = before
    return { image, ...(imageDigest !== undefined && { imageDigest }) }
  }
  const { image, imageDigest } = before === undefined ? decided : { image: decided.offered?.image ?? before.image }
  return { image, ...(imageDigest !== undefined && { imageDigest }) }
}

function renderDatabases({ previous, databases, decided }: GuestInput): GuestDatabase[] {
  const verdicts = judgeClaims(databases, { check: s => decided.engine.checkDatabase(s), what: 'databases' })
  const spoken = inForce(databases, verdicts, finalizers.database)
  const out: GuestDatabase[] = []
  for (const database of spoken) {
    const { name, characterSet, collate, deletionPolicy } = database.spec
    const entry = { name, ...(characterSet !== undefined && { characterSet }), ...(collate !== undefined && { collate }) }
    const leaving = database.metadata.deletionTimestamp !== undefined
    // A retained database is simply no longer spoken of.
    if (!leaving) out.push({ ...entry, ensure: 'Present' })
    else if (deletionPolicy === 'Delete') out.push({ ...entry, ensure: 'Absent' })
  }
  return [...out, ...unspoken(previous?.spec.databases, spoken, previous?.status?.databases)]
}

function renderUsers({ previous, users, decided }: GuestInput, databases: readonly GuestDatabase[]): GuestUser[] {
  const before = new Map(previous?.spec.users?.map(u => [u.name, u]))
  const present = new Set(databases.filter(d => d.ensure === 'Present').map(d => d.name))
  const spoken = usersInForce(users, decided)
  const out: GuestUser[] = []
  for (const user of spoken) {
    const { name } = user.spec
    // Said even of one that was never asked for: it may have been asked for by a write that is still under way.
    if (user.metadata.deletionTimestamp !== undefined) {
      out.push({ name, ensure: 'Absent', passwordRevision: before.get(name)?.passwordRevision ?? passwordRevision(user) })
      continue
    }
    // Rights on a database that no object names yet follow when it is there.
    const access = (user.spec.access ?? []).filter(a => present.has(a.database))
    const privilege = decided.engine.capabilities.databases ? undefined : user.spec.privilege
    out.push({
      name,
      ensure: 'Present',
      passwordRevision: passwordRevision(user),
      ...(access.length > 0 && { access }),
      ...(privilege !== undefined && { privilege }),
    })
  }
  return [...out, ...unspoken(previous?.spec.users, spoken, previous?.status?.users)]
}

export function usersInForce(users: readonly DatabaseUser[], { engine }: Pick<Decided, 'engine'>): DatabaseUser[] {
  return inForce(users, judgeClaims(users, { check: s => engine.checkUser(s), what: 'users' }), finalizers.databaseUser)
}

/** Only what cannot vanish unseen is put in force: its controller adds the finalizer first. */
function inForce<T extends { metadata: { uid: string; finalizers?: string[] } }>(
  objects: readonly T[],
  verdicts: Map<string, unknown>,
  finalizer: string,
): T[] {
  return objects.filter(o => verdicts.get(o.metadata.uid) === undefined && o.metadata.finalizers?.includes(finalizer))
}

/** Entries that no object in force speaks of stay as they are, unless they were to go and the guest says that they went. */
function unspoken<E extends { name: string; ensure: 'Present' | 'Absent' }>(
  entries: readonly E[] | undefined,
  spoken: readonly { spec: { name: string } }[],
  results: readonly { name: string; state: string }[] | undefined,
): E[] {
  const named = new Set(spoken.map(o => o.spec.name))
  const gone = new Set(results?.filter(r => r.state === 'Absent').map(r => r.name))
  return (entries ?? []).filter(e => !named.has(e.name) && !(e.ensure === 'Absent' && gone.has(e.name)))
}
