/** Makes passwords in the guest's Secret, and forgets them: what `passwords.ts` decided. */
import { randomBytes } from 'node:crypto'
import type { Fault } from '../../errors.ts'
import { ApiError } from '../../kube/errors.ts'
import { guestLabels, ownerOf, passwordRevision } from '../names.ts'
import type { World } from '../world.ts'
import { patchAsSeen } from './as-seen.ts'
import { createOnGuestSide } from './make.ts'
import type { Observed } from './observed.ts'

export async function makePasswords(
  revisions: readonly string[],
  o: Observed,
  world: World,
  signal: AbortSignal,
): Promise<Fault | undefined> {
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
export async function forgetPasswords(revisions: readonly string[], o: Observed, world: World, signal: AbortSignal): Promise<undefined> {
  const { secrets, users, guests } = world.collections
  const { namespace } = o.instance.metadata
  const [guest, needed] = await Promise.all([
    world.client.get(guests.resource, o.side.guest!.metadata, { signal }),
    world.client.list(users.resource, { ...(namespace !== undefined && { namespace }), signal }),
  ])
  const { users: told = [], root } = guest.spec
  const named = new Set([...told, ...(root === undefined ? [] : [root])].map(e => e.passwordRevision))
  for (const user of needed.items) named.add(passwordRevision(user))
  const data = Object.fromEntries(revisions.filter(revision => !named.has(revision)).map(revision => [revision, null]))
  if (Object.keys(data).length === 0) throw new ApiError(409, 'Conflict', 'passwords that are needed by now are kept')
  await patchAsSeen(secrets, o.side.secret!, { data }, signal)
  return undefined
}
