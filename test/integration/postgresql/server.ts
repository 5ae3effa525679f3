/**
 * A real PostgreSQL for tests, made and started by the engine's own scripts and configuration, with a socket and a loopback address of its
 * own. PostgreSQL does not run as root, so root starts it as the user postgres; the one change to its configuration lets the user who runs
 * the tests in by peer, as if it were called postgres.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { appendFile, chown, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import type { EnginePaths, EngineSession } from '../../../src/engines/guest-engine.ts'
import { type Connection, openConnection } from '../../../src/engines/postgresql/connection.ts'
import { postgresql as guest } from '../../../src/engines/postgresql/guest.ts'
import { postgresql as operator } from '../../../src/engines/postgresql/operator.ts'
import { ensurePackages } from '../../kind/packages.ts'
import { SetupError } from '../../kind/setup-error.ts'
import { stepLog } from '../../kind/steps.ts'

const run = promisify(execFile)
const port = 5432
export const flavor = { cpuMillis: 1000, memoryBytes: 512 * 1024 * 1024 }

export interface Server {
  paths: EnginePaths
  /** Folder with the server's own programs. */
  bin: string
  host: string
  signal: AbortSignal
  /** A process of the server's own user that does nothing. */
  bystander(): ChildProcess
  /** What the server has said since the test began. */
  log(): string[]
  start(): Promise<void>
  /** Sends a signal to the postmaster and waits for its exit. */
  end(signal: 'KILL' | 'INT'): Promise<void>
  /** A session of the agent. */
  session<T>(work: (session: EngineSession) => Promise<T>): Promise<T>
  /** Statements of a superuser, in any database. */
  asSuperuser<Row>(database: string, sql: string, params?: unknown[]): Promise<Row[]>
  binding(username: string, password: string, database?: string): string
  /** A tenant's connection over TCP. */
  connect(username: string, password: string, database: string): Promise<Client>
  /** One statement over a tenant's connection of its own. */
  asTenant<Row>(username: string, password: string, database: string, sql: string): Promise<Row[]>
  remove(): Promise<void>
}

export async function startServer(): Promise<Server> {
  const bin = await programs()
  const user = await serverUser()
  const root = await mkdtemp(join(tmpdir(), 'trove-pg-'))
  const paths: EnginePaths = { data: join(root, "da'ta"), configuration: join(root, 'configuration'), sockets: join(root, 'sockets') }
  for (const directory of [paths.configuration, paths.sockets]) await mkdir(directory)
  const writer = { name: 'test', role: 'Writer' } as const
  const parameters = operator.defaults({ version: '17', flavor })
  for (const { name, content } of operator.render({ self: writer, members: [writer], version: '17', flavor, parameters })) {
    await writeFile(join(paths.configuration, name), content.replace('postgres peer', 'postgres peer map=test'))
  }
  if (user !== undefined) for (const path of [root, paths.sockets]) await chown(path, user.uid, user.gid)
  const options = { env: { PATH: `${bin}:${process.env.PATH}`, LANG: 'C' }, cwd: root, ...user }
  await run('sh', ['-c', guest.initialise(paths)], options)
  await appendFile(join(paths.data, 'pg_ident.conf'), `test ${userInfo().username} postgres\n`)

  // one of the sixteen million loopback addresses, so that servers of several runs do not meet
  const host = `127.${[0, 0, 0].map(() => 1 + Math.floor(Math.random() * 250)).join('.')}`
  const { signal } = new AbortController()
  const lines: string[] = []
  let postmaster: { exited: Promise<void>; kill(signal: NodeJS.Signals): void } | undefined

  const server: Server = {
    paths,
    bin,
    host,
    signal,
    bystander: () => spawn('sleep', ['60'], { ...options, stdio: 'ignore' }),
    log: () => lines.join('').split('\n'),
    start: async () => {
      const child = spawn('sh', ['-c', `${guest.start(paths).script} -c listen_addresses=${host}`], {
        ...options,
        stdio: ['ignore', 'inherit', 'pipe'],
      })
      child.stderr.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
      let ended = false
      const exited = new Promise<void>(resolve => child.once('exit', () => resolve())).then(() => {
        ended = true
      })
      postmaster = { exited, kill: name => child.kill(name) }
      for (const deadline = performance.now() + 30_000; ; await delay(25)) {
        try {
          return await server.session(async session => void (await session.facts(signal)))
        } catch (error) {
          if (ended || performance.now() > deadline) throw new Error(`PostgreSQL does not start:\n${lines.join('')}`, { cause: error })
        }
      }
    },
    end: async name => {
      postmaster?.kill(`SIG${name}`)
      await postmaster?.exited
      // Of one that was killed the others notice it a moment later, as its first process's end takes a container's others with it.
      while (await anyProcessIn(paths.data)) await delay(20)
    },
    session: async work => {
      const session = await guest.connect(paths, signal)
      try {
        return await work(session)
      } finally {
        await session.close()
      }
    },
    asSuperuser: async <Row>(database: string, sql: string, params: unknown[] = []) => {
      const connection: Connection = await openConnection(paths.sockets, database, signal)
      try {
        return await connection.query<Row>(sql, params, signal)
      } finally {
        await connection.close()
      }
    },
    binding: (username, password, database) =>
      operator.bindingUri({ host, port, username, password, ...(database === undefined ? {} : { database }) }),
    connect: async (username, password, database) => {
      // not by the uri: of its database this driver decodes less than libpq does (a slash, for one, stays encoded)
      const client = new Client({ host, port, user: username, password, database })
      client.on('error', () => {})
      await client.connect()
      return client
    },
    asTenant: async <Row>(username: string, password: string, database: string, sql: string) => {
      const client = await server.connect(username, password, database)
      try {
        return (await client.query(sql)).rows as Row[]
      } finally {
        await client.end()
      }
    },
    remove: async () => {
      await server.end('INT')
      await rm(root, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

/** Whether a process of this machine has this as its working directory, as all of PostgreSQL's have its data. */
async function anyProcessIn(directory: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const directories = await Promise.all(pids.map(pid => readlink(`/proc/${pid}/cwd`).catch(() => undefined)))
  return directories.includes(directory)
}

/** The newest server of this machine, one that TROVE_TEST_POSTGRESQL_BIN names, or Debian's. Never none: these tests do not skip themselves. */
export async function programs(): Promise<string> {
  const named = process.env.TROVE_TEST_POSTGRESQL_BIN
  if (named !== undefined) return named
  const found = await installed()
  if (found !== undefined) return found
  if (process.getuid?.() === 0) {
    // Debian's package would make and start a cluster of its own
    await mkdir('/etc/postgresql-common', { recursive: true })
    await writeFile('/etc/postgresql-common/createcluster.conf', 'create_main_cluster = false\n', { flag: 'wx' }).catch(() => {})
  }
  await ensurePackages(['postgresql'], stepLog())
  const now = await installed()
  if (now === undefined) throw new SetupError('no PostgreSQL server is here', 'set TROVE_TEST_POSTGRESQL_BIN to the folder that has initdb')
  return now
}

async function installed(): Promise<string | undefined> {
  const versions = await readdir('/usr/lib/postgresql').catch((): string[] => [])
  for (const version of versions.sort((a, b) => Number(b) - Number(a))) {
    const bin = `/usr/lib/postgresql/${version}/bin`
    if (existsSync(`${bin}/initdb`)) return bin
  }
  return undefined
}

/** Whom the server runs as: root's choice is postgres, anybody else's is themselves. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const entry = (await readFile('/etc/passwd', 'utf8')).split('\n').find(line => line.startsWith('postgres:'))
  const [, , uid, gid] = (entry ?? '').split(':').map(Number)
  if (uid === undefined || gid === undefined) throw new SetupError('there is no user postgres', 'useradd --system --user-group postgres')
  return { uid, gid }
}
