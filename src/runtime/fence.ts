/**
 * A client that reads always and writes only while it may: after a lost lease no request of ours changes anything. It is asked at the last
 * moment, when a request is about to go out: one that has waited for its connection, in a process that was stopped meanwhile, does not go.
 */
import type { Client } from '../kube/client.ts'
import type { Draft, KubeObject, StatusDraft } from '../kube/objects.ts'
import type { Resource } from '../kube/resource.ts'

/** `mayWrite` throws when we may not, and the call fails with that. */
export function fenced(client: Client, mayWrite: () => void): Client {
  const asking = <O>(o: O) => ({ ...o, mayGo: mayWrite })
  return {
    ...client,
    create: (r, obj, o) => client.create(r, obj, asking(o)),
    // Both shapes are one request; which of them is right for the subresource was checked at the call.
    apply: <T extends KubeObject>(r: Resource<T>, obj: Draft<T> | StatusDraft<T>, o: Parameters<Client['apply']>[2]) =>
      client.apply(r, obj as Draft<T>, asking(o)),
    patch: (r, ref, patch, o) => client.patch(r, ref, patch, asking(o)),
    replace: (r, obj, o) => client.replace(r, obj, asking(o)),
    delete: (r, ref, o) => client.delete(r, ref, asking(o)),
  }
}
