/**
 * A real server of the MySQL family for tests, made and started by the engine's own scripts and configuration in the image that pods run, on a
 * loopback address of its own. The administrator is whom the socket's other end is said to be by the system, so the agent's sessions come
 * through a process of that user.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Connection as Client, createConnection, type RowDataPacket } from 'mysql2/promise'
import type { EnginePaths, EngineSession } from '../../../src/engines/guest-engine.ts'
import { guestEngines } from '../../../src/engines/guest-engines.ts'
import { type Connection, openConnection } from '../../../src/engines/mysql/connection.ts'
import { mariadb, mysql } from '../../../src/engines/mysql/dialect.ts'
import { operatorEngines } from '../../../src/engines/operator-engines.ts'
import { dockerImage } from '../../kind/images.ts'
import { stepLog } from '../../kind/steps.ts'
import type { ServerKind } from './servers.ts'

const run = promisify(execFile)
const dialects = { mysql, mariadb }
const uid = 999
export const memoryBytes = 512 * 1024 * 1024

export interface Server {
  signal: AbortSignal
  paths: EnginePaths
  /** What the server has said since the test began. */
  log(): string[]
  start(): Promise<void>
  /** Sends a signal to the server's first process and waits for its end. */
  end(signal: 'KILL' | 'TERM'): Promise<void>
  /** From its next start on it is of that version, on the data that is there. */
  become(kind: ServerKind): Promise<void>
  /** Runs a script of the engine's beside the running server, as a job of the launcher does. Rejects unless it ends with 0. */
  job(script: string): Promise<string>
  /** Its address, for tenants. */
  host: string
  /** A session of the agent. */
  session<T>(work: (session: EngineSession) => Promise<T>): Promise<T>
  /** The administrator's own connection, to be closed by who asked for it. */
  superuser(): Promise<Connection>
  asSuperuser<Row>(sql: string, params?: string[]): Promise<Row[]>
  /** A tenant's connection over TCP. */
  connect(user: string, password: string, database?: string): Promise<Client>
  /** One statement over a tenant's connection of its own. */
  asTenant<Row>(user: string, password: string, database: string | undefined, sql: string): Promise<Row[]>
  remove(): Promise<void>
}

export async function startServer({ engine, version, of }: ServerKind): Promise<Server> {
  let image = await dockerImage(of, stepLog())
  const guest = await guestEngines[engine]()
  const operator = operatorEngines[engine]
  const root = await mkdtemp(join(tmpdir(), 'trove-mysql-'))
  const paths: EnginePaths = { data: join(root, "da'ta"), configuration: join(root, 'configuration'), sockets: join(root, 'sockets') }
  const relayed = join(root, 'relayed')
  for (const directory of [paths.configuration, paths.sockets, relayed]) await mkdir(directory)
  const configure = async (version: string) => {
    const writer = { name: 'test', role: 'Writer' } as const
    const size = { version, flavor: { cpuMillis: 1000, memoryBytes } }
    for (const { name, content } of operator.render({ self: writer, members: [writer], ...size, parameters: operator.defaults(size) })) {
      await writeFile(join(paths.configuration, name), content)
    }
  }
  await configure(version)
  for (const directory of [root, paths.sockets, relayed]) await chown(directory, uid, uid)

  // A server that takes more than the flavor has, as one with a mistake in its configuration does, is ended and not the machine.
  const inContainer = [
    '--rm',
    '--memory=1g',
    '--memory-swap=1g',
    '--network=host',
    `--user=${uid}:${uid}`,
    '--read-only',
    '--tmpfs=/tmp',
    '--volume',
    `${root}:${root}`,
  ]
  const container = `trove-mysql-${randomUUID()}`
  await run('docker', ['run', ...inContainer, image, 'sh', '-c', guest.initialise(paths)])

  const host = `127.${[0, 0, 0].map(() => 1 + Math.floor(Math.random() * 250)).join('.')}`
  const { signal } = new AbortController()
  const lines: string[] = []
  const relay = await startRelay(join(relayed, 'mysqld.sock'), join(paths.sockets, 'mysqld.sock'))
  const seen = { ...paths, sockets: relayed }
  let exited: Promise<void> = Promise.resolve()

  const server: Server = {
    signal,
    paths,
    host,
    log: () => lines.join('').split('\n'),
    start: async () => {
      const script = `${guest.start(paths).script} --bind-address=${host}`
      const child = spawn('docker', ['run', `--name=${container}`, ...inContainer, image, 'sh', '-c', script], {
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
      let ended = false
      exited = new Promise<void>(resolve => child.once('close', () => resolve())).then(() => {
        ended = true
      })
      for (const deadline = performance.now() + 60_000; ; await delay(50)) {
        try {
          return await server.session(async session => void (await session.facts(signal)))
        } catch (error) {
          if (ended || performance.now() > deadline) throw new Error(`the server does not start:\n${lines.join('')}`, { cause: error })
        }
      }
    },
    end: async name => {
      await run('docker', ['kill', `--signal=${name}`, container]).catch(() => {})
      await exited
    },
    become: async next => {
      image = await dockerImage(next.of, stepLog())
      await configure(next.version)
    },
    job: async script => {
      const { stdout, stderr } = await run('docker', ['exec', container, 'sh', '-c', script])
      return stdout + stderr
    },
    session: async work => {
      const session = await guest.connect(seen, signal)
      try {
        return await work(session)
      } finally {
        await session.close()
      }
    },
    superuser: () => openConnection(relayed, dialects[engine], signal),
    asSuperuser: async <Row>(sql: string, params: string[] = []) => {
      const connection = await server.superuser()
      try {
        return await connection.query<Row>(sql, params, signal)
      } finally {
        await connection.close()
      }
    },
    connect: async (user, password, database) => {
      const client = await createConnection({ host, user, password, ...(database !== undefined && { database }) })
      client.on('error', () => {})
      return client
    },
    asTenant: async <Row>(user: string, password: string, database: string | undefined, sql: string) => {
      const client = await server.connect(user, password, database)
      try {
        return (await client.query<RowDataPacket[]>(sql))[0] as Row[]
      } finally {
        await client.end()
      }
    },
    remove: async () => {
      await server.end('TERM')
      relay.kill()
      await rm(root, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

/** Runs as the administrator's system user and passes on what comes. */
async function startRelay(from: string, to: string): Promise<ChildProcess> {
  const program = `require('node:net').createServer({ allowHalfOpen: true }, from => {
    const to = require('node:net').connect({ path: ${JSON.stringify(to)}, allowHalfOpen: true })
    from.pipe(to).pipe(from)
    from.on('error', () => to.destroy())
    to.on('error', () => from.destroy())
  }).listen(${JSON.stringify(from)}, () => console.log('listening'))`
  const relay = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'], uid, gid: uid })
  await new Promise((resolve, reject) => {
    relay.stdout!.once('data', resolve)
    relay.once('exit', reject)
  })
  return relay
}
