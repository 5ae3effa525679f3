/** A client that reads always and writes only while it may: after a lost lease no request of ours changes anything. */
import type { Client } from '../kube/client.ts'
import type { Draft, KubeObject, StatusDraft } from '../kube/objects.ts'
import type { Resource } from '../kube/resource.ts'

/** `mayWrite` throws when we may not. */
export function fenced(client: Client, mayWrite: () => void): Client {
  return {
    ...client,
    async create(r, obj, o) {
      mayWrite()
      return client.create(r, obj, o)
    },
    async apply<T extends KubeObject>(r: Resource<T>, obj: Draft<T> | StatusDraft<T>, o: Parameters<Client['apply']>[2]) {
      mayWrite()
      // Both shapes are one request; which of them is right for the subresource was checked at the call.
      return client.apply(r, obj as Draft<T>, o)
    },
    async patch(r, ref, patch, o) {
      mayWrite()
      return client.patch(r, ref, patch, o)
    },
    async replace(r, obj, o) {
      mayWrite()
      return client.replace(r, obj, o)
    },
    async delete(r, ref, o) {
      mayWrite()
      return client.delete(r, ref, o)
    },
  }
}
