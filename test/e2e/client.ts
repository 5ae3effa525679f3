/**
 * A tenant's own pods: a psql to ask with, and a writer that opens a new connection for every row and remembers what was acknowledged. All of it
 * with the rights of the tenant's user, not with a test's.
 */
import { engineImage } from '../kind/images.ts'
import { cluster, kubectl, type Obj, tenantUser, tryKubectl, until } from './world.ts'

const as = (namespace: string, args: string[]) => ['--as', tenantUser(namespace), '-n', namespace, ...args]
const asTenant = (namespace: string, args: string[], input?: string) => kubectl(as(namespace, args), input)
const applyAsTenant = (namespace: string, object: object) => asTenant(namespace, ['apply', '-f', '-'], JSON.stringify(object))

/** The image that has psql: the engine's own. */
export const clientImage = async () => engineImage(await cluster(), 'postgresql:17')

const restricted = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }

const pod = (name: string, namespace: string, image: string, script: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 1,
    securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'app',
        image,
        command: ['bash', '-c', script],
        securityContext: restricted,
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [{ name: 'tmp', emptyDir: {} }],
  },
})

/** Starts the pod that clients run in, once per namespace. */
export async function clientPod(namespace: string, image?: string): Promise<void> {
  await applyAsTenant(namespace, pod('client', namespace, image ?? (await clientImage()), 'exec sleep 3600'))
  await asTenant(namespace, ['wait', '--for=condition=Ready', '--timeout=60s', 'pod/client'])
}

export interface Login {
  host: string
  port: string
  username: string
  password: string
  database: string
}

/** What an application finds in the binding Secret. */
export const binding = (databaseUser: string, namespace: string) => bindingIn(`${databaseUser}-credentials`, namespace)

export async function bindingIn(name: string, namespace: string): Promise<Login> {
  const secret = JSON.parse(await asTenant(namespace, ['get', 'secret', name, '-o', 'json'])) as Obj
  const read = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
  return { host: read('host'), port: read('port'), username: read('username'), password: read('password'), database: read('database') }
}

/** Runs a script in the client pod. */
export function tryInPod(namespace: string, script: string, args: string[], input: string): ReturnType<typeof tryKubectl> {
  return tryKubectl(as(namespace, ['exec', '-i', 'client', '--', 'sh', '-c', script, 'sh', ...args]), input, 60_000)
}

/** Runs SQL as that login from the client pod. The password goes over standard input. */
export async function tryPsql(
  namespace: string,
  login: Login,
  sql: string,
  container = 'client',
): Promise<{ code: number; stdout: string; stderr: string }> {
  const script =
    'IFS= read -r PGPASSWORD; export PGPASSWORD PGCONNECT_TIMEOUT=5; exec psql -X -v ON_ERROR_STOP=1 -qtA -h "$1" -p "$2" -U "$3" -d "$4"'
  const { host, port, username, database } = login
  const args = ['exec', '-i', container, '--', 'bash', '-c', script, 'psql', host, port, username, database]
  const outcome = await tryKubectl(as(namespace, args), `${login.password}\n${sql}\n`, 60_000)
  return { ...outcome, stdout: outcome.stdout.trim() }
}

export async function psql(namespace: string, login: Login, sql: string): Promise<string> {
  const { code, stdout, stderr } = await tryPsql(namespace, login, sql)
  if (code !== 0) throw new Error(`psql as ${login.username}: ${stderr}`)
  return stdout
}

export interface Writer {
  /** Stops it and tells what it saw: the rows that were acknowledged, and the failures with the client's own words. */
  stop(): Promise<{ acknowledged: number[]; failures: string[] }>
  /** Waits until that many more rows were acknowledged. */
  progress(rows: number): Promise<void>
}

/** Writes row 1, 2, 3 … into table `journal`, each over a connection of its own, until stopped. */
export async function writer(namespace: string, login: Login, name = 'writer', secret?: string): Promise<Writer> {
  await psql(namespace, login, 'create table if not exists journal (n int primary key)')
  const script = `PGPASSWORD=$(cat /binding/password); export PGPASSWORD PGCONNECT_TIMEOUT=10
n=0
until [ -e /tmp/stop ]; do
  n=$((n + 1))
  if out=$(psql -X -qtA -h ${login.host} -p ${login.port} -U ${login.username} -d ${login.database} -c "insert into journal values ($n)" 2>&1); then echo "ok $n"; else echo "failed $n: $(echo "$out" | tr '\\n' ' ')"; fi
  sleep 0.05
done`
  const spec = pod(name, namespace, await clientImage(), script)
  const named = `jsonpath={.items[?(@.spec.name=="${login.username}")].status.binding.name}`
  const secretName = secret ?? (await asTenant(namespace, ['get', 'databaseusers', '-o', named])).trim()
  spec.spec.containers[0]!.volumeMounts.push({ name: 'binding', mountPath: '/binding' })
  spec.spec.volumes.push({ name: 'binding', secret: { secretName, defaultMode: 0o444 } } as never)
  await applyAsTenant(namespace, spec)
  const logs = async () => (await asTenant(namespace, ['logs', name])).split('\n')
  const acknowledged = (lines: string[]) => lines.filter(l => l.startsWith('ok ')).map(l => Number(l.slice(3)))
  const progress = async (rows: number) => {
    const from = acknowledged(await logs().catch(() => [])).length
    await until(`${rows} more rows are acknowledged`, async () => acknowledged(await logs()).length >= from + rows, 120_000)
  }
  await progress(1)
  return {
    progress,
    async stop() {
      await asTenant(namespace, ['exec', name, '--', 'touch', '/tmp/stop'])
      await asTenant(namespace, ['wait', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s', `pod/${name}`])
      const lines = await logs()
      await asTenant(namespace, ['delete', 'pod', name, '--now'])
      return { acknowledged: acknowledged(lines), failures: lines.filter(l => l.startsWith('failed ')) }
    },
  }
}

/** Every acknowledged row is in the table. */
export async function missingRows(namespace: string, login: Login, acknowledged: number[]): Promise<number[]> {
  const there = new Set((await psql(namespace, login, 'select n from journal')).split('\n').map(Number))
  return acknowledged.filter(n => !there.has(n))
}
