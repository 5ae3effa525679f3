/** The engine's own scripts on a real server: start after every kind of end, and what is said when it does not start. */
import { access, appendFile, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
  await server.session(s => s.ensureUser({ ...app, privilege: 'Owner' }, 'secret', server.signal))
})
afterEach(() => server.configure({}))
afterAll(() => server?.remove())

const app = { name: 'app', ensure: 'Present', passwordRevision: 'r1' } as const
const as = (...words: string[]) => server.as('app', 'secret', ...words)
const settings = async (...names: string[]) => {
  const pairs = (await server.command('CONFIG', 'GET', ...names)) as string[]
  return Object.fromEntries(names.map(name => [name, pairs[pairs.indexOf(name) + 1]]))
}

test('a new server is as the flavor and the rules say, and tells its version', async () => {
  expect(await server.session(s => s.facts(server.signal))).toEqual({ version: expect.stringMatching(/^\d+\.\d+\.\d+$/) })
  const names = ['maxmemory', 'maxmemory-policy', 'maxmemory-clients', 'appendonly', 'appendfsync', 'save', 'enable-debug-command', 'dir']
  expect(await settings(...names)).toEqual({
    maxmemory: String(48 * 1024 * 1024),
    'maxmemory-policy': 'noeviction',
    'maxmemory-clients': '20%',
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'enable-debug-command': 'no',
    dir: server.paths.data,
  })
})

test('each value comes back from the server as the formulas state it', async () => {
  const defaults = server.operator.defaults({ version: '8.0', flavor: { cpuMillis: 1000, memoryBytes: 64 * 1024 * 1024 } })
  expect(await settings(...Object.keys(defaults))).toEqual(defaults)
})

test('the socket is there for the user and the group, the data and what is secret for the user alone', async () => {
  const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
  expect(await mode(join(server.paths.sockets, 'redis.sock'))).toBe('770')
  expect(await mode(server.paths.data)).toBe('700')
  for (const file of ['administrator', 'users.acl']) expect(await mode(join(server.paths.data, file))).toBe('600')
})

test('nobody gets in over TCP without a password, and nobody as the administrator with a wrong one', async () => {
  await expect(server.as('default', '', 'PING')).rejects.toThrow(/WRONGPASS|NOAUTH|invalid/i)
  await expect(server.as('trove', 'wrong', 'PING')).rejects.toThrow(/WRONGPASS/)
})

test('the administrator’s password is another after each start, and in no environment and no argument', async () => {
  const password = () => readFile(join(server.paths.data, 'administrator'), 'utf8')
  const before = await password()
  const environment = String(await server.command('INFO', 'server')).match(/process_id:(\d+)/)?.[1]
  for (const of of ['environ', 'cmdline']) expect(await readFile(`/proc/${environment}/${of}`, 'utf8')).not.toContain(before.trim())
  expect(await readFile(`/proc/${environment}/environ`, 'utf8')).not.toContain('password')
  await server.end('TERM')
  await server.start()
  expect(await password()).not.toBe(before)
})

test('killed without warning, it starts again over what it left behind with every acknowledged write', async () => {
  const writer = await server.connect('app', 'secret')
  let acknowledged = 0
  const writing = (async () => {
    for (;;) {
      await writer.sendCommand(['RPUSH', 'list', String(acknowledged + 1)])
      acknowledged++
    }
  })().catch(() => {})
  while (acknowledged < 500) await new Promise(resolve => setTimeout(resolve, 5))
  await server.end('KILL')
  await writing
  await access(join(server.paths.sockets, 'redis.sock'))
  for (const left of ['users.acl.tmp-1-1', 'users.acl.new', 'administrator.new']) await writeFile(join(server.paths.data, left), 'user x')
  await server.start()
  const length = Number(await as('LLEN', 'list'))
  // the last one may have been written without its answer having got out
  expect([acknowledged, acknowledged + 1]).toContain(length)
  expect((await readdir(server.paths.data)).sort()).toEqual(['administrator', 'appendonlydir', 'users.acl'])
})

test('what a crash left half-written at the end of the log is left out, and everything before it is there', async () => {
  await as('SET', 'before', '1')
  await server.end('KILL')
  const directory = join(server.paths.data, 'appendonlydir')
  const increment = (await readdir(directory)).filter(name => name.endsWith('.incr.aof')).at(-1)!
  await appendFile(join(directory, increment), '*3\r\n$3\r\nSET\r\n$4\r\nhalf')
  await server.start()
  expect(await as('MGET', 'before', 'half')).toEqual(['1', null])
  expect(server.guest.logFault(server.log())).toBeUndefined()
})

test('its stop signal ends it cleanly at once although sessions are open, and nobody connects until it is back', async () => {
  const session = await server.connect('app', 'secret')
  await as('SET', 'kept', '1')
  const from = server.log().length
  expect(await server.end(server.guest.start(server.paths).stopSignal as 'TERM')).toBe(0)
  const said = server.log().slice(from - 1)
  expect(said.join('\n')).toContain('ready to exit')
  expect(server.guest.logFault(server.log())).toBeUndefined()
  if (session.isOpen) session.destroy()
  await expect(server.guest.connect(server.paths, server.signal)).rejects.toThrow()
  await server.start()
  expect(await as('GET', 'kept')).toBe('1')
})

test('what a transaction and a script have written is there after a restart', async () => {
  const session = await server.connect('app', 'secret')
  await session.multi().addCommand(['SET', 'in-transaction', '1']).addCommand(['INCR', 'in-transaction']).exec()
  await session.sendCommand(['EVAL', "redis.call('SET', 'in-script', 1) return redis.call('INCR', 'in-script')", '0'])
  session.destroy()
  await server.end('KILL')
  await server.start()
  expect(await as('MGET', 'in-transaction', 'in-script')).toEqual(['2', '2'])
})

test('while it loads its data it does not answer, and TERM ends it all the same', async () => {
  await server.as('app', 'secret', 'EVAL', "for i = 1, 10000 do redis.call('SET', 'k' .. i, i) end", '0')
  await server.end('TERM')
  await server.configure({ 'key-load-delay': '300' })
  server.launch()
  let why = ''
  while (!/loading|answered/.test(why)) {
    why = await server.session(async () => 'answered').catch(String)
  }
  expect(why).toContain('it is loading its data')
  expect(await server.end('TERM')).toBe(0)
  await server.configure({})
  await server.start()
  expect(await as('GET', 'k10000')).toBe('10000')
})

test.each([
  ['is gone', () => ''],
  ['has lost the administrator', (acl: string) => acl.replace(/^user trove .*\n/m, '')],
  ['has an administrator without rights', (acl: string) => acl.replace(/^user trove .*$/m, 'user trove off -@all')],
  ['lets everybody in', (acl: string) => acl.replace(/^user default .*$/m, 'user default on nopass ~* &* +@all')],
  ['names them twice', (acl: string) => `${acl}user trove\nuser default\n`],
  ['ends in the middle of a line', (acl: string) => `${acl}user half on #12`],
  ['has lines that are none', (acl: string) => `\n\u0000\u0000\n#!\n${acl}\nuse`],
])('when the record of users %s, the administrator logs in and everybody else needs a password', async (_, damage) => {
  await server.end('KILL')
  const path = join(server.paths.data, 'users.acl')
  const damaged = damage(await readFile(path, 'utf8'))
  if (damaged === '') await rm(path)
  else await writeFile(path, damaged)
  await server.start()
  const users = ((await server.command('ACL', 'LIST')) as string[]).map(line => line.split(' ')[1])
  expect(users).toEqual(damaged === '' ? ['default', 'trove'] : ['app', 'default', 'trove'])
  await expect(server.as('default', '', 'PING')).rejects.toThrow(/WRONGPASS|NOAUTH|invalid/i)
  await server.session(s => s.ensureUser({ ...app, privilege: 'Owner' }, 'secret', server.signal))
  await as('PING')
})

test.each([
  ['something that is no password', async (path: string) => writeFile(path, 'AUTH trove\n'), 'none'],
  ['a link to another file', async (path: string) => symlink('/etc/hostname', path), 'ELOOP'],
  ['a file without end', async (path: string) => writeFile(path, 'a'.repeat(300)), 'longer'],
])('in the place of the administrator’s password %s is not sent, and is replaced at the next start', async (_, plant, why) => {
  const path = join(server.paths.data, 'administrator')
  await rm(path)
  await plant(path)
  await expect(server.guest.connect(server.paths, server.signal)).rejects.toThrow(why)
  await server.end('KILL')
  await server.start()
})

test('work ends at its signal', async () => {
  await server.session(async session => {
    server.kill('SIGSTOP')
    const deadline = () => {
      const abort = new AbortController()
      setTimeout(() => abort.abort(new Error('deadline')), 200)
      return abort.signal
    }
    try {
      await expect(session.facts(deadline())).rejects.toThrow('deadline')
      await expect(server.guest.connect(server.paths, deadline())).rejects.toThrow('deadline')
      await expect(server.guest.connect(server.paths, AbortSignal.abort(new Error('over')))).rejects.toThrow('over')
    } finally {
      server.kill('SIGCONT')
    }
  })
})

test('a session that has lost its server says so', async () => {
  await server.session(async session => {
    await server.end('KILL')
    await expect(session.facts(server.signal)).rejects.toThrow()
  })
  await server.start()
})

test.each([
  ['a mistake in its configuration, with the line', { maxclients: 'many' }, /maxclients.*many/],
  ['a setting that it does not know', { 'no-such-setting': '1' }, /no-such-setting/],
  ['a mistake in its users', undefined, /users\.acl/],
  ['damage in its data', 'damage', /appendonly|AOF|RDB|append only/i],
])('when it does not start, its log has the cause: %s', async (_, mistake, cause) => {
  await server.end('TERM')
  const from = server.log().length
  const directory = join(server.paths.data, 'appendonlydir')
  const broken =
    mistake === undefined
      ? join(server.paths.data, 'users.acl')
      : join(directory, (await readdir(directory)).find(n => n.includes('.base.'))!)
  const good = await readFile(broken)
  if (mistake === undefined) await appendFile(broken, 'user broken on nonsense\n')
  else if (mistake === 'damage') await writeFile(broken, 'REDIS0011 nonsense')
  else await server.configure(mistake as Record<string, string>)
  await expect(server.start()).rejects.toThrow('does not start')
  expect(server.guest.logFault(server.log().slice(from - 1))).toMatch(cause)
  await writeFile(broken, good)
  await server.configure({})
  await server.start()
})
