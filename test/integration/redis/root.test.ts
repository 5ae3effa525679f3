/** root on a real server: what an administrator may do, and what would shut the agent out; what is left when it is switched off. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Connection } from '../../../src/engines/redis/connection.ts'
import * as engine from '../../../src/engines/redis/user.ts'
import { type Server, startServer, type Tenant } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())
beforeEach(() => off())

const on = (password = 'secret') => server.session(s => s.ensureRoot(password, server.signal))
const off = () => server.session(s => s.dropRoot(server.signal))
const asRoot = (command: string) => server.as('root', 'secret', ...command.split(' '))
const list = async () => ((await server.command('ACL', 'LIST')) as string[]).sort()
const saved = () => readFile(join(server.paths.data, 'users.acl'), 'utf8')
const isOpen = async (session: Tenant) =>
  session.sendCommand(['PING']).then(
    () => true,
    () => false,
  )

test.each([
  'SET a 1',
  'FLUSHALL',
  'KEYS *',
  'CONFIG GET *',
  'CONFIG RESETSTAT',
  'INFO all',
  'CLIENT LIST',
  'CLIENT KILL TYPE pubsub',
  'CLIENT UNPAUSE',
  'SLOWLOG GET',
  'LATENCY RESET',
  'MEMORY STATS',
  'ACL LIST',
  'ACL LOG',
  'ACL GETUSER root',
  'ROLE',
  'LASTSAVE',
  'BGREWRITEAOF',
  'MODULE LIST',
  'FUNCTION LIST',
  'SCRIPT FLUSH',
  'EVAL return(redis.call("DBSIZE")) 0',
  'OBJECT HELP',
  'PUBLISH c m',
])('it may say %s', async command => {
  await on()
  await asRoot(command)
})

test.each([
  'ACL SETUSER trove off',
  'ACL SETUSER root +@all',
  'ACL DELUSER trove',
  'ACL LOAD',
  'ACL SAVE',
  'CONFIG SET appendonly no',
  'CONFIG SET requirepass x',
  'CONFIG REWRITE',
  'REPLICAOF 127.0.0.1 1',
  'SLAVEOF 127.0.0.1 1',
  'FAILOVER',
  'MIGRATE 127.0.0.1 1 x 0 1',
  'MODULE LOAD /tmp/x.so',
  'MODULE LOADEX /tmp/x.so',
  'MODULE UNLOAD x',
  'DEBUG SLEEP 1',
  'SCRIPT DEBUG yes',
  'CLIENT PAUSE 1000',
  'SHUTDOWN NOSAVE',
  'EVAL return(redis.call("ACL","DELUSER","trove")) 0',
  'EVAL return(redis.pcall("CONFIG","SET","appendonly","no")) 0',
])('it may not say %s, by which the agent would be shut out or the server made something else', async command => {
  await on()
  const before = await list()
  await expect(asRoot(command)).rejects.toThrow(/NOPERM|not allowed|no permissions|not allowed from script/)
  expect(await list()).toEqual(before)
})

test('as it is asked for it is written neither to the server nor to its file, also after a restart, and keeps its sessions', async () => {
  await on()
  const session = await server.connect('root', 'secret')
  const before = [await list(), await saved()]
  await on()
  expect([await list(), await saved()]).toEqual(before)
  expect(await isOpen(session)).toBe(true)
  await server.end('KILL')
  await server.start()
  await asRoot('PING')
})

test('what was changed by hand is put right, and another password ends the sessions of the one before', async () => {
  await on()
  const before = await list()
  for (const rules of [['off'], ['-get'], ['>other'], ['nopass'], ['+acl']]) {
    await server.command('ACL', 'SETUSER', 'root', ...rules)
    await on()
    expect(await list()).toEqual(before)
  }
  const session = await server.connect('root', 'secret')
  await on('another')
  expect(await isOpen(session)).toBe(false)
  await expect(asRoot('PING')).rejects.toThrow(/WRONGPASS/)
})

test('switched off it is gone with its sessions, from the file as well; off again, nothing is written', async () => {
  await on()
  await asRoot('SET kept 7')
  const session = await server.connect('root', 'secret')
  await off()
  expect(await isOpen(session)).toBe(false)
  await expect(asRoot('PING')).rejects.toThrow(/WRONGPASS/)
  expect(await saved()).not.toContain('user root ')
  expect(await server.command('GET', 'kept')).toBe('7')
  const before = [await list(), await saved()]
  await off()
  expect([await list(), await saved()]).toEqual(before)
})

test('a login root that somebody else made is never touched', async () => {
  await server.command('ACL', 'SETUSER', 'root', 'on', '>theirs', '~*', '+@all', '(&trove.dev/user)')
  const before = await list()
  await expect(on()).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
  await off()
  expect(await list()).toEqual(before)
  await server.command('ACL', 'DELUSER', 'root')
})

test.each(['on', 'off'] as const)('wherever an agent is killed in switching it %s, the next goes on', async to => {
  for (let lifetime = 0, killed = true; killed; lifetime++) {
    expect(lifetime).toBeLessThan(6)
    await on('old')
    const sessions = [await server.connect('root', 'old')]
    killed = await server.asAdministrator(admin => {
      let said = 0
      const agent: Connection = {
        command: (...of) => (said++ < lifetime ? admin.command(...of) : Promise.reject(new Error('killed'))),
        transaction: (...of) => (said++ < lifetime ? admin.transaction(...of) : Promise.reject(new Error('killed'))),
        close: () => admin.close(),
      }
      const work =
        to === 'on' ? engine.ensureRoot(agent, server.paths, 'secret', server.signal) : engine.dropRoot(agent, server.paths, server.signal)
      return work.then(
        () => false,
        () => true,
      )
    })
    await server.connect('root', 'old').then(
      session => sessions.push(session),
      () => {},
    )
    await (to === 'on' ? on() : off())
    for (const session of sessions) expect(await isOpen(session), `killed before ${lifetime}`).toBe(false)
    await (to === 'on' ? asRoot('PING') : expect(asRoot('PING')).rejects.toThrow(/WRONGPASS/))
  }
})
