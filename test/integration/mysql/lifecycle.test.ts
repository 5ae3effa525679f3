/** The engine's own scripts on a real server: start after every kind of end, and what is said when it does not start. */
import { once } from 'node:events'
import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { guestEngines } from '../../../src/engines/guest-engines.ts'
import { itemsOf } from './items.ts'
import { type Server, startServer } from './server.ts'
import { servers } from './servers.ts'

/** As the kubelet does every few seconds. */
async function knock(host: string): Promise<void> {
  const socket = createConnection(3306, host)
  await once(socket, 'data')
  socket.end()
  await once(socket, 'close')
}

describe.each(servers)('$of', async kind => {
  const { engine, version } = kind
  const guest = await guestEngines[engine]()
  let server: Server
  beforeAll(async () => {
    server = await startServer(kind)
  })
  afterAll(() => server?.remove())
  const { ensureDatabase, ensureUser } = itemsOf(() => server)

  test('a new server is as the flavor and the rules say, and tells its version', async () => {
    expect(await server.session(s => s.facts(server.signal))).toEqual({
      version: expect.stringMatching(`^${version.replace('.', '\\.')}\\.\\d+$`),
    })
    const [settings] = await server.asSuperuser(
      `select @@global.max_connections as connections, @@global.innodb_buffer_pool_size div 1048576 as pool, @@global.innodb_flush_log_at_trx_commit as flush,
              @@global.log_bin as binlog, @@global.local_infile as client_files, coalesce(@@global.secure_file_priv, 'NULL') as server_files, @@global.character_set_server as characters,
              @@global.tmpdir as temporary, @@global.innodb_fast_shutdown as shutdown`,
    )
    expect(settings).toMatchObject({ connections: 100, flush: 1, binlog: 0, client_files: 0, characters: 'utf8mb4', shutdown: 1 })
    const files = engine === 'mariadb' ? expect.stringMatching(/^\/tmp\/?$/) : 'NULL'
    expect(settings).toMatchObject({ server_files: files, temporary: `${server.paths.data}.tmp` })
    expect(Number((settings as { pool: number }).pool)).toBeGreaterThanOrEqual(128)
  })

  test('nobody but the agent has an account', async () => {
    const accounts = await server.asSuperuser<{ user: string }>(
      "select user from mysql.user where user not like '%.%' and user not in ('mysql', 'root')",
    )
    expect(accounts).toEqual([])
    for (const user of ['root', 'mysql', '']) await expect(server.connect(user, '')).rejects.toThrow(/denied|not allowed/)
  })

  test('killed without warning, it starts again over its stale lock files with every acknowledged row', async () => {
    await ensureDatabase('app')
    await ensureUser('app', { app: 'Owner' })
    await server.asTenant('app', 'secret', 'app', 'create table t (n int primary key)')
    for (let n = 1; n <= 50; n++) await server.asTenant('app', 'secret', 'app', `insert into t values (${n})`)
    await server.end('KILL')
    // As after a restart of the container, where numbers of processes repeat: the lock files name a live one.
    for (const file of [join(server.paths.data, `${engine}d.pid`), join(server.paths.sockets, 'mysqld.sock.lock')])
      await writeFile(file, '1\n')
    await server.start()
    expect(await server.asTenant('app', 'secret', 'app', 'select count(*) as n from t')).toEqual([{ n: 50 }])
  })

  test('what a query or an index needs on disk lies on the volume, and what is left of it goes at the next start', async () => {
    const temporary = `${server.paths.data}.tmp`
    await writeFile(join(temporary, '#sql-temptable-1-2-3.MAD'), 'left')
    await server.end('KILL')
    await server.start()
    expect(await readdir(temporary)).toEqual([])
  })

  test('its stop signal ends it cleanly although sessions are open, and nothing is to be recovered', async () => {
    const session = await server.connect('app', 'secret', 'app')
    const from = server.log().length
    await knock(server.host)
    await server.end('TERM')
    await session.end().catch(() => {})
    const said = server.log().slice(from - 1)
    expect(said.join('\n')).toMatch(/Shutdown complete/)
    expect(said.join('\n')).not.toMatch(/unauthenticated/)
    expect(guest.logFault(said)).toBeUndefined()
    await expect(guest.connect(server.paths, server.signal)).rejects.toThrow()
    await server.start()
    expect(
      server
        .log()
        .slice(from - 1)
        .join('\n'),
    ).not.toMatch(/crash recovery|Starting a batch to recover/i)
  })

  test('the agent gets in when tenants have used all connections up', async () => {
    const open: Awaited<ReturnType<Server['connect']>>[] = []
    try {
      const all = async () => {
        for (;;) open.push(await server.connect('app', 'secret', 'app'))
      }
      await expect(all()).rejects.toThrow(/Too many connections|max_user_connections/)
      expect(open.length).toBeGreaterThanOrEqual(100)
      // Who is turned away has the one place beyond them for a moment, while the server finds out who it is.
      await vi.waitFor(() => ensureUser('app', { app: 'Owner' }), { timeout: 10_000, interval: 100 })
    } finally {
      await Promise.all(open.map(client => client.end()))
    }
    // It lets go of them one after another, and has no place for anybody else until then.
    const left = () => server.asSuperuser("select id from information_schema.processlist where user = 'app'")
    await vi.waitFor(async () => expect(await left()).toEqual([]), { timeout: 10_000, interval: 100 })
  })

  test('work ends at its signal, and is done once it is no longer hindered', async () => {
    const holder = await server.superuser()
    await holder.run(['flush tables with read lock'], server.signal)
    const abort = new AbortController()
    const work = server.session(s => s.ensureDatabase({ name: 'held', ensure: 'Present' }, abort.signal))
    setTimeout(() => abort.abort(new Error('deadline')), 200)
    await expect(work).rejects.toThrow('deadline')
    await expect(guest.connect(server.paths, abort.signal)).rejects.toThrow('deadline')
    await holder.close()
    await ensureDatabase('held')
  })

  test.each([
    ['a mistake in its configuration', 'default_storage_engine = nonsense\n', /nonsense/i],
    ['a setting that it does not know', 'no_such_setting = 1\n', /no_such_setting|no-such-setting/],
    ['pages of a size that its data has not', 'innodb_page_size = 4k\n', /page size|innodb-page-size/i],
  ])('when it does not start, its log has the cause: %s', async (_, mistake, cause) => {
    await server.end('TERM')
    const path = join(server.paths.configuration, 'my.cnf')
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
    await rm(join(server.paths.data, 'ibdata1'))
    await expect(server.start()).rejects.toThrow('does not start')
    expect(guest.logFault(server.log().slice(from - 1))).toMatch(/InnoDB|ibdata|system tablespace|data dictionary/i)
  })
})
