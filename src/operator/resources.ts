/** The operator's own kinds as resources of the API. The built-in ones are in src/kube/resource.ts. */
import { type ConfigurationGroup, configurationGroupKind } from '../api/configurationgroup.ts'
import { type Database, databaseKind } from '../api/database.ts'
import { type DatabaseUser, databaseUserKind } from '../api/databaseuser.ts'
import { type Datastore, datastoreKind } from '../api/datastore.ts'
import { type DatastoreVersion, datastoreVersionKind } from '../api/datastoreversion.ts'
import { type Flavor, flavorKind } from '../api/flavor.ts'
import { type Guest, guestKind } from '../api/guest.ts'
import { type Instance, instanceKind } from '../api/instance.ts'
import { GROUP, VERSION } from '../api/kind.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Resource } from '../kube/resource.ts'

const resource = <T extends KubeObject>(k: { plural: string; kind: string; scope: 'Cluster' | 'Namespaced' }): Resource<T> => ({
  group: GROUP,
  version: VERSION,
  plural: k.plural,
  kind: k.kind,
  namespaced: k.scope === 'Namespaced',
})

export const instances = resource<Instance>(instanceKind)
export const configurationgroups = resource<ConfigurationGroup>(configurationGroupKind)
export const guests = resource<Guest>(guestKind)
export const databases = resource<Database>(databaseKind)
export const databaseusers = resource<DatabaseUser>(databaseUserKind)
export const datastores = resource<Datastore>(datastoreKind)
export const datastoreversions = resource<DatastoreVersion>(datastoreVersionKind)
export const flavors = resource<Flavor>(flavorKind)
