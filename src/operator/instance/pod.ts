/**
 * The pod of a guest. Pure: what the Guest says and the operator's settings in, the whole pod out. The engine's own image runs the launcher
 * as PID 1; the agent is a native sidecar beside it and alone holds a token. Both run as the engine's user, under PSS `restricted`.
 */
import { createHash } from 'node:crypto'
import type { Guest } from '../../api/guest.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import type { Draft } from '../../kube/objects.ts'
import type { Pod } from '../../kube/resource.ts'
import { recordedImage } from '../fleet/seen-to-work.ts'
import { annotations, ownedBy, podLabels, restartVariable } from '../names.ts'
import { ownedMeta } from './children.ts'
import { imageToRun } from './image-digest.ts'

export interface PodSettings {
  /** For a guest that has no image on record with which its agent works. */
  agentImage: string
  /** The launcher's text, as src/engines/launcher-script.ts gives it. */
  launcher: string
}

type PodSpec = NonNullable<Pod['spec']>
type Container = PodSpec['containers'][number]

const healthPort = 8081
const tokenDir = '/var/run/secrets/trove'

/** Nobody in either container can gain rights, or write anywhere but in its volumes. */
const confined = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
}

/** `restart` is the one that the user asked for last, if any: the pod is made for it. */
export function buildPod(guest: Guest, engine: OperatorEngine, settings: PodSettings, restart?: string): Draft<Pod> {
  const meta = ownedMeta(guest)
  const spec = buildSpec(guest, engine, settings, restart)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...meta,
      // Without a controller `kubectl drain` would take it for a pod that nobody makes again, and refuse.
      ownerReferences: [{ ...ownedBy(guest), controller: true }],
      labels: podLabels(guest.spec.instance),
      annotations: { [annotations.template]: templateHash(spec) },
    },
    spec,
  }
}

/**
 * What a pod made now would be made from. The agent's image moves by itself, restarts are asked for, and image and pull secrets of the engine
 * follow the catalog by rules of their own: a difference in those alone is none.
 */
function templateHash(spec: PodSpec): string {
  const { imagePullSecrets: _, ...rest } = spec
  const without = (c: Container) => ({ ...c, image: '', env: c.env?.filter(e => e.name !== restartVariable) })
  const template = { ...rest, initContainers: rest.initContainers?.map(without), containers: rest.containers.map(without) }
  return createHash('sha256').update(JSON.stringify(template, fieldsInOrder)).digest('hex').slice(0, 16)
}

/** For JSON.stringify: fields by name. Lists stay as they are, for the order of a command's words is part of it. */
function fieldsInOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function buildSpec(guest: Guest, engine: OperatorEngine, settings: PodSettings, restart: string | undefined): PodSpec {
  const { name } = guest.metadata
  const { imagePullSecrets = [], availabilityZone } = guest.spec
  const { uid, gid } = engine.user
  return {
    serviceAccountName: name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    shareProcessNamespace: false,
    restartPolicy: 'Always',
    // One budget for engine and sidecar together.
    terminationGracePeriodSeconds: 300,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      fsGroup: gid,
      // Always would change the mode of the data directory at each start, and engines refuse to start on that.
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(availabilityZone !== undefined && { nodeSelector: { 'topology.kubernetes.io/zone': availabilityZone } }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets: imagePullSecrets.map(secret => ({ name: secret })) }),
    initContainers: [agentContainer(guest, recordedImage(guest) ?? settings.agentImage, restart)],
    containers: [databaseContainer(guest, engine, settings.launcher)],
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: name } },
      // Limits that nothing we write can reach: a full emptyDir evicts the pod.
      { name: 'trove', emptyDir: { sizeLimit: '256Mi' } },
      { name: 'tmp', emptyDir: { sizeLimit: '1Gi' } },
      { name: 'run', emptyDir: { sizeLimit: '64Mi' } },
      { name: 'agent-tmp', emptyDir: { sizeLimit: '256Mi' } },
      { name: 'token', projected: { defaultMode: 0o440, sources: tokenSources } },
    ],
  }
}

const tokenSources = [
  { serviceAccountToken: { path: 'token', expirationSeconds: 3600 } },
  { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
]

/** A native sidecar: it starts first, ends last, and can be replaced while the database runs on. */
function agentContainer({ metadata }: Guest, image: string, restart: string | undefined): Container {
  return {
    name: 'guest-agent',
    image,
    restartPolicy: 'Always',
    args: ['--max-semi-space-size=1', '--max-old-space-size=48', '/app/guest.mjs'],
    env: [
      { name: 'TROVE_NAMESPACE', value: metadata.namespace! },
      { name: 'TROVE_GUEST', value: metadata.name },
      ...(restart === undefined ? [] : [{ name: restartVariable, value: restart }]),
      { name: 'TROVE_POD_UID', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.uid' } } },
      // One arena, given back at once: a quarter of what an idle agent would hold otherwise.
      { name: 'MALLOC_ARENA_MAX', value: '1' },
      { name: 'MALLOC_TRIM_THRESHOLD_', value: '65536' },
      { name: 'MALLOC_MMAP_THRESHOLD_', value: '65536' },
    ],
    ports: [{ name: 'agent-health', containerPort: healthPort, protocol: 'TCP' }],
    // A signal that comes while Node is still being loaded is lost, and sent once. Meanwhile the engine's container is ended already.
    lifecycle: { preStop: { sleep: { seconds: 1 } } },
    livenessProbe: { httpGet: { path: '/healthz', port: healthPort }, periodSeconds: 20, timeoutSeconds: 5, failureThreshold: 3 },
    resources: { requests: { cpu: '20m', memory: '64Mi' }, limits: { memory: '160Mi' } },
    securityContext: confined,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'trove', mountPath: '/trove' },
      { name: 'agent-tmp', mountPath: '/tmp' },
      { name: 'token', mountPath: tokenDir, readOnly: true },
    ],
  }
}

/** The engine's image as its publisher made it. The probe is for readiness only: nothing but the agent ever ends an engine. */
function databaseContainer(guest: Guest, engine: OperatorEngine, launcher: string): Container {
  const { cpu, memory } = guest.spec.flavor
  const size = { cpu, memory }
  return {
    name: 'database',
    image: imageToRun(guest.spec),
    // Kubernetes reads `$$` as an escaped `$`.
    command: ['sh', '-c', launcher.replaceAll('$$', () => '$$$$')],
    ports: engine.ports.map(p => ({ name: p.name, containerPort: p.port, protocol: 'TCP' })),
    readinessProbe: { tcpSocket: { port: engine.ports[0]!.port }, periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 3 },
    resources: { requests: size, limits: size },
    securityContext: confined,
    volumeMounts: [
      { name: 'data', mountPath: '/data' },
      { name: 'trove', mountPath: '/trove' },
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'run', mountPath: '/run' },
    ],
  }
}
