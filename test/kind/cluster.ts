/**
 * A checkout's two clusters: brings one up (or finds it up), takes it down, finds it. Everything about a cluster is in the checkout's
 * .trove folder; no other kubeconfig is ever touched.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { clientBinaries } from './binaries.ts'
import { must, type Outcome, type RunOptions, run } from './command.ts'
import { ensureEngine, type StopOutcome, stopIdleEngine } from './engine.ts'
import { type ClusterShape, kindConfig } from './kind-config.ts'
import { withLock } from './lock.ts'
import { cgroupVersion, engineAnswers, observeMachine, registryInReach } from './machine.ts'
import { type ClusterNames, namesFor, thisCheckout, type Which } from './names.ts'
import { ensureNodeImage } from './node-image/build.ts'
import { imageIsOnNode, loadArchive } from './node-images.ts'
import { ensurePackages } from './packages.ts'
import { planNode, type Route } from './route.ts'
import { SetupError } from './setup-error.ts'
import type { Log } from './steps.ts'
import { stockNodeImage } from './versions.ts'

export interface Cluster {
  name: string
  kubeconfig: string
  kubectlPath: string
  /** Metadata of every write, one JSON object a line, written by the API server before it answers. */
  auditLog: string
  /** Whether the node pulls images itself (stock route); without, images are built here and loaded. */
  registry: boolean
  nodeName: string
  /** Copies images of the Docker engine onto the node; those that are there already are skipped. */
  load(images: string[]): Promise<void>
  /** The same from an archive file, for an image that never was in the engine. */
  loadArchive(reference: string, id: string, archive: string): Promise<void>
  /** Runs a program on the node, as root. */
  nodeExec(args: string[]): Promise<Outcome>
  kubectl(args: string[], options?: Pick<RunOptions, 'input' | 'timeoutMs'>): Promise<Outcome>
}

/** What has to be remembered of a cluster; all else follows from its name. */
interface ClusterRecord {
  route: Route
  kubectl: string
  kind: string
}

const apiDeadlineMs = 60_000
const waiting = 'wait for DNS and the volume provisioner'

export async function up(which: Which, log: Log): Promise<Cluster> {
  const names = namesFor(thisCheckout(), which)
  mkdirSync(names.stateDir, { recursive: true })
  return await withLock(
    `${names.stateDir}.lock`,
    async () => {
      await ensureEngine(log)
      const record = readRecord(names)
      const node = await nodeState(names.node)
      if (record !== undefined && node !== 'absent') {
        const cluster = connect(names, record)
        if (node === 'stopped') await log.step(`start ${names.cluster} again`, () => must('docker', ['start', names.node]))
        if (await answers(cluster, node === 'stopped' ? apiDeadlineMs : 10_000)) {
          if (node === 'stopped') await log.step(waiting, () => waitForServices(cluster))
          return cluster
        }
        if (which === 'demo')
          throw new SetupError(`cluster ${names.cluster} is there but its API does not answer`, 'npm run cluster -- down, then up')
      }
      return await create(names, log)
    },
    { onWait: pid => log.note(`waiting for process ${pid}, which works on ${names.cluster}`) },
  )
}

/** The cluster if it is up. */
export async function find(which: Which): Promise<Cluster | undefined> {
  const names = namesFor(thisCheckout(), which)
  const record = readRecord(names)
  if (record === undefined || !(await engineAnswers()) || (await nodeState(names.node)) !== 'running') return undefined
  return connect(names, record)
}

export async function down(which: Which, log: Log): Promise<StopOutcome> {
  const names = namesFor(thisCheckout(), which)
  if (!existsSync(names.stateDir) && !(await engineAnswers())) return { stopped: false, because: undefined }
  return await withLock(`${names.stateDir}.lock`, async () => {
    if ((await engineAnswers()) && (await containersOf(names.cluster)).length > 0) {
      await log.step(`remove ${names.cluster}`, () => removeContainers(names.cluster))
    }
    rmSync(names.stateDir, { recursive: true, force: true })
    return await stopIdleEngine(log)
  })
}

async function create(names: ClusterNames, log: Log): Promise<Cluster> {
  const machine = await observeMachine()
  const registry = await log.step('ask whether kind’s image registry is in reach', registryInReach)
  const plan = planNode(machine, registry)
  if (plan.do === 'refuse') throw new SetupError(`this machine lacks ${plan.missing}`, plan.remedy)
  log.note(plan.route === 'stock' ? 'it is: kind’s own node image is used' : 'it is not: the node image is built here')
  await ensurePackages(plan.packages, log)
  const clients = await clientBinaries(log, machine)
  const image = plan.route === 'stock' ? stockNodeImage : await ensureNodeImage(log)

  // A node of this name that our record does not know is what an earlier run left when it was killed.
  await removeContainers(names.cluster)
  rmSync(names.stateDir, { recursive: true, force: true })
  mkdirSync(names.auditDir, { recursive: true })
  const shape: ClusterShape = {
    route: plan.route,
    image,
    apiPort: await freePort(names.preferredPort),
    cgroup: await cgroupVersion(),
    auditDir: names.auditDir,
    auditPolicy: join(import.meta.dirname, 'audit-policy.yaml'),
  }
  const definition = join(names.stateDir, 'kind.yaml')
  writeFileSync(definition, kindConfig(shape))
  await log.step(`create ${names.cluster}`, () =>
    must(clients.kind, [
      'create',
      'cluster',
      '--name',
      names.cluster,
      '--config',
      definition,
      '--kubeconfig',
      names.kubeconfig,
      '--wait',
      '180s',
    ]),
  )
  const record: ClusterRecord = { route: plan.route, ...clients }
  const cluster = connect(names, record)
  await preferLocalVolumes(cluster)
  await log.step(waiting, () => waitForServices(cluster))
  // Last: a cluster without a record was never finished and is made anew.
  writeFileSync(recordFile(names), `${JSON.stringify(record, undefined, 2)}\n`)
  return cluster
}

/**
 * The provisioner's default is a hostPath volume, to which the kubelet applies no fsGroup. A local volume gets the ownership and mode that
 * a real cluster's volume would have.
 */
async function preferLocalVolumes(cluster: Cluster): Promise<void> {
  const outcome = await cluster.kubectl(['annotate', '--overwrite', 'storageclass', 'standard', 'defaultVolumeType=local'])
  if (outcome.code !== 0) throw new SetupError(`the default storage class cannot be set up: ${outcome.stderr}`)
}

async function waitForServices(cluster: Cluster): Promise<void> {
  const ready = async (namespace: string, what: string, seconds: number) =>
    (await cluster.kubectl(['-n', namespace, 'rollout', 'status', what, `--timeout=${seconds}s`])).code === 0
  // Two of them, asked every ten seconds whether they are ready, would be the longest wait of all.
  const oneQuick = {
    spec: { replicas: 1, template: { spec: { containers: [{ name: 'coredns', readinessProbe: { periodSeconds: 1 } }] } } },
  }
  await cluster.kubectl(['-n', 'kube-system', 'patch', 'deployment', 'coredns', '--patch', JSON.stringify(oneQuick)])
  const proxy = await ready('kube-system', 'daemonset/kube-proxy', 60)
  // The provisioner may have started before kube-proxy, in vain; a new pod does not wait for the old one's back-off.
  const soon = await ready('local-path-storage', 'deployment/local-path-provisioner', 1)
  if (!soon) await cluster.kubectl(['-n', 'local-path-storage', 'delete', 'pod', '--all', '--now'])
  const volumes = soon || (await ready('local-path-storage', 'deployment/local-path-provisioner', 60))
  const dns = await ready('kube-system', 'deployment/coredns', 60)
  const late = [proxy ? '' : 'kube-proxy', volumes ? '' : 'the volume provisioner', dns ? '' : 'DNS'].filter(name => name !== '')
  if (late.length > 0)
    throw new SetupError(`${cluster.name} is up, but not ready after 60 s: ${late.join(', ')}`, 'npm run cluster -- kubectl get pods -A')
}

function connect(names: ClusterNames, record: ClusterRecord): Cluster {
  const node = names.node
  const nodeExec = (args: string[]) => run('docker', ['exec', '--privileged', node, ...args])
  const place = { kind: record.kind, cluster: names.cluster, nodeExec }
  return {
    name: names.cluster,
    kubeconfig: names.kubeconfig,
    kubectlPath: record.kubectl,
    auditLog: names.auditLog,
    registry: record.route === 'stock',
    nodeName: node,
    nodeExec,
    async load(images) {
      for (const image of images) {
        const { stdout } = await must('docker', ['image', 'inspect', '--format', '{{.Id}}', image])
        if (await imageIsOnNode(place, image, stdout.trim())) continue
        const archive = join(names.stateDir, `image-${process.pid}.tar`)
        try {
          await must('docker', ['save', '--output', archive, image])
          await loadArchive(place, archive)
        } finally {
          rmSync(archive, { force: true })
        }
      }
    },
    async loadArchive(reference, id, archive) {
      if (!(await imageIsOnNode(place, reference, id))) await loadArchive(place, archive)
    },
    kubectl: (args, options) => run(record.kubectl, ['--kubeconfig', names.kubeconfig, ...args], options),
  }
}

async function answers(cluster: Cluster, deadlineMs: number): Promise<boolean> {
  const deadline = performance.now() + deadlineMs
  for (;;) {
    if ((await cluster.kubectl(['get', '--raw', '/readyz'], { timeoutMs: 5_000 })).code === 0) return true
    if (performance.now() > deadline) return false
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

const recordFile = (names: ClusterNames) => join(names.stateDir, 'cluster.json')

function readRecord(names: ClusterNames): ClusterRecord | undefined {
  return existsSync(recordFile(names)) ? (JSON.parse(readFileSync(recordFile(names), 'utf8')) as ClusterRecord) : undefined
}

async function nodeState(node: string): Promise<'running' | 'stopped' | 'absent'> {
  const { code, stdout } = await run('docker', ['container', 'inspect', '--format', '{{.State.Running}}', node])
  if (code !== 0) return 'absent'
  return stdout.trim() === 'true' ? 'running' : 'stopped'
}

async function containersOf(cluster: string): Promise<string[]> {
  const { stdout } = await must('docker', ['ps', '--all', '--quiet', '--filter', `label=io.x-k8s.kind.cluster=${cluster}`])
  return stdout.split('\n').filter(id => id !== '')
}

/** As `kind delete cluster` does it, without needing kind. */
async function removeContainers(cluster: string): Promise<void> {
  const containers = await containersOf(cluster)
  if (containers.length > 0) await must('docker', ['rm', '--force', '--volumes', ...containers])
}

async function freePort(preferred: number): Promise<number> {
  for (let port = preferred; port < preferred + 200; port++) if (await canListen(port)) return port
  throw new SetupError(`none of the ports ${preferred} to ${preferred + 199} of 127.0.0.1 is free`)
}

function canListen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
