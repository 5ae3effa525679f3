/** What is applied in a round of the `ready` bench: the client that waits, and then one of the two sides. */
import type { DefaultsInput, OperatorEngine } from '../../../src/engines/operator-engine.ts'
import { operatorEngines } from '../../../src/engines/operator-engines.ts'
import { bareOf } from './bare.ts'
import type { Subject } from './subjects.ts'

/** Both sides have it. As much CPU as the node can spare, so that little of the time is spent waiting for a quota. */
export const flavor = flavorOf('bench', { cpu: '1', memory: '1Gi' })
/** For agents at rest: what the largest of the engines needs at least. */
export const smallFlavor = flavorOf('bench-small', { cpu: '100m', memory: '512Mi' })
const flavorInNumbers: DefaultsInput['flavor'] = { cpuMillis: 1000, memoryBytes: 2 ** 30 }

const restricted = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
const trove = { apiVersion: 'trove.dev/v1alpha1' }

function flavorOf(name: string, spec: { cpu: string; memory: string }) {
  return { apiVersion: 'trove.dev/v1alpha1', kind: 'Flavor', metadata: { name }, spec }
}

export const namespaceObject = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })

/** `program` is the client, bundled and packed; `image` has Node. */
export function waitingClient(namespace: string, image: string, program: Buffer): object[] {
  const run = 'eval(zlib.gunzipSync(fs.readFileSync("/client/client.gz")).toString())'
  return [
    namespaceObject(namespace),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'client', namespace },
      binaryData: { 'client.gz': program.toString('base64') },
    },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'client', namespace } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'client', namespace },
      rules: [{ apiGroups: [''], resources: ['secrets', 'services'], verbs: ['get'] }],
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
            image,
            args: ['--eval', run],
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

export function instance(name: string, namespace: string, { datastore, version }: Subject, { metadata }: typeof flavor): object {
  return {
    ...trove,
    kind: 'Instance',
    metadata: { name, namespace },
    spec: { datastore: { type: datastore, version }, flavorRef: { name: metadata.name }, volume: { size: '1Gi' } },
  }
}

export function instanceObjects(namespace: string, subject: Subject): object[] {
  const { databases } = operatorEngines[subject.engine].capabilities
  const of = { instanceRef: { name: 'db' } }
  const access = databases ? { access: [{ database: 'shop', privilege: 'Owner' }] } : { access: [], privilege: 'Owner' }
  return [
    instance('db', namespace, subject, flavor),
    ...(databases ? [{ ...trove, kind: 'Database', metadata: { name: 'shop', namespace }, spec: { ...of, name: 'shop' } }] : []),
    { ...trove, kind: 'DatabaseUser', metadata: { name: 'app', namespace }, spec: { ...of, name: 'app', ...access } },
  ]
}

export function bareObjects(namespace: string, { engine, version, image }: Subject): object[] {
  const operator = operatorEngines[engine]
  const { uid, gid } = operator.user
  const { port } = operator.ports[0]!
  const login = { host: `db.${namespace}.svc`, port: String(port), username: 'app', password: 'a-password-of-no-matter' }
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'app-credentials', namespace },
      stringData: { ...login, ...(operator.capabilities.databases && { database: 'shop' }) },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'configuration', namespace }, data: configuration(operator, version) },
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
      spec: { selector: { app: 'db' }, ports: [{ port }], publishNotReadyAddresses: true },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'db', namespace, labels: { app: 'db' } },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        terminationGracePeriodSeconds: 1,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: uid,
          runAsGroup: gid,
          fsGroup: gid,
          fsGroupChangePolicy: 'OnRootMismatch',
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'db',
            image,
            command: ['sh', '-c', bareOf(engine).script],
            resources: { requests: flavor.spec, limits: flavor.spec },
            securityContext: restricted,
            volumeMounts: [
              { name: 'data', mountPath: '/data' },
              { name: 'tmp', mountPath: '/tmp' },
              { name: 'binding', mountPath: '/binding' },
              { name: 'configuration', mountPath: '/conf' },
            ],
          },
        ],
        volumes: [
          { name: 'data', persistentVolumeClaim: { claimName: 'db' } },
          { name: 'tmp', emptyDir: {} },
          { name: 'binding', secret: { secretName: 'app-credentials' } },
          { name: 'configuration', configMap: { name: 'configuration' } },
        ],
      },
    },
  ]
}

/** The files that an Instance of this flavor has. */
function configuration(operator: OperatorEngine, version: string): Record<string, string> {
  const self = { name: 'db', role: 'Writer' } as const
  const input = { version, flavor: flavorInNumbers }
  const files = operator.render({ ...input, self, members: [self], parameters: operator.defaults(input) })
  return Object.fromEntries(files.map(({ name, content }) => [name, content]))
}
