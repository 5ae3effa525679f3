/** A tenant's own pods: a psql to ask with, and a writer that opens a new connection for every row and remembers what was acknowledged. */
import { apply, cluster, get, kubectl, tryKubectl, until } from './world.ts'

/** The image that has psql: the engine's own. */
export const clientImage = async () => ((await cluster()).registry ? 'postgres:17' : 'trove.local/postgres:17')

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

/** Starts the pod that `psql` runs in, once per namespace. */
export async function clientPod(namespace: string): Promise<void> {
  await apply(pod('client', namespace, await clientImage(), 'exec sleep 3600'))
  await kubectl(['wait', '--for=condition=Ready', '--timeout=60s', '-n', namespace, 'pod/client'])
}

export interface Login {
  host: string
  port: string
  username: string
  password: string
  database: string
}

/** What an application finds in the binding Secret. */
export async function binding(databaseUser: string, namespace: string): Promise<Login> {
  const secret = await get('secret', `${databaseUser}-credentials`, namespace)
  const read = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
  return { host: read('host'), port: read('port'), username: read('username'), password: read('password'), database: read('database') }
}

/** Runs SQL as that login from the client pod. The password goes over standard input. */
export async function tryPsql(
  namespace: string,
  login: Login,
  sql: string,
  container = 'client',
): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = 'IFS= read -r PGPASSWORD; export PGPASSWORD; exec psql -X -v ON_ERROR_STOP=1 -qtA -h "$1" -p "$2" -U "$3" -d "$4"'
  const args = [
    'exec',
    '-i',
    '-n',
    namespace,
    container,
    '--',
    'bash',
    '-c',
    script,
    'psql',
    login.host,
    login.port,
    login.username,
    login.database,
  ]
  const outcome = await tryKubectl(args, `${login.password}\n${sql}\n`, 60_000)
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
export async function writer(namespace: string, login: Login, name = 'writer'): Promise<Writer> {
  await psql(namespace, login, 'create table if not exists journal (n int primary key)')
  const script = `PGPASSWORD=$(cat /binding/password); export PGPASSWORD PGCONNECT_TIMEOUT=10
n=0
until [ -e /tmp/stop ]; do
  n=$((n + 1))
  if out=$(psql -X -qtA -h ${login.host} -p ${login.port} -U ${login.username} -d ${login.database} -c "insert into journal values ($n)" 2>&1); then echo "ok $n"; else echo "failed $n: $(echo "$out" | tr '\\n' ' ')"; fi
  sleep 0.05
done`
  const spec = pod(name, namespace, await clientImage(), script)
  const secretName = (
    await kubectl([
      'get',
      'databaseusers',
      '-n',
      namespace,
      '-o',
      `jsonpath={.items[?(@.spec.name=="${login.username}")].status.binding.name}`,
    ])
  ).trim()
  spec.spec.containers[0]!.volumeMounts.push({ name: 'binding', mountPath: '/binding' })
  spec.spec.volumes.push({ name: 'binding', secret: { secretName, defaultMode: 0o444 } } as never)
  await apply(spec)
  const logs = async () => (await kubectl(['logs', '-n', namespace, name])).split('\n')
  const acknowledged = (lines: string[]) => lines.filter(l => l.startsWith('ok ')).map(l => Number(l.slice(3)))
  const progress = async (rows: number) => {
    const from = acknowledged(await logs().catch(() => [])).length
    await until(`${rows} more rows are acknowledged`, async () => acknowledged(await logs()).length >= from + rows, 120_000)
  }
  await progress(1)
  return {
    progress,
    async stop() {
      await kubectl(['exec', '-n', namespace, name, '--', 'touch', '/tmp/stop'])
      await kubectl(['wait', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s', '-n', namespace, `pod/${name}`])
      const lines = await logs()
      await kubectl(['delete', 'pod', '-n', namespace, name, '--now'])
      return { acknowledged: acknowledged(lines), failures: lines.filter(l => l.startsWith('failed ')) }
    },
  }
}

/** Every acknowledged row is in the table. */
export async function missingRows(namespace: string, login: Login, acknowledged: number[]): Promise<number[]> {
  const there = new Set((await psql(namespace, login, 'select n from journal')).split('\n').map(Number))
  return acknowledged.filter(n => !there.has(n))
}
