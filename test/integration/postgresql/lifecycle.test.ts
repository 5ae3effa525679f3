/** The engine's own scripts on a real server: start after every kind of end, and what is said when it does not start. */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresql as guest } from '../../../src/engines/postgresql/guest.ts'
import { type Server, startServer } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())

const user = { name: 'app', ensure: 'Present', passwordRevision: 'r1', access: [{ database: 'app', privilege: 'Owner' as const }] } as const

test('a new server is as the flavor and the rules say, and tells its version', async () => {
  expect(await server.session(s => s.facts(server.signal))).toEqual({ version: expect.stringMatching(/^\d+\.\d+$/) })
  const settings = await server.asSuperuser<{ name: string; value: string }>(
    'postgres',
    `select name, current_setting(name) as value from pg_settings
      where name in ('max_connections', 'shared_buffers', 'effective_cache_size', 'data_checksums', 'password_encryption', 'fsync', 'lc_messages')`,
  )
  expect(Object.fromEntries(settings.map(s => [s.name, s.value]))).toEqual({
    max_connections: '100',
    shared_buffers: '51MB',
    effective_cache_size: '256MB',
    data_checksums: 'on',
    password_encryption: 'scram-sha-256',
    fsync: 'on',
    lc_messages: 'C',
  })
  const odd = await server.asSuperuser('postgres', "select * from pg_file_settings where error is not null and name <> 'listen_addresses'")
  expect(odd).toEqual([])
})

test('killed without warning, it starts again over its stale lock files with every acknowledged row', async () => {
  await server.session(async s => {
    await s.ensureDatabase({ name: 'app', ensure: 'Present' }, server.signal)
    await s.ensureUser({ ...user, access: [...user.access] }, 'secret', server.signal)
  })
  await server.asTenant('app', 'secret', 'app', 'create table t (n int)')
  await server.asTenant('app', 'secret', 'app', 'insert into t select generate_series(1, 1000)')
  await server.end('KILL')
  // As after a restart of the container, where numbers of processes repeat: the lock files name a live one of the same user.
  const bystander = server.bystander()
  for (const file of [join(server.paths.data, 'postmaster.pid'), join(server.paths.sockets, '.s.PGSQL.5432.lock')]) {
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, `${bystander.pid}`))
  }
  await server.start()
  bystander.kill()
  expect(await server.asTenant('app', 'secret', 'app', 'select count(*)::int as rows from t')).toEqual([{ rows: 1000 }])
})

test('its stop signal ends it cleanly at once although sessions are open, and nobody connects until it is back', async () => {
  const session = await server.connect('app', 'secret', 'app')
  const from = server.log().length
  await server.end(guest.start(server.paths).stopSignal as 'INT')
  expect(
    server
      .log()
      .slice(from - 1)
      .join('\n'),
  ).toContain('database system is shut down')
  expect(guest.logFault(server.log())).toBeUndefined()
  await session.end().catch(() => {})
  await expect(guest.connect(server.paths, server.signal)).rejects.toThrow()
  await server.start()
})

test('the agent gets in when tenants have used all connections up', async () => {
  const open = await Promise.all(Array.from({ length: 95 }, () => server.connect('app', 'secret', 'app')))
  await expect(server.connect('app', 'secret', 'app')).rejects.toThrow(/reserved|too many clients/)
  await server.session(s => s.ensureUser({ ...user, access: [...user.access] }, 'secret', server.signal))
  await Promise.all(open.map(client => client.end()))
  expect(guest.logFault(server.log())).toBeUndefined()
})

test('many items are brought about at the same time without hindering each other', async () => {
  const names = Array.from({ length: 8 }, (_, n) => `many${n}`)
  await Promise.all(names.map(name => server.session(s => s.ensureDatabase({ name, ensure: 'Present' }, server.signal))))
  const access = names.map(database => ({ database, privilege: 'Owner' as const }))
  await server.session(s => Promise.all(names.map(name => s.ensureUser({ ...user, name, access }, 'secret', server.signal))))
  await Promise.all(names.flatMap(name => names.map(database => server.asTenant(name, 'secret', database, 'select 1'))))
  await server.session(s => Promise.all(names.map(name => s.dropUser({ ...user, name, access: [] }, server.signal))))
  await Promise.all(names.map(name => server.session(s => s.dropDatabase({ name, ensure: 'Absent' }, server.signal))))
})

test('work ends at its signal, and is done once it is no longer hindered', async () => {
  await server.session(s => s.ensureUser({ ...user, name: 'locker', access: [...user.access] }, 'secret', server.signal))
  await server.asTenant('app', 'secret', 'app', 'set role none; create table held (n int); grant all on held to locker')
  const locker = await server.connect('locker', 'secret', 'app')
  await locker.query('set role none; begin; lock table held')
  const abort = new AbortController()
  const withdraw = (signal: AbortSignal) =>
    server.session(s => s.ensureUser({ ...user, access: [{ database: 'app', privilege: 'ReadOnly' }] }, 'secret', signal))
  const work = withdraw(abort.signal)
  setTimeout(() => abort.abort(new Error('deadline')), 200)
  await expect(work).rejects.toThrow('deadline')
  await expect(guest.connect(server.paths, abort.signal)).rejects.toThrow('deadline')
  await locker.query('commit')
  await locker.end()
  await withdraw(server.signal)
  expect(await server.asTenant('app', 'secret', 'app', 'select current_user::text as name')).toEqual([{ name: 'app' }])
})

test.each([
  ['a mistake in its configuration, with file and line', 'postgresql.conf', 'max_connections = many\n', /max_connections.*many/],
  ['a setting that it does not know', 'postgresql.conf', 'no_such_setting = 1\n', /no_such_setting/],
  ['more memory than there is', 'postgresql.conf', "shared_buffers = '900TB'\n", /shared_buffers|shared memory/],
  ['a mistake in its host-based authentication', 'pg_hba.conf', 'nonsense\n', /pg_hba/],
])('when it does not start, its log has the cause: %s', async (_, file, mistake, cause) => {
  await server.end('INT')
  const path = join(server.paths.configuration, file)
  const good = await readFile(path, 'utf8')
  const from = server.log().length
  await appendFile(path, mistake)
  await expect(server.start()).rejects.toThrow('does not start')
  expect(guest.logFault(server.log().slice(from - 1))).toMatch(cause)
  await writeFile(path, good)
  await server.start()
})

test('when its data is damaged, its log has the cause', async () => {
  await server.end('KILL')
  const from = server.log().length
  await rm(join(server.paths.data, 'pg_wal'), { recursive: true })
  await expect(server.start()).rejects.toThrow('does not start')
  expect(guest.logFault(server.log().slice(from - 1))).toMatch(/pg_wal/)
})
