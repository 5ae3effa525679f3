/** Objects for the tests of plans: an Instance on its way and everything around it, each as small as it can be, to be changed by the test. */
import type { ConfigurationGroup } from '../api/configurationgroup.ts'
import type { Database } from '../api/database.ts'
import type { DatabaseUser } from '../api/databaseuser.ts'
import type { Datastore } from '../api/datastore.ts'
import type { DatastoreVersion } from '../api/datastoreversion.ts'
import type { Flavor } from '../api/flavor.ts'
import type { Guest, GuestSpec, GuestStatus } from '../api/guest.ts'
import type { Instance, InstanceSpec } from '../api/instance.ts'
import type { OperatorEngine } from '../engines/operator-engine.ts'
import { postgresqlParameters } from '../engines/postgresql/rules/parameters.ts'
import { fault } from '../errors.ts'
import type { PersistentVolumeClaim, Pod, Secret } from '../kube/resource.ts'
import type { Observed } from './instance/observed.ts'
import { annotations, finalizers, guestLabels, restartVariable } from './names.ts'

type Meta = Instance['metadata']

export const uid = '11111111-aaaa-bbbb-cccc-000000000000'
export const name = 'db-11111111'
export const now = new Date('2026-01-01T12:00:00Z')
/** So many seconds before now. */
export const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString()

const meta = (more: Partial<Meta>): Meta => ({ name: 'x', uid: `uid-${more.name ?? 'x'}`, resourceVersion: '1', generation: 1, ...more })
const trove = { apiVersion: 'trove.dev/v1alpha1' as const }

export const engine: OperatorEngine = {
  engine: 'postgresql',
  ports: [{ name: 'postgresql', port: 5432, exposed: true }],
  capabilities: { databases: true, users: true, root: true },
  formulas: 1,
  enforced: { listen_addresses: '*' },
  minimumMemory: 256 * 2 ** 20,
  user: { uid: 999, gid: 999 },
  defaults: ({ flavor }) => ({ memory: String(flavor.memoryBytes) }),
  parameters: postgresqlParameters,
  refusesUpgrade: (from, to) => (from.startsWith('17') && to.startsWith('17') ? undefined : 'it has other files'),
  render: ({ parameters }) => [{ name: 'engine.conf', content: JSON.stringify(parameters) }],
  checkDatabase: ({ name: asked }) => (asked === 'reserved' ? fault('IdentifierReserved', { name: asked }) : undefined),
  checkUser: ({ name: asked }) => (asked === 'reserved' ? fault('IdentifierReserved', { name: asked }) : undefined),
  bindingUri: ({ username, host }) => `postgresql://${username}@${host}`,
  logFault: lines => lines.findLast(line => line.includes('FATAL')),
}

export const anInstance = (spec: Partial<InstanceSpec> = {}, metadata: Partial<Meta> = {}, status?: Instance['status']): Instance => ({
  ...trove,
  kind: 'Instance',
  metadata: meta({ name: 'db', namespace: 'team', uid, finalizers: [finalizers.instance], ...metadata }),
  spec: { datastore: { type: 'pg' }, flavorRef: { name: 'small' }, volume: { size: '1Gi' }, deletionPolicy: 'Delete', ...spec },
  ...(status !== undefined && { status }),
})

export const aDatastore = (spec: Partial<Datastore['spec']> = {}): Datastore => ({
  ...trove,
  kind: 'Datastore',
  metadata: meta({ name: 'pg' }),
  spec: { engine: 'postgresql', defaultVersion: '17', ...spec },
})

export const aVersion = (spec: Partial<DatastoreVersion['spec']> = {}, metadata: Partial<Meta> = {}): DatastoreVersion => ({
  ...trove,
  kind: 'DatastoreVersion',
  metadata: meta({ name: 'pg-17', creationTimestamp: ago(600), ...metadata }),
  spec: { datastoreRef: { name: 'pg' }, version: '17', image: 'pg:17', active: true, ...spec },
})

export const aFlavor = (spec: Partial<Flavor['spec']> = {}): Flavor => ({
  ...trove,
  kind: 'Flavor',
  metadata: meta({ name: 'small' }),
  spec: { cpu: '500m', memory: '1Gi', ...spec },
})

export const aGroup = (
  values: ConfigurationGroup['spec']['values'] = {},
  datastore: ConfigurationGroup['spec']['datastore'] = { type: 'pg' },
  metadata: Partial<Meta> = {},
): ConfigurationGroup => ({
  ...trove,
  kind: 'ConfigurationGroup',
  metadata: meta({ name: 'settings', namespace: 'team', finalizers: [finalizers.inUse], ...metadata }),
  spec: { datastore, values },
})

export const aDatabase = (spec: Partial<Database['spec']> & { name: string }, metadata: Partial<Meta> = {}): Database => ({
  ...trove,
  kind: 'Database',
  metadata: meta({ name: spec.name, namespace: 'team', creationTimestamp: ago(60), finalizers: [finalizers.database], ...metadata }),
  spec: { instanceRef: { name: 'db' }, deletionPolicy: 'Retain', ...spec },
})

export const aUser = (spec: Partial<DatabaseUser['spec']> & { name: string }, metadata: Partial<Meta> = {}): DatabaseUser => ({
  ...trove,
  kind: 'DatabaseUser',
  metadata: meta({ name: spec.name, namespace: 'team', creationTimestamp: ago(60), finalizers: [finalizers.databaseUser], ...metadata }),
  spec: { instanceRef: { name: 'db' }, passwordGeneration: 1, ...spec },
})

const tags = { name, namespace: 'trove-guests', labels: guestLabels({ namespace: 'team', name: 'db', uid }) }

export const aGuest = (spec: Partial<GuestSpec> = {}, status?: GuestStatus, metadata: Partial<Meta> = {}): Guest => ({
  ...trove,
  kind: 'Guest',
  metadata: meta({
    ...tags,
    uid: 'guest-1',
    finalizers: [finalizers.guest],
    annotations: { [annotations.askedAt]: ago(300) },
    ...metadata,
  }),
  spec: {
    instance: { namespace: 'team', name: 'db', uid },
    datastore: 'pg',
    engine: 'postgresql',
    version: '17',
    image: 'pg:17',
    flavor: { name: 'small', cpu: '500m', memory: '1Gi' },
    volume: {},
    configuration: {
      hash: 'h1',
      formulas: 1,
      files: [{ name: 'engine.conf', content: 'as recorded' }],
      layers: { defaults: { memory: 'as recorded' } },
    },
    ...spec,
  },
  ...(status !== undefined && { status }),
})

/** What the agent of `aPod` says when all is well. */
export const healthy = (more: Partial<GuestStatus> = {}): GuestStatus => ({
  podUID: 'pod-1',
  observedGeneration: 1,
  operatingStatus: 'HEALTHY',
  configuration: { hash: 'h1' },
  volume: { initialised: true },
  ...more,
})

const record = {
  [annotations.datastore]: 'pg',
  [annotations.engine]: 'postgresql',
  [annotations.version]: '17',
  [annotations.image]: 'pg:17',
  [annotations.formulas]: '1',
}

export const aClaim = (
  metadata: Partial<Meta> = {},
  status: object = { phase: 'Bound', capacity: { storage: '1Gi' } },
): PersistentVolumeClaim =>
  ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta({ ...tags, uid: 'claim-1', creationTimestamp: ago(300), annotations: record, ...metadata }),
    spec: { storageClassName: 'standard', resources: { requests: { storage: '1Gi' } } },
    status,
  }) as PersistentVolumeClaim

export const aSecret = (data: Record<string, string> = {}, metadata: Partial<Meta> = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: meta({ ...tags, uid: 'secret-1', ...metadata }),
  data,
})

const up = (container: string) => ({
  name: container,
  image: 'x',
  imageID: 'x',
  restartCount: 0,
  ready: true,
  state: { running: { startedAt: ago(300) } },
})

/** Running and ready, unless `status` says otherwise. */
export const aPod = (status: object = {}, metadata: Partial<Meta> & { deletionGracePeriodSeconds?: number } = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta({ ...tags, uid: 'pod-1', ...metadata }),
    spec: { nodeName: 'n1', containers: [{ name: 'database', image: 'pg:17' }], initContainers: [{ name: 'guest-agent', image: 'agent' }] },
    status: {
      phase: 'Running',
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      initContainerStatuses: [up('guest-agent')],
      containerStatuses: [up('database')],
      ...status,
    },
  }) as unknown as Pod

/** A pod that was made for that restart, or for none. */
export function madeForRestart(asked: string | undefined): Pod {
  const pod = aPod()
  const env = asked === undefined ? [] : [{ name: restartVariable, value: asked }]
  return { ...pod, spec: { ...pod.spec!, initContainers: pod.spec!.initContainers!.map(c => ({ ...c, env })) } }
}

/** An Instance whose catalog is all there, and of which nothing is provisioned. */
export const observed = (more: Partial<Observed> = {}): Observed => ({
  now,
  instance: anInstance(),
  place: { name, guestsNamespace: 'trove-guests', clusterDomain: 'cluster.local' },
  engines: { postgresql: engine },
  catalog: { datastore: aDatastore(), versions: [aVersion()], flavor: aFlavor() },
  side: {},
  databases: [],
  users: [],
  inquired: {},
  ...more,
})
