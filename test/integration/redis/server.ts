/**
 * A real Redis or Valkey for tests, made and started by the engine's own scripts and configuration, with a socket and a loopback address of its
 * own. Started by root it runs as the engine's user.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createClient } from '@redis/client'
import type { EnginePaths, EngineSession, GuestEngine } from '../../../src/engines/guest-engine.ts'
import type { OperatorEngine } from '../../../src/engines/operator-engine.ts'
import { type Connection, openConnection } from '../../../src/engines/redis/connection.ts'
import { redis as guestRedis, valkey as guestValkey } from '../../../src/engines/redis/guest.ts'
import { redis as operatorRedis, valkey as operatorValkey } from '../../../src/engines/redis/operator.ts'
import { directive } from '../../../src/engines/redis/quote.ts'
import { ensurePackages } from '../../kind/packages.ts'
import { SetupError } from '../../kind/setup-error.ts'
import { stepLog } from '../../kind/steps.ts'

const run = promisify(execFile)

export interface Server {
  guest: GuestEngine
  operator: OperatorEngine
  paths: EnginePaths
  signal: AbortSignal
  /** What the server has said since the test began. */
  log(): string[]
  /** Lays these settings over the rendered ones at the next start, whoever owns them. */
  configure(settings: Readonly<Record<string, string>>): Promise<void>
  /** Starts it without waiting for an answer. */
  launch(): void
  /** Starts it and waits until it answers. */
  start(): Promise<void>
  kill(signal: NodeJS.Signals): void
  /** Sends a signal and waits for the exit. */
  end(signal: 'KILL' | 'TERM'): Promise<number | null>
  ended(): Promise<number | null>
  /** A session of the agent. */
  session<T>(work: (session: EngineSession) => Promise<T>): Promise<T>
  asAdministrator<T>(work: (connection: Connection) => Promise<T>): Promise<T>
  /** One command of the administrator. */
  command(...words: string[]): Promise<unknown>
  /** A tenant's connection over TCP, by the uri of its binding. */
  connect(username: string, password: string): Promise<Tenant>
  /** One command over a tenant's connection of its own. */
  as(username: string, password: string, ...words: string[]): Promise<unknown>
  remove(): Promise<void>
}

export type Tenant = Awaited<ReturnType<typeof connectTo>>

export async function startServer(o: { data?: string } = {}): Promise<Server> {
  const program = await serverProgram()
  const isValkey = program.endsWith('valkey-server')
  const [guest, operator] = isValkey ? [guestValkey, operatorValkey] : [guestRedis, operatorRedis]
  const root = o.data ?? (await mkdtemp(join(tmpdir(), 'trove-redis-')))
  const paths: EnginePaths = { data: join(root, "da'ta"), configuration: join(root, 'configuration'), sockets: join(root, 'sockets') }
  const bin = join(root, 'bin')
  for (const directory of [paths.configuration, paths.sockets, bin]) await mkdir(directory)
  await symlink(program, join(bin, isValkey ? 'valkey-server' : 'redis-server'))
  const user = process.getuid?.() === 0 ? operator.user : undefined
  if (user !== undefined) for (const path of [root, paths.sockets]) await chown(path, user.uid, user.gid)
  const options = { env: { PATH: `${bin}:${process.env.PATH}`, password: 'of the environment' }, cwd: root, ...user }
  await run('sh', ['-c', guest.initialise(paths)], options)

  const self = { name: 'test', role: 'Writer' } as const
  const size = { version: '8.0', flavor: { cpuMillis: 1000, memoryBytes: 64 * 1024 * 1024 } }
  const parameters = operator.defaults(size)
  const [file] = operator.render({ self, members: [self], ...size, parameters })
  const configure: Server['configure'] = async settings => {
    const more = Object.entries(settings).map(([name, value]) => directive(name, value))
    await writeFile(join(paths.configuration, file!.name), [file!.content, ...more].join(''))
  }
  await configure({})

  // one of the sixteen million loopback addresses, so that servers of several runs do not meet
  const host = `127.${[0, 0, 0].map(() => 1 + Math.floor(Math.random() * 250)).join('.')}`
  const { signal } = new AbortController()
  const lines: string[] = []
  let process_: { exited: Promise<number | null>; kill(signal: NodeJS.Signals): void } | undefined
  const uri = (username: string, password: string) => operator.bindingUri({ host, port: operator.ports[0]!.port, username, password })

  const server: Server = {
    guest,
    operator,
    paths,
    signal,
    log: () => lines.join('').split('\n'),
    configure,
    launch: () => {
      const child = spawn('sh', ['-c', `${guest.start(paths).script} --bind ${host}`], { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
      // 'close', not 'exit': by then all that it said has been read
      process_ = { exited: new Promise(resolve => child.once('close', resolve)), kill: name => child.kill(name) }
    },
    start: async () => {
      server.launch()
      let ended = false
      void server.ended().then(() => {
        ended = true
      })
      for (const deadline = performance.now() + 30_000; ; await delay(25)) {
        try {
          return await server.session(async session => void (await session.facts(signal)))
        } catch (error) {
          if (ended || performance.now() > deadline) throw new Error(`the server does not start:\n${lines.join('')}`, { cause: error })
        }
      }
    },
    kill: name => process_?.kill(name),
    end: name => {
      server.kill(`SIG${name}`)
      return server.ended()
    },
    ended: async () => (await process_?.exited) ?? null,
    session: async work => {
      const session = await guest.connect(paths, signal)
      try {
        return await work(session)
      } finally {
        await session.close()
      }
    },
    asAdministrator: async work => {
      const connection = await openConnection(paths, signal)
      try {
        return await work(connection)
      } finally {
        await connection.close()
      }
    },
    command: (...words) => server.asAdministrator(connection => connection.command(words, signal)),
    connect: (username, password) => connectTo(uri(username, password)),
    as: async (username, password, ...words) => {
      const client = await server.connect(username, password)
      try {
        return await client.sendCommand(words)
      } finally {
        if (client.isOpen) client.destroy()
      }
    },
    remove: async () => {
      await server.end('KILL')
      if (o.data === undefined) await rm(root, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}

async function connectTo(url: string) {
  const client = createClient({
    url,
    RESP: 2,
    socket: { reconnectStrategy: false },
    disableClientInfo: true,
    maintNotifications: 'disabled',
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

/**
 * The server in the folder that TROVE_TEST_REDIS_BIN names, or Debian's. Debian has the program in redis-tools, under another name, and in
 * redis-server the service, which is not wanted here. Never none: these tests do not skip themselves.
 */
export async function serverProgram(): Promise<string> {
  const named = process.env.TROVE_TEST_REDIS_BIN
  if (named === undefined) await ensurePackages(['redis-tools'], stepLog())
  const candidates = named === undefined ? ['/usr/bin/redis-check-rdb'] : ['valkey-server', 'redis-server'].map(name => join(named, name))
  const found = candidates.find(existsSync)
  if (found === undefined) throw new SetupError('no Redis server is here', 'set TROVE_TEST_REDIS_BIN to the folder that has redis-server')
  return found
}
