/** What the agent asks of the API server, and all that its token allows: its own Guest to read and report on, its own Secret to read. */
import type { Guest, GuestStatus } from '../../api/guest.ts'
import { API_VERSION, GROUP, VERSION } from '../../api/kind.ts'
import type { Client } from '../../kube/client.ts'
import { absent } from '../../kube/errors.ts'
import type { StatusDraft } from '../../kube/objects.ts'
import { type Resource, secrets } from '../../kube/resource.ts'
import type { Collection } from '../../runtime/collection.ts'
import { keyOf } from '../../runtime/store.ts'

export const guests: Resource<Guest> = { group: GROUP, version: VERSION, plural: 'guests', kind: 'Guest', namespaced: true }

const manager = 'trove-guest'

export interface GuestApi {
  /** As it is known now, no older than our own last report; undefined if it is not there. */
  guest(): Guest | undefined
  /** To be called once, at the start. */
  onChange(listener: () => void): void
  /** The whole report, as one writer of the status subresource. Only ever of the Guest given: not of a later one of the same name. */
  applyStatus(guest: Guest, status: GuestStatus, signal: AbortSignal): Promise<Guest>
  /** The same as a merge patch, in which the server drops what it does not know. */
  mergeStatus(guest: Guest, patch: object, signal: AbortSignal): Promise<Guest>
  /** Passwords by revision, from the guest's Secret; none if it is not there. */
  passwords(signal: AbortSignal): Promise<ReadonlyMap<string, string>>
}

export function openGuestApi(
  self: { namespace: string; name: string },
  collection: Collection<Guest>,
  client: Pick<Client, 'get'>,
): GuestApi {
  const key = keyOf(self)
  const identity = (guest: Guest) => ({ name: self.name, namespace: self.namespace, uid: guest.metadata.uid })
  return {
    guest: () => collection.get(key),
    onChange: listener => collection.subscribe(listener),
    applyStatus(guest, status, signal) {
      const draft: StatusDraft<Guest> = { apiVersion: API_VERSION, kind: 'Guest', metadata: identity(guest), status }
      return collection.apply(draft, { manager, signal, subresource: 'status' })
    },
    mergeStatus: (guest, patch, signal) =>
      collection.patch(
        self,
        { type: 'merge', body: { metadata: { uid: guest.metadata.uid }, status: patch } },
        { manager, signal, subresource: 'status' },
      ),
    async passwords(signal) {
      const secret = await client.get(secrets, self, { signal }).catch(absent)
      return new Map(
        Object.entries(secret?.data ?? {}).map(([revision, value]) => [revision, Buffer.from(value, 'base64').toString('utf8')]),
      )
    },
  }
}
