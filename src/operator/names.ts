/** Names, labels, annotations and finalizers: every string by which the operator finds its own things again. All of them are deterministic. */
import type { Instance } from '../api/instance.ts'
import { API_VERSION } from '../api/kind.ts'
import type { KubeObject, OwnerReference } from '../kube/objects.ts'
import type { Service } from '../kube/resource.ts'

/** Field manager of everything the operator applies, and the one of every status it writes. */
export const manager = 'trove-operator'
export const statusManager = 'trove-operator-status'

export const finalizers = {
  instance: 'trove.dev/instance',
  guest: 'trove.dev/guest',
  database: 'trove.dev/database',
  databaseUser: 'trove.dev/databaseuser',
  inUse: 'trove.dev/in-use',
} as const

export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  tenant: 'trove.dev/tenant',
  instance: 'trove.dev/instance',
  instanceUid: 'trove.dev/instance-uid',
  /** In tenants' namespaces: the UID of the object that this one belongs to. */
  ownerUid: 'trove.dev/owner-uid',
  role: 'trove.dev/role',
  retained: 'trove.dev/retained',
} as const

export const annotations = {
  /** On a pod: hash of the template that it was made from. */
  template: 'trove.dev/template',
  /** On a Guest: when its spec was written last. */
  askedAt: 'trove.dev/asked-at',
  /** On a Guest: the agent's image that was last seen to work for it. */
  agentImage: 'trove.dev/agent-image',
  /** On a pod: the version that was to come with it, and did not. As long as it bears it, that version does not end it. */
  missedVersion: 'trove.dev/missed-version',
  /** On a pod: what its agent's image was changed from and to, and all that is needed to judge it and to take it back. */
  agentRoll: 'trove.dev/agent-roll',
  /** On a pod: the image with which its agent did not come back. As long as a pod bears it, no agent is rolled to that image. */
  agentRefused: 'trove.dev/agent-refused',
  /** On a volume claim: what was decided for the Instance, should its Guest be lost. */
  datastore: 'trove.dev/datastore',
  engine: 'trove.dev/engine',
  version: 'trove.dev/version',
  /** While the version is being changed: the one that the data may still have. */
  upgradeFrom: 'trove.dev/upgrade-from',
  image: 'trove.dev/image',
  /** `<image>@<digest>`: says nothing of any other image. */
  imageDigest: 'trove.dev/image-digest',
  formulas: 'trove.dev/formulas',
} as const

/** Variable of the agent's container with the restart that its pod was made for. In a pod's spec nobody can change it. */
export const restartVariable = 'TROVE_RESTART_REQUESTED_AT'

export const managedBy = 'trove'

const short = (uid: string) => uid.slice(0, 8)

/** Name of the Guest, and of everything in the guests' namespace that belongs to this Instance. */
export function guestName(instance: Instance): string {
  return `${instance.metadata.name}-${short(instance.metadata.uid)}`
}

export interface Owner {
  namespace: string
  name: string
  uid: string
}

export const ownerOf = ({ metadata: { namespace, name, uid } }: Instance): Owner => ({ namespace: namespace!, name, uid })

/** Labels of everything in the guests' namespace. */
export function guestLabels(instance: Owner): Record<string, string> {
  return {
    [labels.managedBy]: managedBy,
    [labels.tenant]: instance.namespace,
    [labels.instance]: instance.name,
    [labels.instanceUid]: instance.uid,
  }
}

/** A pod bears beside them what its Service selects it by. */
export const podLabels = (instance: Owner): Record<string, string> => ({ ...guestLabels(instance), [labels.role]: 'writer' })

/** Labels of what we make in a tenant's namespace. */
export function tenantLabels(ownerUid: string): Record<string, string> {
  return { [labels.managedBy]: managedBy, [labels.ownerUid]: ownerUid }
}

export function ownedBy(owner: KubeObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid }
}

/** Whether an object in a tenant's namespace is ours: by label and by owner reference, both. */
export function belongsTo(owner: KubeObject, object: KubeObject): boolean {
  const { uid } = owner.metadata
  const owned = object.metadata.ownerReferences?.some(o => o.uid === uid && o.apiVersion === API_VERSION) ?? false
  return owned && object.metadata.labels?.[labels.ownerUid] === uid && object.metadata.labels[labels.managedBy] === managedBy
}

/** Whether it is our Service for this Instance as we made it. One that was made to lead elsewhere is no longer ours to touch. */
export function isOurAddress(instance: Instance, service: Service, guestsNamespace: string): boolean {
  const { type, externalName } = service.spec ?? {}
  return (
    belongsTo(instance, service) &&
    type === 'ExternalName' &&
    (externalName?.startsWith(`${guestName(instance)}.${guestsNamespace}.svc.`) ?? false)
  )
}

/** Key in the guest's Secret of a user's password. The same after any crash; another once a new password is asked for. */
export function passwordRevision(user: { metadata: { uid: string }; spec: { passwordGeneration: number } }): string {
  return `${short(user.metadata.uid)}-${user.spec.passwordGeneration}`
}

export const bindingName = (user: { metadata: { name: string } }) => `${user.metadata.name}-credentials`

export const rootBindingName = (instance: { metadata: { name: string } }) => `${instance.metadata.name}-root`

/** Host by which tenants reach an Instance, from any namespace. */
export const addressOf = (instance: { metadata: { name: string; namespace?: string } }) =>
  `${instance.metadata.name}.${instance.metadata.namespace}.svc`
