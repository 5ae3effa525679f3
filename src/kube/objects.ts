/**
 * What every object of the API has in common. `KubeObject` is an object as the server answers it; `Draft` is one as we send it,
 * without what the server fills in. Objects are plain JSON: times are strings, unknown fields are kept.
 */
export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ObjectMeta {
  name: string
  namespace?: string
  uid: string
  resourceVersion: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

export interface DraftMeta {
  name: string
  namespace?: string
  uid?: string
  /** The version that this is based on: where there is a later one, the write is a conflict. */
  resourceVersion?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  finalizers?: string[]
  ownerReferences?: OwnerReference[]
}

type StatusOf<T> = T extends { status?: infer S } ? Exclude<S, undefined> : never

/** What one sends to make or apply an object. Its `uid`, where given, must be that of the object which bears the name. */
export type Draft<T extends KubeObject> = Omit<T, 'metadata' | 'status'> & { metadata: DraftMeta; status?: StatusOf<T> }

/** What one applies to the subresource `status`: nothing else would be looked at. */
export interface StatusDraft<T extends KubeObject> {
  apiVersion: string
  kind: string
  metadata: DraftMeta
  status: StatusOf<T>
}
