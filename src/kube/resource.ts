/**
 * A resource names a collection of the API: where it lives and what it holds. `T` is a phantom, so that
 * `client.get(pods, …)` is a Pod. Only the built-in resources that an operator needs are listed; custom ones are declared beside their schemas.
 */
import type {
  EventsV1Event,
  V1Lease,
  V1Namespace,
  V1NetworkPolicy,
  V1Node,
  V1PersistentVolumeClaim,
  V1Pod,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
  V1ServiceAccount,
  V1StorageClass,
} from '@kubernetes/client-node'
import type { KubeObject } from './objects.ts'

export interface Resource<T extends KubeObject> {
  /** '' for the core group. */
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
  readonly _type?: T
}

export interface Ref {
  namespace?: string
  name: string
}

/** A generated model as it is on the wire: `Date`s are strings, and the underscore that the generator puts before reserved words is off. */
type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer E)[]
    ? Wire<E>[]
    : T extends object
      ? { [K in keyof T as K extends `_${infer Bare}` ? Bare : K]: Wire<T[K]> }
      : T

type Typed<T> = KubeObject & Omit<Wire<T>, 'apiVersion' | 'kind' | 'metadata'>

export type Pod = Typed<V1Pod>
export type Service = Typed<V1Service>
export type Secret = Typed<V1Secret>
export type PersistentVolumeClaim = Typed<V1PersistentVolumeClaim>
export type ServiceAccount = Typed<V1ServiceAccount>
export type Namespace = Typed<V1Namespace>
export type Node = Typed<V1Node>
export type Role = Typed<V1Role>
export type RoleBinding = Typed<V1RoleBinding>
export type NetworkPolicy = Typed<V1NetworkPolicy>
export type StorageClass = Typed<V1StorageClass>
export type Lease = Typed<V1Lease>
export type KubeEvent = Typed<EventsV1Event>

const namespaced = { version: 'v1', namespaced: true } as const
const clusterWide = { version: 'v1', namespaced: false } as const

export const pods: Resource<Pod> = { group: '', plural: 'pods', kind: 'Pod', ...namespaced }
export const services: Resource<Service> = { group: '', plural: 'services', kind: 'Service', ...namespaced }
export const secrets: Resource<Secret> = { group: '', plural: 'secrets', kind: 'Secret', ...namespaced }
export const persistentvolumeclaims: Resource<PersistentVolumeClaim> = {
  group: '',
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  ...namespaced,
}
export const serviceaccounts: Resource<ServiceAccount> = { group: '', plural: 'serviceaccounts', kind: 'ServiceAccount', ...namespaced }
export const namespaces: Resource<Namespace> = { group: '', plural: 'namespaces', kind: 'Namespace', ...clusterWide }
export const nodes: Resource<Node> = { group: '', plural: 'nodes', kind: 'Node', ...clusterWide }
export const roles: Resource<Role> = { group: 'rbac.authorization.k8s.io', plural: 'roles', kind: 'Role', ...namespaced }
export const rolebindings: Resource<RoleBinding> = {
  group: 'rbac.authorization.k8s.io',
  plural: 'rolebindings',
  kind: 'RoleBinding',
  ...namespaced,
}
export const networkpolicies: Resource<NetworkPolicy> = {
  group: 'networking.k8s.io',
  plural: 'networkpolicies',
  kind: 'NetworkPolicy',
  ...namespaced,
}
export const storageclasses: Resource<StorageClass> = {
  group: 'storage.k8s.io',
  plural: 'storageclasses',
  kind: 'StorageClass',
  ...clusterWide,
}
export const leases: Resource<Lease> = { group: 'coordination.k8s.io', plural: 'leases', kind: 'Lease', ...namespaced }
export const events: Resource<KubeEvent> = { group: 'events.k8s.io', plural: 'events', kind: 'Event', ...namespaced }

export function apiVersionOf(r: Resource<KubeObject>): string {
  return r.group === '' ? r.version : `${r.group}/${r.version}`
}

/** The path of a collection, or of one object in it. */
export function pathOf(r: Resource<KubeObject>, at: { namespace?: string; name?: string; subresource?: string }): string {
  if (at.name !== undefined && r.namespaced && at.namespace === undefined) throw new TypeError(`${r.kind} ${at.name} needs a namespace`)
  const parts = r.group === '' ? ['api', r.version] : ['apis', r.group, r.version]
  if (r.namespaced && at.namespace !== undefined) parts.push('namespaces', at.namespace)
  parts.push(r.plural)
  if (at.name !== undefined) parts.push(at.name)
  if (at.subresource !== undefined) parts.push(at.subresource)
  return `/${parts.map(encodeURIComponent).join('/')}`
}
