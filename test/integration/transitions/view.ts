/**
 * What a walk sees: the tenant's objects, the catalog entries that are its own, and everything behind them in the guests' namespace, from watches, so
 * that looking often costs the API server nothing.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { ConfigurationGroup } from '../../../src/api/configurationgroup.ts'
import type { Database } from '../../../src/api/database.ts'
import type { DatabaseUser } from '../../../src/api/databaseuser.ts'
import type { Datastore } from '../../../src/api/datastore.ts'
import type { DatastoreVersion } from '../../../src/api/datastoreversion.ts'
import type { Flavor } from '../../../src/api/flavor.ts'
import type { Guest } from '../../../src/api/guest.ts'
import type { Instance } from '../../../src/api/instance.ts'
import type { Client } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import {
  type NetworkPolicy,
  networkpolicies,
  type PersistentVolumeClaim,
  type Pod,
  persistentvolumeclaims,
  pods,
  type Resource,
  rolebindings,
  roles,
  type Secret,
  type Service,
  secrets,
  serviceaccounts,
  services,
} from '../../../src/kube/resource.ts'
import { guestName } from '../../../src/operator/names.ts'
import {
  configurationgroups,
  databases,
  databaseusers,
  datastores,
  datastoreversions,
  flavors,
  guests,
  instances,
} from '../../../src/operator/resources.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { type Collection, openCollection } from '../../../src/runtime/collection.ts'
import { guestsNamespace } from '../operator/fake-node.ts'
import { quiet } from '../runtime/rig.ts'
import type { WalkedKind } from './schema.ts'

/** Names of what belongs to one walk: its namespace, and the name of its Instance, which begins those of its catalog entries as well. */
export interface Tenant {
  namespace: string
  name: string
}

/** Of a walk's groups: one for every version, and one that is for the Instance's at first. */
export const groupNames = ['any', 'exact'] as const

/** Of a walk's versions: the one that its Instance has, one that allows no Flavor, and one that is not active. */
export const versionNames = ['first', 'other', 'old'] as const

export type Walked = Instance | ConfigurationGroup | Database | DatabaseUser | Datastore | DatastoreVersion | Flavor

export interface View {
  instance: Instance
  groups: ConfigurationGroup[]
  databases: Database[]
  users: DatabaseUser[]
  datastore: Datastore
  /** The one that the Instance has first. */
  versions: DatastoreVersion[]
  flavor: Flavor
  guest: Guest
  claim: PersistentVolumeClaim
  secret: Secret | undefined
  pod: Pod
  networkPolicy: NetworkPolicy
  /** Of each user, by the name of its object. */
  bindings: Record<string, Secret | undefined>
  /** Every one of the above and the rest of the children, by a name that stays the same. */
  all: Record<string, KubeObject>
}

export interface Watches {
  view(tenant: Tenant): Partial<View> & Pick<View, 'all' | 'groups' | 'databases' | 'users' | 'bindings'>
  find(kind: WalkedKind, tenant: Tenant, name: string): Walked | undefined
  stop(): Promise<void>
}

export const resourceOf: Record<WalkedKind, Resource<KubeObject>> = {
  Instance: instances as Resource<KubeObject>,
  ConfigurationGroup: configurationgroups as Resource<KubeObject>,
  Database: databases as Resource<KubeObject>,
  DatabaseUser: databaseusers as Resource<KubeObject>,
  Datastore: datastores as Resource<KubeObject>,
  DatastoreVersion: datastoreversions as Resource<KubeObject>,
  Flavor: flavors as Resource<KubeObject>,
}

export async function openWatches(client: Client): Promise<Watches> {
  const end = new AbortController()
  const opened: (Collection<KubeObject> & { run(signal: AbortSignal): Promise<void> })[] = []
  const open = <T extends KubeObject>(r: Resource<T>, selection: object = {}): Collection<T> => {
    const collection = openCollection<T>(r, selection, { client, log: quiet, clock: systemClock })
    opened.push(collection as never)
    return collection
  }
  const inGuests = { namespace: guestsNamespace }
  const walked = Object.fromEntries(Object.entries(resourceOf).map(([kind, r]) => [kind, open(r)])) as Record<WalkedKind, Collection<never>>
  const children = {
    Guest: open(guests, inGuests),
    Claim: open(persistentvolumeclaims, inGuests),
    Pod: open(pods, inGuests),
    ServiceAccount: open(serviceaccounts, inGuests),
    Role: open(roles, inGuests),
    RoleBinding: open(rolebindings, inGuests),
    NetworkPolicy: open(networkpolicies, inGuests),
  }
  const shared = { services: open(services), secrets: open(secrets) }
  const running = opened.map(c => c.run(end.signal))
  while (shared.services.list().length === 0) await pause(20)

  const find = (kind: WalkedKind, { namespace }: Tenant, name: string): Walked | undefined =>
    walked[kind].get(resourceOf[kind].namespaced ? `${namespace}/${name}` : name)
  const listed = <T extends Walked>(kind: WalkedKind, { namespace }: Tenant): T[] =>
    (walked[kind].list() as T[])
      .filter(o => o.metadata.namespace === namespace)
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))

  return {
    find,
    view(tenant) {
      const { namespace, name } = tenant
      const all: Record<string, KubeObject> = {}
      const note = (key: string, object: KubeObject | undefined) => {
        if (object !== undefined) all[key] = object
        return object
      }
      const instance = note('Instance', find('Instance', tenant, name))
      const ours = <T extends Walked>(kind: WalkedKind) => listed<T>(kind, tenant).filter(o => o.metadata.name !== 'twin')
      const [found, logins] = [ours<Database>('Database'), ours<DatabaseUser>('DatabaseUser')]
      const groups = ours<ConfigurationGroup>('ConfigurationGroup')
      for (const object of [...found, ...logins, ...groups]) note(`${object.kind} ${object.metadata.name}`, object)
      const bindings: Record<string, Secret | undefined> = {}
      for (const { metadata } of logins) {
        const binding = shared.secrets.get(`${namespace}/${metadata.name}-credentials`)
        bindings[metadata.name] = note(`Binding ${metadata.name}`, binding) as Secret | undefined
      }
      const datastore = note('Datastore', find('Datastore', tenant, name))
      const versions = versionNames.flatMap(
        which => note(`DatastoreVersion ${which}`, find('DatastoreVersion', tenant, `${name}-${which}`)) ?? [],
      )
      const flavor = note('Flavor', find('Flavor', tenant, name))
      note('Address', shared.services.get(`${namespace}/${name}`) as Service | undefined)
      if (instance !== undefined) {
        const key = `${guestsNamespace}/${guestName(instance as Instance)}` as const
        for (const [kind, collection] of Object.entries(children)) note(kind, (collection as Collection<KubeObject>).get(key))
        note('Secret', shared.secrets.get(key))
        note('Service', shared.services.get(key))
      }
      const { Guest: guest, Claim: claim, Secret: secret, Pod: pod, NetworkPolicy: networkPolicy } = all
      return {
        instance,
        groups,
        databases: found,
        users: logins,
        datastore,
        versions,
        flavor,
        guest,
        claim,
        secret,
        pod,
        networkPolicy,
        bindings,
        all,
      } as never
    },
    async stop() {
      end.abort()
      await Promise.all(running)
    },
  }
}
