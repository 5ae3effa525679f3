/**
 * How long from `kubectl apply` until a tenant's pod is connected, against a bare pod that does the same initdb, start, database and user. The
 * two alternate in one run; figures are medians. Then the memory of ten agents and of the operator.
 */
import { join } from 'node:path'
import { build } from 'esbuild'
import { type Cluster, up } from '../kind/cluster.ts'
import { engineImage } from '../kind/images.ts'
import { install, kubectl } from '../kind/install.ts'
import { stepLog } from '../kind/steps.ts'
import { agentMemory, type Memory, operatorMemory } from './memory.ts'
import { median } from './statistics.ts'

const rounds = 5
/** Both sides have it. As much CPU as the node can spare, so that little of the time is spent waiting for a quota. */
const flavor = { apiVersion: 'trove.dev/v1alpha1', kind: 'Flavor', metadata: { name: 'bench' }, spec: { cpu: '1', memory: '1Gi' } }
const restricted = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
/** What the figures are held against; neither has to be met for a run to count. */
const goals = { ratio: 1.25, agentPssMB: 35 }
const goal = (figure: number, most: number) => `${figure <= most ? 'meets' : 'misses'} the goal of at most ${most}`
const megabytes = (mebibytes: number) => (mebibytes * 2 ** 20) / 1e6
const ms = (n: number) => `${n.toFixed(0)} ms`

export async function ready(): Promise<object> {
  const log = stepLog()
  const cluster = await up('test', log)
  const installed = await install(cluster, log)
  await kubectl(cluster, ['apply', '-f', '-'], 30_000, JSON.stringify(flavor))
  const client = await bundledClient()
  const bare: number[] = []
  const instance: number[] = []
  // One round of each that is not counted: images unpacked, caches filled.
  for (let round = 0; round <= rounds; round++) {
    const b = await timed(cluster, installed.image, client, `bench-bare-${round}`, bareObjects(engineImage(cluster, 'postgresql:17')))
    const i = await timed(cluster, installed.image, client, `bench-instance-${round}`, instanceObjects())
    if (round === 0) continue
    log.note(`round ${round}: bare pod ${ms(b)}, Instance ${ms(i)}`)
    bare.push(b)
    instance.push(i)
  }
  const ratio = median(instance) / median(bare)
  console.log(`
from apply to a tenant's pod connected, PostgreSQL 17, ${rounds} rounds each, alternating

              median    fastest   slowest
bare pod   ${row(bare)}
Instance   ${row(instance)}

ratio ${ratio.toFixed(2)} (${goal(ratio, goals.ratio)}), difference ${ms(median(instance) - median(bare))}
`)
  const agents = await tenAgents(cluster)
  const operator = await operatorMemory(cluster)
  const pss = median(agents.map(a => a.pss))
  console.log(`memory, MiB          RSS     PSS
ten agents, median  ${mib(median(agents.map(a => a.rss)))}  ${mib(pss)}   (PSS ${megabytes(pss).toFixed(1)} MB ${goal(megabytes(pss), goals.agentPssMB)} MB)
operator            ${mib(operator.rss)}  ${mib(operator.pss)}
`)
  return {
    postgresql: {
      ratio: round2(ratio),
      differenceMs: Math.round(median(instance) - median(bare)),
      agentPssMiB: round2(pss),
      operatorRssMiB: round2(operator.rss),
    },
  }
}

const row = (values: number[]) => [median(values), Math.min(...values), Math.max(...values)].map(v => ms(v).padStart(9)).join(' ')
const mib = (n: number) => n.toFixed(1).padStart(6)
const round2 = (n: number) => Math.round(n * 100) / 100

/** One file that the waiting pod runs: it has Node and nothing else. */
async function bundledClient(): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, 'ready-client.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minify: true,
    write: false,
    external: ['pg-native'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  return result.outputFiles[0]!.text
}

/** Applies the objects while a client already waits in the namespace, and gives the milliseconds until that client was connected. */
async function timed(
  cluster: Cluster,
  clientImage: string,
  client: string,
  namespace: string,
  objects: (namespace: string) => object[],
): Promise<number> {
  const apply = (items: object[]) =>
    kubectl(cluster, ['apply', '-f', '-'], 60_000, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  await apply(waitingClient(namespace, clientImage, client))
  await kubectl(cluster, ['wait', '--for=condition=Ready', '--timeout=60s', '-n', namespace, 'pod/client'])
  await volumesGone(cluster)
  await new Promise(resolve => setTimeout(resolve, 1_500))
  const started = Date.now()
  await apply(objects(namespace))
  await kubectl(cluster, ['wait', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=120s', '-n', namespace, 'pod/client'], 130_000)
  const connected = Number((await kubectl(cluster, ['logs', '-n', namespace, 'client'])).trim())
  await kubectl(cluster, ['delete', 'namespace', namespace, '--timeout=120s'], 130_000)
  return connected - started
}

/** A volume that is still being removed delays the next one by a second, and only one of the two sides is always preceded by such a volume. */
async function volumesGone(cluster: Cluster): Promise<void> {
  for (const until = performance.now() + 60_000; ; ) {
    const left = (await kubectl(cluster, ['get', 'persistentvolumes', '-o', 'name'])).trim()
    if (left === '') return
    if (performance.now() > until) throw new Error(`volumes are still there, remove them first: ${left.replaceAll('\n', ' ')}`)
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

function waitingClient(namespace: string, clientImage: string, client: string): object[] {
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'client', namespace }, data: { 'client.mjs': client } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'client', namespace } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'client', namespace },
      rules: [{ apiGroups: [''], resources: ['secrets', 'services'], verbs: ['get', 'list', 'watch'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'client', namespace },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'client' },
      subjects: [{ kind: 'ServiceAccount', name: 'client', namespace }],
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'client', namespace },
      spec: {
        restartPolicy: 'Never',
        serviceAccountName: 'client',
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'client',
            image: clientImage,
            args: ['/client/client.mjs'],
            env: [{ name: 'NAMESPACE', value: namespace }],
            securityContext: restricted,
            volumeMounts: [{ name: 'client', mountPath: '/client' }],
          },
        ],
        volumes: [{ name: 'client', configMap: { name: 'client' } }],
      },
    },
  ]
}

const instanceObjects = () => (namespace: string) => {
  const trove = (kind: string, name: string, spec: object) => ({
    apiVersion: 'trove.dev/v1alpha1',
    kind,
    metadata: { name, namespace },
    spec,
  })
  return [
    trove('Instance', 'db', {
      datastore: { type: 'postgresql', version: '17' },
      flavorRef: { name: flavor.metadata.name },
      volume: { size: '1Gi' },
    }),
    trove('Database', 'shop', { instanceRef: { name: 'db' }, name: 'shop' }),
    trove('DatabaseUser', 'app', { instanceRef: { name: 'db' }, name: 'app', access: [{ database: 'shop', privilege: 'Owner' }] }),
  ]
}

/** The plainest thing that ends in the same: a server with one database and one user that may connect over TCP with a password. */
const entrypoint = `set -e
initdb -D /data/pg -U postgres -E UTF8 --locale=C.UTF-8 --lc-messages=C --data-checksums --auth-local=trust --auth-host=scram-sha-256 --no-instructions >/dev/null
echo 'host all all all scram-sha-256' >>/data/pg/pg_hba.conf
postgres -D /data/pg -c listen_addresses='*' -c unix_socket_directories=/tmp &
until psql -h /tmp -U postgres -qtAc 'select 1' >/dev/null 2>&1; do sleep 0.02; done
psql -h /tmp -U postgres -q -v password="$(cat /binding/password)" <<'SQL'
create role app login password :'password';
create database shop owner app;
SQL
wait`

const bareObjects = (serverImage: string) => (namespace: string) => [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'app-credentials', namespace },
    stringData: { host: `db.${namespace}.svc`, port: '5432', username: 'app', password: 'a password of no matter', database: 'shop' },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'db', namespace },
    spec: { accessModes: ['ReadWriteOncePod'], resources: { requests: { storage: '1Gi' } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'db', namespace },
    spec: { selector: { app: 'db' }, ports: [{ port: 5432 }], publishNotReadyAddresses: true },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'db', namespace, labels: { app: 'db' } },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 5,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 999,
        runAsGroup: 999,
        fsGroup: 999,
        fsGroupChangePolicy: 'OnRootMismatch',
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'db',
          image: serverImage,
          command: ['bash', '-c', entrypoint],
          resources: { requests: flavor.spec, limits: flavor.spec },
          securityContext: restricted,
          volumeMounts: [
            { name: 'data', mountPath: '/data' },
            { name: 'tmp', mountPath: '/tmp' },
            { name: 'binding', mountPath: '/binding' },
          ],
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'db' } },
        { name: 'tmp', emptyDir: {} },
        { name: 'binding', secret: { secretName: 'app-credentials' } },
      ],
    },
  },
]

/** Memory of the agents of ten Instances that have been idle for a while. */
async function tenAgents(cluster: Cluster): Promise<Memory[]> {
  const namespace = 'bench-ten'
  const objects = Array.from({ length: 10 }, (_, i) => ({
    apiVersion: 'trove.dev/v1alpha1',
    kind: 'Instance',
    metadata: { name: `db${i}`, namespace },
    spec: { datastore: { type: 'postgresql' }, flavorRef: { name: 'tiny' }, volume: { size: '1Gi' } },
  }))
  const items = [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, ...objects]
  await kubectl(cluster, ['apply', '-f', '-'], 60_000, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  await kubectl(cluster, ['wait', '--for=condition=Ready', '--timeout=240s', '-n', namespace, 'instances', '--all'], 250_000)
  await new Promise(resolve => setTimeout(resolve, 30_000))
  const memory = await agentMemory(cluster)
  if (memory.length !== 10) throw new Error(`${memory.length} agents run on the node, not ten: remove the other Instances first`)
  await kubectl(cluster, ['delete', 'namespace', namespace, '--timeout=240s'], 250_000)
  return memory
}
