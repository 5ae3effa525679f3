/**
 * A real kube-apiserver and its etcd on loopback ports of their own, for tests that need the API and no nodes. RBAC is on; no other part of
 * Kubernetes runs, so nothing collects garbage, makes default ServiceAccounts or ends namespaces. Ready in a few seconds, gone with `stop`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClusterAccess } from '../../src/kube/access.ts'
import { connect } from '../../src/kube/client.ts'
import { namespaces } from '../../src/kube/resource.ts'
import { kubeBinaries } from '../kind/binaries.ts'

export interface TestApiServer {
  /** As a member of system:masters. */
  access: ClusterAccess
  /** A file, for child processes and kubectl. */
  kubeconfig: string
  /** The API server's certificate authority, PEM. */
  ca: string
  /** Access with any other token, such as one from a TokenRequest. */
  accessWith(token: string): ClusterAccess
  /** Ends the API server alone and starts it again; between them `whileDown` may do to etcd what it likes. */
  restart(whileDown?: () => Promise<void>): Promise<void>
  /** A call of etcd's JSON gateway: `etcd('kv/compaction', { revision })`. */
  etcd(path: string, body: object): Promise<{ header?: { revision: string } }>
  stop(): Promise<void>
}

export async function startApiServer(o: { flags?: string[] } = {}): Promise<TestApiServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(o)
    } catch (error) {
      // Ports are chosen before they are taken: another test may have been faster.
      if (attempt === 3 || !/address already in use/.test((error as Error).message)) throw error
    }
  }
}

async function start(o: { flags?: string[] }): Promise<TestApiServer> {
  const bin = await kubeBinaries()
  const dir = await mkdtemp(join(tmpdir(), 'apiserver-'))
  const [port, etcdPort, peerPort] = await freePorts(3)
  const etcdUrl = `http://127.0.0.1:${etcdPort}`
  const peerUrl = `http://127.0.0.1:${peerPort}`
  const server = `https://127.0.0.1:${port}`
  const adminToken = randomBytes(16).toString('hex')
  const serviceAccountKey = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  await writeFile(join(dir, 'tokens.csv'), `${adminToken},admin,admin,system:masters\n`)
  await writeFile(join(dir, 'sa.key'), serviceAccountKey.privateKey)
  await writeFile(join(dir, 'sa.pub'), serviceAccountKey.publicKey)

  const etcd = run(dir, bin.etcd, [
    '--name=test',
    `--data-dir=${dir}/etcd`,
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    '--unsafe-no-fsync',
    // What is deleted takes its room until etcd compacts, and the scale bench makes and deletes gigabytes.
    '--quota-backend-bytes=8589934592',
    '--log-level=error',
  ])
  const startServer = () =>
    run(dir, bin.kubeApiserver, [
      `--etcd-servers=${etcdUrl}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${dir}`,
      `--token-auth-file=${dir}/tokens.csv`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      `--service-account-issuer=${server}`,
      `--service-account-key-file=${dir}/sa.pub`,
      `--service-account-signing-key-file=${dir}/sa.key`,
      '--endpoint-reconciler-type=none',
      '--shutdown-delay-duration=0s',
      ...(o.flags ?? []),
    ])
  let apiserver = startServer()

  const stop = async () => {
    await end(apiserver)
    await end(etcd)
    await rm(dir, { recursive: true, force: true })
  }

  try {
    // The server signs its own certificate at its first start; it is whole once the key is there, which is written after it.
    const ca = await until(
      () => readFile(join(dir, 'apiserver.key')).then(() => readFile(join(dir, 'apiserver.crt'), 'utf8')),
      () => dead(etcd) ?? dead(apiserver),
      dir,
    )
    const accessWith = (token: string): ClusterAccess => ({
      server,
      credentials: async () => ({ authorization: `Bearer ${token}`, tls: { ca } }),
    })
    const access = accessWith(adminToken)
    const kubeconfig = join(dir, 'kubeconfig')
    await writeFile(kubeconfig, kubeconfigText(server, ca, adminToken), { mode: 0o600 })
    const ready = () => answers(access, () => dead(etcd) ?? dead(apiserver), dir)
    await ready()
    return {
      access,
      kubeconfig,
      ca,
      accessWith,
      async restart(whileDown) {
        await end(apiserver)
        await whileDown?.()
        apiserver = startServer()
        await ready()
      },
      async etcd(path, body) {
        const response = await fetch(`${etcdUrl}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
        if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${await response.text()}`)
        return (await response.json()) as { header?: { revision: string } }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function run(dir: string, binary: string, args: string[]): ChildProcess {
  // Memory is at hand for as long as tests run; what Go's collector costs is theirs.
  const child = spawn(binary, args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, GOGC: '300' } })
  // Nobody else would end it if we are ended ourselves.
  const orphaned = () => child.kill('SIGKILL')
  process.once('exit', orphaned)
  child.once('exit', () => process.off('exit', orphaned))
  const log = createWriteStream(join(dir, 'log'), { flags: 'a' })
  child.stdout!.pipe(log, { end: false })
  child.stderr!.pipe(log, { end: false })
  return child
}

/** Without mercy: a graceful end would wait for every open watch, and a test that restarts the server means it to be abrupt. */
async function end(child: ChildProcess): Promise<void> {
  if (dead(child) !== undefined) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

const dead = (child: ChildProcess): string | undefined =>
  child.exitCode === null && child.signalCode === null ? undefined : `${child.spawnfile} ended with ${child.exitCode ?? child.signalCode}`

async function answers(access: ClusterAccess, failed: () => string | undefined, dir: string): Promise<void> {
  const client = connect(access)
  const signal = new AbortController().signal
  // RBAC's own roles and the namespace `default` are made shortly after the server begins to answer.
  await until(() => client.get(namespaces, { name: 'default' }, { signal, deadlineMs: 2_000 }), failed, dir)
  await client.close()
}

/** A second on a machine with nothing else to do. */
const startMs = 60_000

async function until<R>(attempt: () => Promise<R>, failed: () => string | undefined, dir: string): Promise<R> {
  const deadline = performance.now() + startMs
  for (;;) {
    try {
      return await attempt()
    } catch (cause) {
      const reason = failed() ?? (performance.now() > deadline ? `not ready within ${startMs / 1000} s: ${cause}` : undefined)
      if (reason !== undefined) throw new Error(`${reason}\n${(await readFile(join(dir, 'log'), 'utf8')).slice(-2000)}`, { cause })
      await pause(50)
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map(s => new Promise(resolve => s.once('listening', resolve))))
  const ports = servers.map(s => (s.address() as { port: number }).port)
  await Promise.all(servers.map(s => new Promise(resolve => s.close(resolve))))
  return ports
}

function kubeconfigText(server: string, ca: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  })
}
