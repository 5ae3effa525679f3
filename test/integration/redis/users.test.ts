/** Users on a real server: what each privilege allows, what changing it takes away, and what outlives what. */
import { chmod, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Privilege } from '../../../src/api/databaseuser.ts'
import type { Connection } from '../../../src/engines/redis/connection.ts'
import * as engine from '../../../src/engines/redis/user.ts'
import { type Server, startServer, type Tenant } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())

const user = (name: string, privilege?: Privilege) =>
  ({ name, ensure: 'Present', passwordRevision: 'r1', ...(privilege && { privilege }) }) as const
const ensureUser = (name: string, privilege?: Privilege, password = 'secret') =>
  server.session(s => s.ensureUser(user(name, privilege), password, server.signal))
const dropUser = (name: string) => server.session(s => s.dropUser({ name, ensure: 'Absent', passwordRevision: '' }, server.signal))
const list = async () => ((await server.command('ACL', 'LIST')) as string[]).sort()
const saved = () => readFile(join(server.paths.data, 'users.acl'), 'utf8')
const isOpen = async (session: Tenant) =>
  session.sendCommand(['PING']).then(
    () => true,
    () => false,
  )

/** By the rules, or to everybody by the configuration. */
const refused = /^(\S*Error: )?(NOPERM|ERR (DEBUG|MODULE) command not allowed)|has no permissions to run/

/** Whether each privilege, and a user without any, may do it. */
const may: readonly [command: string, owner: boolean, readWrite: boolean, readOnly: boolean, nothing: boolean][] = [
  ['PING', true, true, true, true],
  ['CLIENT ID', true, true, true, true],
  ['CLIENT SETNAME x', true, true, true, true],
  ['SELECT 1', true, true, true, true],
  ['CLIENT TRACKING off', true, true, true, false],
  ['GET string', true, true, true, false],
  ['PFCOUNT hll', true, true, true, false],
  ['SCAN 0', true, true, true, false],
  ['EXISTS string', true, true, true, false],
  ['TYPE string', true, true, true, false],
  ['DBSIZE', true, true, true, false],
  ['INFO', true, true, true, false],
  ['MULTI', true, true, true, false],
  ['SUBSCRIBE channel', true, true, true, false],
  ['PSUBSCRIBE *', true, true, true, false],
  ['PUBSUB CHANNELS', true, true, true, false],
  ['FCALL_RO read 1 string', true, true, true, false],
  ['EVALSHA_RO SHA 1 string', true, true, true, false],
  ['EVAL_RO return 0', true, true, false, false],
  ['EVAL return 0', true, true, false, false],
  ['SCRIPT LOAD return', true, true, false, false],
  ['FCALL write 1 string', true, true, false, false],
  ['PUBLISH channel x', true, true, false, false],
  ['SET string 1', true, true, false, false],
  ['DEL none', true, true, false, false],
  ['EXPIRE string 1000', true, true, false, false],
  ['XADD stream * a b', true, true, false, false],
  ['RENAME string string', true, true, false, false],
  ['KEYS *', true, false, false, false],
  ['SORT list', true, false, false, false],
  ['FUNCTION LIST', true, false, false, false],
  ['FUNCTION STATS', true, false, false, false],
  ['SCRIPT FLUSH', true, false, false, false],
  ['FLUSHDB', true, false, false, false],
  ['FLUSHALL', true, false, false, false],
  ['SWAPDB 0 1', true, false, false, false],
  ...[
    'ACL LIST',
    'ACL SETUSER x on nopass +@all',
    'ACL LOAD',
    'ACL SAVE',
    'ACL LOG',
    'BGREWRITEAOF',
    'BGSAVE',
    'CLIENT KILL TYPE normal',
    'CLIENT LIST',
    'CLIENT PAUSE 1',
    'CLIENT NO-EVICT on',
    'CLUSTER RESET',
    'CONFIG GET *',
    'CONFIG SET dir /tmp',
    'CONFIG REWRITE',
    'DEBUG SLEEP 1',
    'FAILOVER',
    'LATENCY RESET',
    'MIGRATE 127.0.0.1 1 x 0 1',
    'MODULE LIST',
    'MODULE LOAD /tmp/x.so',
    'MONITOR',
    'PSYNC ? -1',
    'REPLCONF x y',
    'REPLICAOF 127.0.0.1 1',
    'ROLE',
    'SAVE',
    'SCRIPT DEBUG yes',
    'SHUTDOWN',
    'SLAVEOF 127.0.0.1 1',
    'SLOWLOG GET',
    'SYNC',
  ].map(command => [command, false, false, false, false] as const),
] as never

describe('each privilege allows what it says', () => {
  const users = { owner: 'Owner', 'read-write': 'ReadWrite', 'read-only': 'ReadOnly', nothing: undefined } as const
  let sha: string
  beforeAll(async () => {
    for (const [name, privilege] of Object.entries(users)) await ensureUser(name, privilege)
    const library =
      "#!lua name=l\nredis.register_function{function_name='read', callback=function(k) return redis.call('GET', k[1]) end, flags={'no-writes'}}\nredis.register_function('write', function(k) return redis.call('SET', k[1], 'written') end)"
    await server.as('owner', 'secret', 'FUNCTION', 'LOAD', library)
    sha = String(await server.as('read-write', 'secret', 'SCRIPT', 'LOAD', "return redis.call('GET', KEYS[1])"))
  })

  test.each(may)('%s', async (command, ...expected) => {
    const words = command.split(' ').map(word => (word === 'SHA' ? sha : word))
    const allowed = []
    for (const name of Object.keys(users)) {
      const session = await server.connect(name, 'secret')
      // One that subscribes has no plain answer; what it may do the server tells as well.
      const answer = /SUBSCRIBE/.test(command)
        ? await server.command('ACL', 'DRYRUN', name, ...words)
        : await session.sendCommand(words).catch(error => String(error))
      allowed.push(!refused.test(String(answer)))
      if (session.isOpen) session.destroy()
    }
    expect(allowed).toEqual(expected)
  })

  test('a script has the rights of whoever runs it', async () => {
    await server.as('owner', 'secret', 'SET', 'string', '1')
    for (const command of ["'FLUSHALL'", "'KEYS', '*'", "'SWAPDB', 0, 1"]) {
      const script = `return redis.call(${command})`
      await expect(server.as('read-write', 'secret', 'EVAL', script, '0')).rejects.toThrow(/permission|can't run this command/i)
    }
    const loaded = async (script: string) => String(await server.as('read-write', 'secret', 'SCRIPT', 'LOAD', script))
    const reading = await loaded("return redis.call('GET', KEYS[1])")
    expect(await server.as('read-only', 'secret', 'EVALSHA_RO', reading, '1', 'string')).toBe('1')
    const writing = await loaded("return redis.call('SET', KEYS[1], '2')")
    await expect(server.as('read-only', 'secret', 'EVALSHA_RO', writing, '1', 'string')).rejects.toThrow()
    await expect(server.as('read-only', 'secret', 'FCALL_RO', 'write', '1', 'string')).rejects.toThrow()
    expect(await server.as('read-only', 'secret', 'GET', 'string')).toBe('1')
  })

  test('of all commands of this version that touch the server, an Owner may none but those that touch data alone', async () => {
    const inCategory = async (name: string) => (await server.command('ACL', 'CAT', name)) as string[]
    const ofServer = new Set([...(await inCategory('admin')), ...(await inCategory('dangerous'))])
    expect(ofServer.size).toBeGreaterThan(60)
    const commands = (await server.command('COMMAND')) as [name: string, arity: number, ...unknown[]][]
    const arities = new Map(
      commands.flatMap(([name, arity, , , , , , , , subcommands]) => [[name, arity], ...((subcommands ?? []) as never[])]),
    )
    const allowed: string[] = []
    for (const command of ofServer) {
      const words = command.split('|')
      const arity = Math.abs(arities.get(command) ?? 12)
      const padded = [...words, ...Array.from({ length: Math.max(0, arity - words.length) }, () => '1')]
      const answer = String(await server.command('ACL', 'DRYRUN', 'owner', ...padded).catch(error => error.message))
      if (!/no permissions to run|NOPERM/.test(answer)) allowed.push(command)
    }
    expect(allowed.sort()).toEqual(['flushall', 'flushdb', 'info', 'keys', 'restore', 'sort', 'sort_ro', 'swapdb'])
  })
})

test('a user without rights cannot watch the names of keys that others write', async () => {
  await ensureUser('watcher')
  await expect(server.as('watcher', 'secret', 'CLIENT', 'TRACKING', 'on', 'BCAST')).rejects.toThrow(/NOPERM/)
})

test('a changed right or password is in force at once, and ends every session that had the old one', async () => {
  await ensureUser('carol', 'Owner')
  const idle = await server.connect('carol', 'secret')
  const blocked = await server.connect('carol', 'secret')
  const popped = blocked.sendCommand(['BLPOP', 'queue', '0']).then(
    () => 'served',
    () => 'ended',
  )
  await delay(50)
  await ensureUser('carol', 'ReadOnly')
  expect(await popped).toBe('ended')
  expect(await isOpen(idle)).toBe(false)
  await expect(server.as('carol', 'secret', 'SET', 'a', '1')).rejects.toThrow(/NOPERM/)

  const session = await server.connect('carol', 'secret')
  await ensureUser('carol', 'ReadOnly', 'rotated')
  expect(await isOpen(session)).toBe(false)
  await expect(server.as('carol', 'secret', 'PING')).rejects.toThrow(/WRONGPASS/)
  await server.as('carol', 'rotated', 'PING')
})

test('a user that goes loses its sessions, and dropping it again is fine', async () => {
  await ensureUser('dave', 'ReadWrite')
  const session = await server.connect('dave', 'secret')
  await dropUser('dave')
  expect(await isOpen(session)).toBe(false)
  await expect(server.connect('dave', 'secret')).rejects.toThrow(/WRONGPASS/)
  expect(await saved()).not.toContain('dave')
  await dropUser('dave')
})

test('a user that is as asked is written neither to the server nor to its file, also after a restart, and keeps its sessions', async () => {
  for (const privilege of ['Owner', 'ReadWrite', 'ReadOnly', undefined] as const) {
    await ensureUser('heidi', privilege)
    const session = await server.connect('heidi', 'secret')
    const before = [await list(), await saved()]
    await ensureUser('heidi', privilege)
    expect([await list(), await saved()]).toEqual(before)
    expect(await isOpen(session)).toBe(true)
    await server.end('KILL')
    await server.start()
    const again = await server.connect('heidi', 'secret')
    await ensureUser('heidi', privilege)
    expect(await isOpen(again)).toBe(true)
  }
})

test.each([
  ['another right', ['+config']],
  ['a right less', ['-get']],
  ['another key', ['resetkeys', '~x']],
  ['another password', ['>other']],
  ['no password', ['nopass']],
  ['another selector', ['(~* +@all)']],
  ['no login', ['off']],
])('what an administrator changed by hand is put right: %s', async (_, rules) => {
  await ensureUser('erin', 'ReadWrite')
  const before = await list()
  await server.command('ACL', 'SETUSER', 'erin', ...rules)
  await ensureUser('erin', 'ReadWrite')
  expect(await list()).toEqual(before)
})

test('users outlive a restart in which nobody can be asked', async () => {
  await ensureUser('frank', 'ReadWrite')
  await server.end('KILL')
  await server.start()
  await server.as('frank', 'secret', 'SET', 'f', '1')
})

test('a user that could not be saved is not said to be there until it is', async () => {
  // The server writes its file beside the old one: a directory of that name keeps it from being replaced.
  await ensureUser('grace', 'ReadOnly')
  const path = join(server.paths.data, 'users.acl')
  await rm(path)
  await chmod(server.paths.data, 0o500)
  await writeFile(path, '', { mode: 0o600 })
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(ensureUser('grace', 'ReadWrite')).rejects.toMatchObject({
      fault: { code: 'StatementFailed', message: expect.stringMatching(/ACL/) },
    })
  }
  await expect(dropUser('grace')).rejects.toMatchObject({ fault: { code: 'StatementFailed' } })
  await chmod(server.paths.data, 0o700)
  await ensureUser('grace', 'ReadWrite')
  expect(await saved()).toContain('user grace ')
})

test('a user that somebody else made is never touched', async () => {
  await server.command('ACL', 'SETUSER', 'outsider', 'on', '>theirs', '~*', '+@all')
  const before = await list()
  await expect(ensureUser('outsider', 'ReadOnly')).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
  for (const name of ['outsider', 'default', 'trove']) await dropUser(name)
  expect(await list()).toEqual(before)
  await server.command('ACL', 'DELUSER', 'outsider')
})

test.each([
  ['default', 'IdentifierReserved'],
  ['trove', 'IdentifierReserved'],
  ['a b', 'IdentifierInvalid'],
  ['x\nuser evil on nopass +@all', 'IdentifierInvalid'],
  ['x'.repeat(64), 'IdentifierTooLong'],
])('a user named %j is refused before anything is sent', async (name, code) => {
  const before = await list()
  await expect(ensureUser(name, 'Owner')).rejects.toMatchObject({ fault: { code } })
  expect(await list()).toEqual(before)
})

test.each([
  '(#',
  ')',
  '~*',
  '+@all',
  '&trove.dev/user',
  'a"b',
  "a'b",
  'a\\b',
  '\\x00',
  'имя',
  '👍🏽',
  'a\u00A0b',
  'a:b@c/d?e#f',
  '$$',
  'nopass',
  'reset',
  '__proto__',
  'x'.repeat(63),
])('a login named %j works, outlives a restart and is dropped', async name => {
  const password = `p:@/?#[]%"'\\ >< ${name}`
  await ensureUser(name, 'ReadWrite', password)
  await server.end('KILL')
  await server.start()
  expect(await server.as(name, password, 'ACL', 'WHOAMI')).toBe(name)
  await dropUser(name)
  expect((await list()).filter(line => line.startsWith(`user ${name} `))).toEqual([])
})

test('nothing is said to exist that was looked at only for comparison', async () => {
  await ensureUser('probed', 'ReadOnly')
  expect(await list()).not.toContainEqual(expect.stringContaining('trove.probe'))
  expect(await saved()).not.toContain('trove.probe')
})

test('wherever an agent is killed, the next leaves neither a session with the old right nor one with the old password', async () => {
  let killed = true
  for (let lifetime = 0; killed; lifetime++) {
    await ensureUser('judy', 'Owner', 'old')
    const sessions = [await server.connect('judy', 'old')]
    killed = await server.asAdministrator(admin => {
      let said = 0
      const agent: Connection = {
        command: (...of) => (said++ < lifetime ? admin.command(...of) : Promise.reject(new Error('killed'))),
        transaction: (...of) => (said++ < lifetime ? admin.transaction(...of) : Promise.reject(new Error('killed'))),
        close: () => admin.close(),
      }
      return engine.ensureUser(agent, server.paths, user('judy', 'ReadOnly'), 'new', server.signal).then(
        () => false,
        () => true,
      )
    })
    await server.connect('judy', 'old').then(
      session => sessions.push(session),
      () => {},
    )
    await ensureUser('judy', 'ReadOnly', 'new')
    for (const session of sessions) expect(await isOpen(session), `killed before ${lifetime}`).toBe(false)
    expect(lifetime).toBeLessThan(5)
  }
})

test('many users are brought about at the same time without hindering each other', async () => {
  const names = Array.from({ length: 20 }, (_, n) => `many${n}`)
  await Promise.all(names.map(name => ensureUser(name, 'ReadWrite')))
  await Promise.all(names.map(name => server.as(name, 'secret', 'PING')))
  await Promise.all(names.map(dropUser))
  expect((await list()).filter(line => line.startsWith('user many'))).toEqual([])
})

test('no password reaches the server’s memory of slow commands, its log or its file', async () => {
  await server.command('CONFIG', 'SET', 'slowlog-log-slower-than', '0')
  await ensureUser('ivan', 'ReadOnly', 'a-password-to-look-for')
  const slow = JSON.stringify(await server.command('SLOWLOG', 'GET', '-1'))
  expect(slow).toContain('SETUSER')
  expect([slow, server.log().join('\n'), await saved()].join('\n')).not.toContain('a-password-to-look-for')
})

test('there are no databases to make or drop', async () => {
  const refused = { fault: { code: 'NotSupported' } }
  await expect(server.session(s => s.ensureDatabase({ name: 'x', ensure: 'Present' }, server.signal))).rejects.toMatchObject(refused)
  await expect(server.session(s => s.dropDatabase({ name: 'x', ensure: 'Absent' }, server.signal))).rejects.toMatchObject(refused)
  expect(server.operator.checkDatabase({ name: 'x' })?.code).toBe('NotSupported')
})
