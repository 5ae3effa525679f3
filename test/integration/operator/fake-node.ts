/**
 * A node and a provisioner in memory: takes pods of the guests' namespace, binds their claims, plays the agent of each, and ends pods that are
 * deleted. What it plays can be changed per Guest, by name: held back before it is scheduled, failing, silent, sick.
 */
import { randomUUID } from 'node:crypto'
import { request } from 'node:https'
import type { Guest, GuestSettings, GuestStatus } from '../../../src/api/guest.ts'
import type { ClusterAccess } from '../../../src/kube/access.ts'
import { type Client, connect } from '../../../src/kube/client.ts'
import { isAlreadyExists } from '../../../src/kube/errors.ts'
import {
  nodes,
  type PersistentVolumeClaim,
  type Pod,
  persistentvolumeclaims,
  pods,
  type Secret,
  secrets,
} from '../../../src/kube/resource.ts'
import { same } from '../../../src/operator/compare.ts'
import { agentImageOf, agentStatusOf } from '../../../src/operator/fleet/agent.ts'
import { guests } from '../../../src/operator/resources.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { type Collection, openCollection } from '../../../src/runtime/collection.ts'
import { keyOf } from '../../../src/runtime/store.ts'
import { openPasses } from '../passes.ts'
import { quiet } from '../runtime/rig.ts'

export interface Part {
  /** The pod stays unscheduled, with this message if it is not empty. */
  unscheduled?: string
  /** The container `database` waits with this reason and message; with an image, only that of a pod which runs it. */
  waiting?: { reason: string; message: string; image?: string }
  /** The node it is put on. Default `fake`, which is there and Ready; any other is not. */
  node?: string
  /** The pod does not end when it is deleted. */
  stays?: boolean
  /** The agent reports nothing. */
  silent?: boolean
  /** The image with which the agent does not start. */
  badAgent?: string
  /** The engine does not start with files that hold this text: it comes up with the last good ones, if there are any. */
  refuses?: string
  /** What the agent reports instead of health. */
  report?: Partial<GuestStatus>
  /** Results of single databases and users, by name, and of root. */
  failing?: Record<string, { code: string; message: string }>
}

export interface FakeNode {
  /** Changes what is played for the guests whose name begins so. */
  play(prefix: string, part: Part): void
  /** How often pods of the guests whose name begins so were started. */
  starts(prefix: string): number
  stop(): Promise<void>
}

export const guestsNamespace = 'trove-guests'

/** Of whatever engine image is run. */
export const pulledDigest = `sha256:${'0'.repeat(64)}`
const manager = 'fake-node'

export interface FakeNodeOptions {
  /** Where its guests live. Default `trove-guests`. */
  namespace?: string
  /** Waited for before each step, so that things take a while. */
  pace?: () => Promise<void>
  /** Told of each report of an agent as it is made, with the Secret that the agent read. */
  heard?: (guest: Guest, status: GuestStatus, passwords: Secret | undefined, claimUid: string) => void
}

export async function startFakeNode(access: ClusterAccess, o: FakeNodeOptions = {}): Promise<FakeNode> {
  const { namespace = guestsNamespace, pace = async () => {}, heard = () => {} } = o
  const client = connect(access)
  const end = new AbortController()
  const { signal } = end
  const made = await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'fake' } }, { signal }).catch(alreadyThere)
  const wellness = { status: { conditions: [{ type: 'Ready', status: 'True', reason: 'Fake', message: '' }] } }
  if (made !== undefined)
    await client.patch(nodes, { name: 'fake' }, { type: 'merge', body: wellness }, { manager, subresource: 'status', signal })
  const open = <T extends Guest | Pod | PersistentVolumeClaim>(r: Parameters<typeof openCollection<T>>[0]) =>
    openCollection<T>(r, { namespace }, { client, log: quiet, clock: systemClock })
  const all = {
    guests: open(guests),
    pods: open(pods),
    claims: open(persistentvolumeclaims),
    starts: new Map<string, Start>(),
    markers: new Map<string, string>(),
  }
  const parts = new Map<string, Part>()
  const started = new Map<string, number>()
  const partOf = (name: string): Part => [...parts].findLast(([prefix]) => name.startsWith(prefix))?.[1] ?? {}
  const partOfPod = (pod: Pod): Part => {
    const { waiting, ...part } = partOf(pod.metadata.name)
    if (waiting === undefined) return part
    const { image, ...state } = waiting
    return image === undefined || image === pod.spec?.containers[0]?.image ? { ...part, waiting: state } : part
  }
  const count = (name: string) => started.set(name, (started.get(name) ?? 0) + 1)

  const pass = async () => {
    for (const pod of all.pods.list()) {
      await pace()
      await node(pod, all, client, access, partOfPod(pod), count, signal).catch(forgive)
    }
    for (const claim of all.claims.list()) await provision(claim, all, signal).catch(forgive)
    for (const guest of all.guests.list()) {
      await pace()
      await agent(guest, all, client, partOf(guest.metadata.name), heard, signal).catch(forgive)
    }
  }
  const { look, ended } = openPasses(pass, signal)
  const forgive = () => {
    // Somebody wrote first, or the object is gone: the next pass knows.
    setTimeout(look, 50)
  }
  all.guests.subscribe(look)
  all.pods.subscribe(look)
  all.claims.subscribe(look)
  const reflectors = [all.guests, all.pods, all.claims].map(c => c.run(signal))

  return {
    play(prefix, part) {
      parts.delete(prefix)
      parts.set(prefix, part)
      look()
    },
    starts: prefix => [...started].filter(([name]) => name.startsWith(prefix)).reduce((sum, [, n]) => sum + n, 0),
    async stop() {
      end.abort()
      await Promise.all([...reflectors, ended()])
      await client.close()
    },
  }
}

interface All {
  guests: Collection<Guest>
  pods: Collection<Pod>
  claims: Collection<PersistentVolumeClaim>
  /** Configuration with which the engine of a pod was started, by the pod's UID. */
  starts: Map<string, Start>
  /** Version of the data on each volume, by the claim's UID. */
  markers: Map<string, string>
}

async function node(
  pod: Pod,
  all: All,
  client: Client,
  access: ClusterAccess,
  part: Part,
  count: (name: string) => void,
  signal: AbortSignal,
) {
  const { namespace, name, deletionTimestamp, uid } = pod.metadata
  const ref = { namespace: namespace!, name }
  if (deletionTimestamp !== undefined) {
    if (part.stays) return
    await farewell(pod, all, part, signal)
    const answer = await client.delete(pods, { ...ref, uid }, { gracePeriodSeconds: 0, signal })
    if (answer === 'deleted' || answer === 'gone') all.pods.deleted(keyOf(pod), uid)
    return
  }
  const now = new Date().toISOString().replace(/\.\d+Z/, 'Z')
  const status = (body: object) =>
    all.pods.patch(ref, { type: 'merge', body: { status: body } }, { manager, subresource: 'status', signal })
  if (part.unscheduled !== undefined) {
    const reason = 'Unschedulable'
    const said = pod.status?.conditions?.find(c => c.type === 'PodScheduled')
    if (part.unscheduled === '' || said?.message === part.unscheduled) return
    await status({ conditions: [{ type: 'PodScheduled', status: 'False', reason, message: part.unscheduled, lastTransitionTime: now }] })
    return
  }
  if (all.claims.get(keyOf(pod))?.metadata.deletionTimestamp !== undefined) return
  if (pod.spec?.nodeName === undefined) return bind(access, ref, part.node ?? 'fake')
  if (pod.status?.phase === 'Failed') return
  const image = agentImageOf(pod)!
  const starts = image !== part.badAgent
  const agent = {
    ...container('guest-agent', starts ? { running: { startedAt: now } } : { terminated: { exitCode: 0, reason: 'Completed' } }, starts),
    image,
    ...(starts && { containerID: `fake://${randomUUID()}` }),
  }
  const waits = pod.status?.containerStatuses?.[0]?.state?.waiting?.reason
  if (part.waiting !== undefined ? waits === part.waiting.reason : pod.status?.phase === 'Running') {
    // As the kubelet does it: the agent alone is replaced.
    if (agentStatusOf(pod)?.image !== image) await status({ initContainerStatuses: [agent] })
    return
  }

  const up = { running: { startedAt: now } }
  const runs = part.waiting === undefined
  await status({
    phase: runs ? 'Running' : 'Pending',
    startTime: now,
    conditions: ['PodScheduled', 'Initialized', ...(runs ? ['ContainersReady', 'Ready'] : [])].map(type => ({
      type,
      status: 'True',
      lastTransitionTime: now,
    })),
    initContainerStatuses: [agent],
    containerStatuses: [container('database', runs ? up : { waiting: part.waiting }, runs)],
  })
  if (runs) count(name)
}

const container = (name: string, state: object, ready: boolean) => ({
  name,
  image: 'x',
  // As containerd tells it of what it pulled from the registry that is meant where an image names none.
  imageID: name === 'database' ? `docker.io/library/postgres@${pulledDigest}` : 'x',
  restartCount: 0,
  ready,
  state,
})

async function provision(claim: PersistentVolumeClaim, all: All, signal: AbortSignal) {
  const ref = { namespace: claim.metadata.namespace!, name: claim.metadata.name }
  const used = all.pods.get(keyOf(claim))
  if (claim.metadata.deletionTimestamp !== undefined) {
    const protection = 'kubernetes.io/pvc-protection'
    if (used === undefined && claim.metadata.finalizers?.includes(protection)) await all.claims.removeFinalizer(claim, protection, signal)
    return
  }
  const size = claim.spec?.resources?.requests?.storage
  if (used?.spec?.nodeName === undefined || (claim.status?.phase === 'Bound' && claim.status.capacity?.storage === size)) return
  const status = { phase: 'Bound', accessModes: ['ReadWriteOncePod'], capacity: { storage: size } }
  await all.claims.patch(ref, { type: 'merge', body: { status } }, { manager, subresource: 'status', signal })
}

async function agent(
  guest: Guest,
  all: All,
  client: Client,
  part: Part,
  heard: NonNullable<FakeNodeOptions['heard']>,
  signal: AbortSignal,
) {
  const pod = all.pods.get(keyOf(guest))
  const claim = all.claims.get(keyOf(guest))
  const runs = pod && agentStatusOf(pod)?.state?.running
  if (pod?.status?.phase !== 'Running' || pod.metadata.deletionTimestamp !== undefined || claim?.status?.phase !== 'Bound') return
  if (runs === undefined || part.silent) return
  const { spec } = guest
  const marked = all.markers.get(claim.metadata.uid) ?? spec.version
  // What its engine would be started on is its own from then on; anything else stays as it is.
  const data = marked === spec.upgradeFrom && part.report?.volume?.version !== marked ? spec.version : marked
  all.markers.set(claim.metadata.uid, data)
  // On data of another version none is started.
  const start = data === spec.version ? (all.starts.get(pod.metadata.uid) ?? startOf(guest, pod, part.refuses)) : undefined
  if (start !== undefined) all.starts.set(pod.metadata.uid, start)
  // Where none runs, nothing is done in it.
  const { databases, users, root }: Pick<Guest['spec'], 'databases' | 'users' | 'root'> = start === undefined ? {} : spec
  const failure = (name: string) => part.failing?.[name]
  const passwords =
    users?.length || root?.ensure === 'Present'
      ? await client.get(secrets, { namespace: guest.metadata.namespace!, name: guest.metadata.name }, { signal })
      : undefined
  const outcome = (e: { name: string; ensure: string }) =>
    failure(e.name)
      ? { state: 'Failed' as const, ...failure(e.name) }
      : { state: e.ensure === 'Absent' ? ('Absent' as const) : ('Ready' as const) }
  const rootOf = ({ ensure, passwordRevision }: NonNullable<Guest['spec']['root']>): NonNullable<GuestStatus['root']> =>
    ensure === 'Present' && passwords?.data?.[passwordRevision] === undefined
      ? { passwordRevision, state: 'Failed', code: 'CredentialsLost', message: 'no such key' }
      : { passwordRevision, ...outcome({ name: 'root', ensure }) }
  const status: GuestStatus = {
    podUID: pod.metadata.uid,
    observedGeneration: guest.metadata.generation ?? 0,
    agent: { version: 'fake', startedAt: runs.startedAt!, capabilities: ['databases', 'users', 'configuration', 'root', 'upgrade'] },
    operatingStatus: 'HEALTHY',
    ...(start !== undefined && {
      engine: { version: spec.version, startedAt: pod.status.startTime ?? '', startedWith: start.with },
      configuration: configurationOf(start, spec.configuration),
    }),
    volume: { initialised: true, version: data, usedPercent: 5 },
    ...(databases && { databases: databases.map(d => ({ name: d.name, ...outcome(d) })) }),
    ...(users && {
      users: users.map(u => {
        if (u.ensure === 'Present' && passwords?.data?.[u.passwordRevision] === undefined) {
          return { name: u.name, state: 'Failed' as const, code: 'CredentialsLost', message: 'no such key' }
        }
        return { name: u.name, passwordRevision: u.passwordRevision, ...outcome(u) }
      }),
    }),
    ...(root && { root: rootOf(root) }),
    ...(start === undefined && (data === spec.version ? doesNotStart(guest, pod) : mismatch(data, spec.version))),
    ...part.report,
  }
  if (same(guest.status, status)) return
  const { apiVersion, kind } = guest
  const { name, namespace, uid } = guest.metadata
  const metadata = { name, namespace: namespace!, uid }
  heard(guest, status, passwords, claim.metadata.uid)
  await all.guests.apply({ apiVersion, kind, metadata, status }, { manager: 'trove-guest', subresource: 'status', signal })
}

const mismatch = (found: string, expected: string): Partial<GuestStatus> => ({
  operatingStatus: 'FAILED',
  fault: { code: 'DataVersionMismatch', message: `found ${found}, expected ${expected}` },
})

function doesNotStart(guest: Guest, pod: Pod): Partial<GuestStatus> {
  const startedWith = recalledStart(guest, pod)
  return {
    operatingStatus: 'FAILED',
    fault: { code: 'EngineStartFailed', message: 'the engine does not start: FATAL: no' },
    ...(startedWith !== undefined && { engine: { startedWith } }),
  }
}

/** The launcher has stopped the engine, and the agent's last word says so: nothing is in force, and what the engine had started with stays told. */
async function farewell(pod: Pod, all: All, part: Part, signal: AbortSignal): Promise<void> {
  const guest = all.guests.get(keyOf(pod))
  if (guest?.status?.podUID !== pod.metadata.uid || guest.status.operatingStatus === 'SHUTDOWN' || part.silent) return
  const { apiVersion, kind, metadata } = guest
  const { name, namespace, uid } = metadata
  const { configuration: _, engine: { startedAt: __, ...engine } = {}, ...status } = guest.status
  const wasWell = status.operatingStatus === 'HEALTHY'
  const last: GuestStatus = { ...status, engine, operatingStatus: 'SHUTDOWN', ...(wasWell && { step: 'Stopped' }) }
  await all.guests.apply(
    { apiVersion, kind, metadata: { name, namespace: namespace!, uid }, status: last },
    { manager: 'trove-guest', subresource: 'status', signal },
  )
}

/** The configuration that an engine was started with, and by its hash the one with which it did not start. */
interface Start {
  with: string
  files: GuestSettings['files']
  refused?: string
}

/** Undefined where the engine does not start: that is tried again with whatever is asked for then. */
function startOf(guest: Guest, pod: Pod, refuses: string | undefined): Start | undefined {
  const { hash, files, lastGood } = guest.spec.configuration
  const isRefused = ({ files }: Pick<GuestSettings, 'files'>) => refuses !== undefined && files.some(f => f.content.includes(refuses))
  if (!isRefused({ files })) return { with: hash, files }
  // What it has started with before is not what ends it now.
  if (lastGood === undefined || isRefused(lastGood) || recalledStart(guest, pod) === hash) return undefined
  return { with: lastGood.hash, files: lastGood.files, refused: hash }
}

/** What the engine answered with last: in a former pod as well, if it was of the same version. */
function recalledStart({ spec, status }: Guest, pod: Pod): string | undefined {
  const isSameVersion = spec.upgradeFrom === undefined && status?.volume?.version === spec.version
  return status?.podUID === pod.metadata.uid || isSameVersion ? status?.engine?.startedWith : undefined
}

function configurationOf(start: Start, { hash, files }: GuestSettings): GuestStatus['configuration'] {
  const fault = { code: 'ConfigurationRefused', message: 'FATAL: no' }
  if (start.refused === hash) return { hash: start.with, refused: hash, fault }
  const restartRequired = onlyAtStart.filter(name => lineOf(name, files) !== lineOf(name, start.files))
  return { hash, ...(restartRequired.length > 0 && { restartRequired }) }
}

/** Of the settings that come into force at a start alone, those that the tests change. */
const onlyAtStart = ['max_connections', 'shared_buffers']
const lineOf = (name: string, files: GuestSettings['files']) =>
  files.flatMap(f => f.content.split('\n')).find(line => line.startsWith(`${name} = `))

const alreadyThere = (error: unknown): undefined => {
  if (!isAlreadyExists(error)) throw error
}

/** Puts the pod on a node: a subresource of its own that only a scheduler ever needs. */
async function bind(access: ClusterAccess, { namespace, name }: { namespace: string; name: string }, node: string): Promise<void> {
  const { authorization, tls } = await access.credentials()
  const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { apiVersion: 'v1', kind: 'Node', name: node } }
  await new Promise<void>((resolve, reject) => {
    const url = `${access.server}/api/v1/namespaces/${namespace}/pods/${name}/binding`
    const headers = { authorization: authorization ?? '', 'content-type': 'application/json' }
    const sent = request(url, { method: 'POST', headers, ca: tls.ca }, answer => {
      answer.resume().on('end', () => ((answer.statusCode ?? 500) < 300 ? resolve() : reject(new Error(`binding: ${answer.statusCode}`))))
    })
    sent.on('error', reject).end(JSON.stringify(body))
  })
}
