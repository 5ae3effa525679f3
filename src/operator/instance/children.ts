/**
 * Everything that a guest needs besides its pod, as pure builders: volume claim, account and rights, Service and network policy in the
 * guests' namespace, and the one Service in the tenant's. Names are those of the Guest; what the Guest owns goes with it.
 */
import type { Guest } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import { API_VERSION } from '../../api/kind.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import type { Draft, DraftMeta } from '../../kube/objects.ts'
import type { NetworkPolicy, PersistentVolumeClaim, Role, RoleBinding, Service, ServiceAccount } from '../../kube/resource.ts'
import { guestLabels, labels, ownedBy, ownerOf, tenantLabels } from '../names.ts'

export interface Place {
  /** Name of the Guest. */
  name: string
  guestsNamespace: string
  clusterDomain: string
}

/** Metadata of what the Guest owns. */
export function ownedMeta(guest: Guest): DraftMeta {
  const { name, namespace } = guest.metadata
  return { name, namespace: namespace!, labels: guestLabels(guest.spec.instance), ownerReferences: [ownedBy(guest)] }
}

/** Owned by nothing: it follows the Instance's deletion policy. Its annotations keep what was decided, should the Guest be lost. */
export function buildClaim(instance: Instance, place: Place, record: Record<string, string>): Draft<PersistentVolumeClaim> {
  const { size, storageClassName } = instance.spec.volume
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: place.name,
      namespace: place.guestsNamespace,
      labels: guestLabels(ownerOf(instance)),
      annotations: record,
    },
    spec: {
      accessModes: ['ReadWriteOncePod'],
      ...(storageClassName !== undefined && { storageClassName }),
      resources: { requests: { storage: String(size) } },
    },
  }
}

export function buildServiceAccount(guest: Guest): Draft<ServiceAccount> {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: ownedMeta(guest), automountServiceAccountToken: false }
}

/** Its own Guest, and the Secret of the same name: nothing else. */
export function buildRole(guest: Guest): Draft<Role> {
  const resourceNames = [guest.metadata.name]
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: ownedMeta(guest),
    rules: [
      { apiGroups: ['trove.dev'], resources: ['guests'], verbs: ['get', 'list', 'watch'], resourceNames },
      { apiGroups: ['trove.dev'], resources: ['guests/status'], verbs: ['patch'], resourceNames },
      { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames },
    ],
  }
}

export function buildRoleBinding(guest: Guest): Draft<RoleBinding> {
  const { name, namespace } = guest.metadata
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: ownedMeta(guest),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace: namespace! }],
  }
}

/** Never headless (a name that does not resolve is a worse answer), and with unready pods: an agent that is being replaced takes no tenant down. */
export function buildGuestService(guest: Guest, engine: OperatorEngine): Draft<Service> {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: ownedMeta(guest),
    spec: {
      type: 'ClusterIP',
      publishNotReadyAddresses: true,
      selector: { [labels.instanceUid]: guest.spec.instance.uid, [labels.role]: 'writer' },
      ports: engine.ports.filter(p => p.exposed).map(({ name, port }) => ({ name, port, targetPort: port, protocol: 'TCP' })),
    },
  }
}

/** What clouds answer their machines' own credentials at. */
const metadataAddresses = { v4: ['169.254.0.0/16'], v6: ['fe80::/10', 'fd00:ec2::254/128'] }

export function buildNetworkPolicy(guest: Guest, instance: Instance, engine: OperatorEngine): Draft<NetworkPolicy> {
  const tenant = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': guest.spec.instance.namespace } } }
  const networks = (instance.spec.access?.allowedCidrs ?? []).map(cidr => ({ ipBlock: { cidr } }))
  const dns = [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: ownedMeta(guest),
    spec: {
      podSelector: { matchLabels: { [labels.instanceUid]: guest.spec.instance.uid } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [tenant, ...networks], ports: engine.ports.filter(p => p.exposed).map(p => ({ protocol: 'TCP', port: p.port })) }],
      egress: [
        { to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }], ports: dns },
        {
          // The API server has no address that a policy could name on every cluster, only ports.
          to: [
            { ipBlock: { cidr: '0.0.0.0/0', except: metadataAddresses.v4 } },
            { ipBlock: { cidr: '::/0', except: metadataAddresses.v6 } },
          ],
          ports: [
            { protocol: 'TCP', port: 443 },
            { protocol: 'TCP', port: 6443 },
          ],
        },
      ],
    },
  }
}

/** The tenant's name for the guest's Service. */
export function buildTenantService(instance: Instance, place: Place): Draft<Service> {
  const { name, namespace, uid } = instance.metadata
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: namespace!,
      labels: tenantLabels(uid),
      ownerReferences: [ownedBy({ ...instance, apiVersion: API_VERSION })],
    },
    spec: { type: 'ExternalName', externalName: `${place.name}.${place.guestsNamespace}.svc.${place.clusterDomain}` },
  }
}
