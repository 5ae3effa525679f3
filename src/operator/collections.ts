/** What the operator watches, and by what it looks things up. Reads are from these caches; what is not here is asked for, one object at a time. */
import type { Database } from '../api/database.ts'
import type { DatabaseUser } from '../api/databaseuser.ts'
import type { Instance } from '../api/instance.ts'
import {
  networkpolicies,
  type Pod,
  persistentvolumeclaims,
  pods,
  rolebindings,
  roles,
  type Secret,
  secrets,
  serviceaccounts,
  services,
} from '../kube/resource.ts'
import type { Manager } from '../runtime/manager.ts'
import type { Key } from '../runtime/store.ts'
import { refusedBy } from './fleet/agent.ts'
import { labels, managedBy, restartVariable } from './names.ts'
import { configurationgroups, databases, databaseusers, datastores, datastoreversions, flavors, guests, instances } from './resources.ts'

export type Collections = ReturnType<typeof openCollections>

/** The Instance that a Database or DatabaseUser names. */
export const instanceKeyOf = (object: Database | DatabaseUser): Key => `${object.metadata.namespace}/${object.spec.instanceRef.name}`

export const versionKey = (datastore: string, version: string) => `${datastore}/${version}`

/** The ConfigurationGroup that an Instance refers to. */
export const groupKeyOf = ({ metadata, spec: { configurationRef: ref } }: Instance): Key | undefined =>
  ref === undefined ? undefined : `${metadata.namespace}/${ref.name}`

/** The versions that an Instance has and is being changed to, or will have if nothing else is decided. */
export function versionsOf({ spec, status }: Instance): string[] {
  const { version = spec.datastore.version, upgradingTo } = status?.datastore ?? {}
  return [version, upgradingTo].flatMap(v => v ?? [])
}

/** Of a pod's spec we read where it runs, its images and its restart; the rest, the launcher's text above all, would be most of what we hold. */
function slimPod(pod: Pod): Pod {
  const { spec, ...rest } = pod
  if (spec === undefined) return pod
  const { nodeName, initContainers = [], containers } = spec
  const slim = ({ name, image, env }: (typeof containers)[number]) => {
    const kept = env?.filter(e => e.name === restartVariable) ?? []
    return { name, ...(image !== undefined && { image }), ...(kept.length > 0 && { env: kept }) }
  }
  return {
    ...rest,
    spec: { ...(nodeName !== undefined && { nodeName }), initContainers: initContainers.map(slim), containers: containers.map(slim) },
  }
}

const ourLabels = [labels.managedBy, labels.tenant, labels.instance, labels.instanceUid]

/**
 * What is in a Secret that is not ours is none of our business; only that it bears a name. One that has lost some of its labels is ours still:
 * were its passwords not seen, they would be taken for lost and made anew.
 */
export function slimSecret(secret: Secret): Secret {
  // What comes frozen, the cache does not take apart: a password is in no pool, and gone when its Secret is.
  Object.freeze(secret.data)
  if (ourLabels.some(label => secret.metadata.labels?.[label] !== undefined)) return secret
  const { data: _, ...rest } = secret
  const { annotations: __, ...metadata } = secret.metadata
  return { ...rest, metadata }
}

export function openCollections(manager: Manager, { guestsNamespace: namespace }: { guestsNamespace: string }) {
  return {
    instances: manager.collection(instances, {
      indexes: {
        datastore: i => [i.spec.datastore.type],
        version: i => versionsOf(i).map(v => versionKey(i.spec.datastore.type, v)),
        flavor: i => [i.spec.flavorRef.name],
        group: i => [groupKeyOf(i) ?? []].flat(),
      },
    }),
    groups: manager.collection(configurationgroups, { indexes: { datastore: g => [g.spec.datastore.type] } }),
    databases: manager.collection(databases, { indexes: { instance: d => [instanceKeyOf(d)] } }),
    users: manager.collection(databaseusers, { indexes: { instance: u => [instanceKeyOf(u)] } }),
    datastores: manager.collection(datastores),
    versions: manager.collection(datastoreversions, {
      indexes: {
        datastore: v => [v.spec.datastoreRef.name],
        version: v => [versionKey(v.spec.datastoreRef.name, v.spec.version)],
      },
    }),
    flavors: manager.collection(flavors),

    // The whole of the guests' namespace, strangers included: what bears a name of ours must be seen whoever made it.
    guests: manager.collection(guests, { namespace }),
    pods: manager.collection(pods, { namespace, project: slimPod, indexes: { agentRefused: p => [refusedBy(p) ?? []].flat() } }),
    claims: manager.collection(persistentvolumeclaims, { namespace }),
    secrets: manager.collection(secrets, { namespace, project: slimSecret }),
    serviceAccounts: manager.collection(serviceaccounts, { namespace }),
    roles: manager.collection(roles, { namespace }),
    roleBindings: manager.collection(rolebindings, { namespace }),
    networkPolicies: manager.collection(networkpolicies, { namespace }),

    /** Ours alone, in every namespace: tenants' and guests'. */
    services: manager.collection(services, { labelSelector: `${labels.managedBy}=${managedBy}` }),
  }
}
