/** Users on a real server: what each privilege allows, what changing it takes away, and what deleting a user leaves. */
import type { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Privilege } from '../../../src/api/databaseuser.ts'
import { type Connection, openConnection } from '../../../src/engines/postgresql/connection.ts'
import * as engine from '../../../src/engines/postgresql/user.ts'
import { type Server, startServer } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
  for (const name of ['shop', 'blog']) await ensureDatabase(name)
})
afterAll(() => server?.remove())

type Access = Record<string, Privilege>

const ensureDatabase = (name: string) => server.session(s => s.ensureDatabase({ name, ensure: 'Present' }, server.signal))
const user = (name: string, access: Access) => ({
  name,
  ensure: 'Present' as const,
  passwordRevision: 'r1',
  access: Object.entries(access).map(([database, privilege]) => ({ database, privilege })),
})
const ensureUser = (name: string, access: Access, password = 'secret') =>
  server.session(s => s.ensureUser(user(name, access), password, server.signal))
const dropDatabase = (name: string) => server.session(s => s.dropDatabase({ name, ensure: 'Absent' }, server.signal))
const dropUser = (name: string) => server.session(s => s.dropUser({ name, ensure: 'Absent', passwordRevision: '' }, server.signal))
const as = <Row>(user: string, database: string, sql: string, password = 'secret') => server.asTenant<Row>(user, password, database, sql)
const tableOwner = (table: string) =>
  server.asSuperuser('shop', "select tableowner::text as owner from pg_tables where tablename = $1 and schemaname not like 'pg\\_%'", [
    table,
  ])

test('tables, sequences and schemas made after the other users exist are theirs to read or write as asked', async () => {
  await ensureUser('reader', { shop: 'ReadOnly' })
  await ensureUser('writer', { shop: 'ReadWrite' })
  await ensureUser('owner', { shop: 'Owner' })
  await as(
    'owner',
    'shop',
    'create table made (id serial, n int); insert into made (n) values (1); create schema s; create table s.u (n int)',
  )
  expect(await as('reader', 'shop', 'select n from made union all select n from s.u')).toEqual([{ n: 1 }])
  await expect(as('reader', 'shop', 'insert into made (n) values (2)')).rejects.toThrow(/permission denied/)
  await as('writer', 'shop', 'insert into made (n) values (2); update made set n = n + 1; insert into s.u values (1); delete from s.u')
  await expect(as('writer', 'shop', 'create table mine (n int)')).rejects.toThrow(/permission denied/)
  await expect(as('writer', 'shop', 'drop table made')).rejects.toThrow(/must be owner/)
  await expect(as('reader', 'shop', 'alter database shop set work_mem = 65')).rejects.toThrow(/must be owner/)
  expect(await tableOwner('made')).toEqual([{ owner: 'shop_owner' }])
})

test('two Owners of a database share all that each of them makes, also after a pool has reset its connection', async () => {
  await ensureUser('first', { shop: 'Owner' })
  await ensureUser('second', { shop: 'Owner' })
  const pooled = await server.connect('first', 'secret', 'shop')
  await pooled.query('discard all')
  expect((await pooled.query('select current_user::text as name')).rows).toEqual([{ name: 'shop_owner' }])
  await pooled.query('create table t (n int)')
  await pooled.end()
  await as('second', 'shop', 'alter table t add column m int; drop table t')
})

test('nobody connects to a database without access to it, to a system database, or as postgres', async () => {
  await ensureUser('alice', { shop: 'Owner' })
  await ensureUser('bob', { blog: 'Owner' })
  await ensureUser('nobody', {})
  await expect(as('alice', 'blog', 'select 1')).rejects.toThrow(/permission denied for database/)
  await expect(as('bob', 'shop', 'select 1')).rejects.toThrow(/permission denied for database/)
  for (const database of ['shop', 'blog']) await expect(as('nobody', database, 'select 1')).rejects.toThrow(/permission denied/)
  for (const database of ['postgres', 'template1']) await expect(as('alice', database, 'select 1')).rejects.toThrow(/pg_hba/)
  await expect(as('postgres', 'shop', 'select 1')).rejects.toThrow(/pg_hba/)
  await expect(as('alice', 'shop', 'select 1', 'wrong')).rejects.toThrow(/password authentication failed/)
})

test('changing access gives and takes exactly what is asked, ends sessions that may hold more, and moves what was made to the database', async () => {
  await ensureUser('carol', { shop: 'Owner', blog: 'ReadOnly' })
  await as('carol', 'shop', 'reset role; set role none; create table own (n int); grant all on own to carol')
  const held = await server.connect('carol', 'secret', 'shop')
  // From here, too, the owner role could drop the database.
  const elsewhere = await server.connect('carol', 'secret', 'blog')
  await elsewhere.query('set role shop_owner')
  const ended = Promise.all([held, elsewhere].map(session => new Promise(resolve => session.once('end', resolve))))

  await ensureUser('carol', { shop: 'ReadOnly', blog: 'ReadOnly' })
  await ended
  expect(await as('carol', 'shop', 'select current_user::text as name')).toEqual([{ name: 'carol' }])
  expect(await tableOwner('own')).toEqual([{ owner: 'shop_owner' }])
  await expect(as('carol', 'shop', 'insert into own values (1)')).rejects.toThrow(/permission denied/)

  await ensureUser('carol', { shop: 'ReadWrite' })
  await expect(as('carol', 'blog', 'select 1')).rejects.toThrow(/permission denied/)
  await ensureUser('carol', { shop: 'Owner' })
  expect(await as('carol', 'shop', 'select current_user::text as name')).toEqual([{ name: 'shop_owner' }])
})

test('a right that an agent was killed in withdrawing is gone after the next, from every session that got in meanwhile', async () => {
  const before = { shop: 'Owner', blog: 'ReadOnly' } as const
  const asked = { ...before, shop: 'ReadOnly' } as const
  const roleOf = (session: Client) =>
    session.query('select current_user::text as name').then(
      ({ rows }) => rows[0].name,
      () => 'ended',
    )
  let killed = true
  for (let lifetime = 0; killed; lifetime++) {
    await ensureUser('judy', before)
    await as('judy', 'shop', 'set role none; create table judys (n int)')
    const sessions = [await server.connect('judy', 'secret', 'shop'), await server.connect('judy', 'secret', 'blog')]
    await sessions[1]!.query('set role shop_owner')
    expect(await roleOf(sessions[0]!)).toBe('shop_owner')
    const getIn = () =>
      server.connect('judy', 'secret', 'shop').then(
        session => void sessions.push(session),
        () => {},
      )

    const admin = await openConnection(server.paths.sockets, 'postgres', server.signal)
    let statements = 0
    const agent = watched(admin, async () => {
      if (statements++ >= lifetime) throw new Error('killed')
      await getIn()
    })
    killed = await engine.ensureUser(agent, user('judy', asked), 'secret', server.signal).then(
      () => false,
      () => true,
    )
    await admin.close()
    await getIn()
    await ensureUser('judy', asked)

    for (const session of sessions) expect(['ended', 'judy'], `killed before statement ${lifetime}`).toContain(await roleOf(session))
    expect(await as('judy', 'shop', 'select current_user::text as name')).toEqual([{ name: 'judy' }])
    expect(await tableOwner('judys')).toEqual([{ owner: 'shop_owner' }])
    await server.asSuperuser('shop', 'drop table public.judys')
    await Promise.all(sessions.map(session => session.end().catch(() => {})))
    expect(lifetime).toBeLessThan(50)
  }
})

/** The same connection, with something done before each statement, in whatever database. */
function watched(connection: Connection, before: () => Promise<void>): Connection {
  return {
    query: async (...statement) => {
      await before()
      return connection.query(...statement)
    },
    transaction: async (...statements) => {
      await before()
      return connection.transaction(...statements)
    },
    inDatabase: (database, signal, work) => connection.inDatabase(database, signal, inside => work(watched(inside, before))),
    close: () => connection.close(),
  }
}

test('a user that owns objects is deleted, its sessions end, and no table is lost', async () => {
  await ensureUser('dave', { shop: 'Owner', blog: 'Owner' })
  await ensureUser('erin', { shop: 'Owner' })
  await as(
    'dave',
    'shop',
    'set role none; create schema d; create table d.t as select 7 as n; create view d.v as select * from d.t; alter default privileges grant select on tables to public',
  )
  await as('dave', 'blog', 'set role none; create table b as select 8 as n')
  await as('erin', 'shop', 'create table e (n int); grant select on e to dave; grant connect on database shop to dave with grant option')
  const session: Client = await server.connect('dave', 'secret', 'shop')
  const ended = new Promise(resolve => session.once('end', resolve))
  await dropUser('dave')
  await ended
  await expect(server.connect('dave', 'secret', 'shop')).rejects.toThrow(/password authentication failed/)
  expect(await as('erin', 'shop', 'select n from d.v')).toEqual([{ n: 7 }])
  expect(await server.asSuperuser('blog', "select tableowner::text as owner from pg_tables where tablename = 'b'")).toEqual([
    { owner: 'blog_owner' },
  ])
  await dropUser('dave')
})

test('a database that its owner has closed to everybody keeps no user from being deleted, and is opened where it is declared', async () => {
  await ensureDatabase('closed')
  await ensureUser('closer', { closed: 'Owner', shop: 'Owner' })
  await as('closer', 'closed', 'set role none; create table c (n int)')
  await as('closer', 'shop', 'set role none; alter database closed allow_connections false')
  await dropUser('closer')
  await ensureUser('opener', { closed: 'Owner' })
  await as('opener', 'closed', 'select n from c')
  await dropUser('opener')
  await server.asSuperuser('postgres', 'alter database closed allow_connections false')
  await ensureDatabase('closed')
  await server.asSuperuser('closed', 'select 1')
})

/**
 * To the user itself, or to a role that it has by its rights in another database. Servers up to 15.18 let the Owner do it, 15.20 does not: here
 * a superuser does the same.
 */
describe.each(['mover', 'blog_owner', 'blog_rw'])('of a database that was moved to %s with REASSIGN OWNED', to => {
  const owner = async () =>
    (
      await server.asSuperuser<{ owner: string }>(
        'postgres',
        "select datdba::regrole::text as owner from pg_database where datname = 'moved'",
      )
    )[0]?.owner
  /** From within it, all that the owner role had there moves with it; from another database the database alone does. */
  const move = async (from = 'moved') => {
    await server.asSuperuser(from, `reassign owned by moved_owner to ${to}`)
    expect(await owner()).toBe(to)
  }
  beforeEach(async () => {
    await ensureDatabase('moved')
    await ensureUser('mover', { moved: 'Owner', blog: to === 'blog_rw' ? 'ReadWrite' : 'Owner' })
    await ensureUser('stayer', { moved: 'Owner' })
    await ensureUser('looker', { moved: 'ReadOnly' })
    await as('mover', 'moved', 'create schema s; create table s.t as select 1 as n')
  })
  afterEach(async () => {
    for (const name of ['mover', 'stayer', 'looker']) await dropUser(name)
    await dropDatabase('moved')
    expect(await server.asSuperuser('postgres', "select rolname from pg_roles where rolname ~ '^(moved|mover|stayer|looker)'")).toEqual([])
  })

  test('it is ours again when it is next made, or an Owner is', async () => {
    await move('blog')
    await expect(as('stayer', 'moved', 'select 1')).rejects.toThrow(/permission denied for database/)
    await ensureDatabase('moved')
    expect(await owner()).toBe('moved_owner')
    await as('stayer', 'moved', 'alter table s.t add column m int')

    await move('blog')
    await ensureUser('stayer', { moved: 'Owner' })
    await as('stayer', 'moved', 'alter table s.t drop column m')
  })

  test('each user is deleted, nothing that is in it is lost, and who read it reads on', async () => {
    await move()
    await as('mover', 'moved', 'set role none; create table public.own as select 2 as n')
    await dropUser('stayer')
    await dropUser('mover')
    expect(await owner()).toBe('moved_owner')
    expect(await as('looker', 'moved', 'select n from s.t')).toEqual([{ n: 1 }])
    await ensureUser('stayer', { moved: 'Owner' })
    await as('stayer', 'moved', 'create table public.later as select n from own')
    expect(await as('looker', 'moved', 'select n from later')).toEqual([{ n: 2 }])
  })

  test('a user that loses its right in another leaves it where it belongs', async () => {
    await as('mover', 'blog', 'set role none; create table elsewhere (n int)').catch(() => {})
    await move()
    await ensureUser('mover', { moved: 'Owner' })
    expect(await owner()).toBe('moved_owner')
    await server.asSuperuser('blog', 'drop table if exists public.elsewhere')
  })

  test('it is dropped', async () => {
    await move()
    await dropDatabase('moved')
    expect(await owner()).toBeUndefined()
  })
})

test('a database that a superuser made for a user stays that user’s, whatever the user is to lose elsewhere', async () => {
  await ensureUser('mallory', { blog: 'Owner' })
  await as('mallory', 'blog', 'set role none; create table mallorys (n int)')
  await server.asSuperuser('postgres', 'create database gift owner mallory')
  const refused = { fault: { code: 'StatementFailed', message: expect.stringContaining('gift') } }
  await expect(ensureUser('mallory', {})).rejects.toMatchObject(refused)
  await expect(dropUser('mallory')).rejects.toMatchObject(refused)
  expect(await server.asSuperuser('postgres', "select datdba::regrole::text as owner from pg_database where datname = 'gift'")).toEqual([
    { owner: 'mallory' },
  ])
  await server.asSuperuser('postgres', 'drop database gift')
  await dropUser('mallory')
})

test('what a user owns in a database that is not ours is never handed to a superuser', async () => {
  await ensureUser('frank', { shop: 'Owner' })
  await server.asSuperuser('postgres', 'create database theirs')
  await server.asSuperuser('theirs', 'create table public.f (n int)')
  await server.asSuperuser('theirs', 'alter table public.f owner to frank')
  await expect(dropUser('frank')).rejects.toMatchObject({ fault: { code: 'StatementFailed', message: expect.stringContaining('theirs') } })
  await expect(as('frank', 'shop', 'select 1')).rejects.toThrow(/not permitted to log in/)
  await server.asSuperuser('postgres', 'drop database theirs')
  await dropUser('frank')
})

test('a role that somebody else made is never touched, and no foreign role is ever granted', async () => {
  await server.asSuperuser('postgres', 'create role outsider')
  await expect(ensureUser('outsider', {})).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
  const roles = ['outsider', 'postgres', 'shop_owner']
  const look = () => server.asSuperuser('postgres', 'select xmin::text, * from pg_authid where rolname = any($1) order by rolname', [roles])
  const before = await look()
  expect(before).toHaveLength(3)
  for (const role of roles) await dropUser(role)
  expect(await look()).toEqual(before)

  await server.asSuperuser('postgres', 'create database plain')
  await server.asSuperuser('postgres', 'create role plain_owner superuser')
  await expect(ensureUser('grace', { plain: 'Owner', shop: 'ReadOnly' })).rejects.toMatchObject({ fault: { code: 'StatementFailed' } })
  expect(await server.asSuperuser('postgres', "select pg_has_role('grace', 'plain_owner', 'member') as member")).toEqual([
    { member: false },
  ])
  // one database that is missing keeps no other from being used
  await as('grace', 'shop', 'select 1')
})

test('a user that is as asked is not written again; a changed password, attribute or right is put right', async () => {
  await ensureUser('heidi', { shop: 'Owner' })
  const row = () =>
    server.asSuperuser<{ x: string; p: string }>(
      'postgres',
      "select xmin::text as x, rolpassword as p from pg_authid where rolname = 'heidi'",
    )
  const before = await row()
  expect(before[0]?.p).toMatch(/^SCRAM-SHA-256\$4096:/)
  await ensureUser('heidi', { shop: 'Owner' })
  expect(await row()).toEqual(before)

  await as('heidi', 'shop', "set role none; alter role heidi password 'other'")
  await server.asSuperuser('postgres', "alter role heidi nologin createdb valid until '2001-01-01'")
  await server.asSuperuser('postgres', 'grant pg_monitor to heidi')
  await server.asSuperuser('postgres', 'alter role heidi in database shop reset role')
  await ensureUser('heidi', { shop: 'Owner' })
  expect(await as('heidi', 'shop', "select current_user::text as name, pg_has_role('heidi', 'pg_monitor', 'member') as monitor")).toEqual([
    { name: 'shop_owner', monitor: false },
  ])
  await ensureUser('heidi', { shop: 'Owner' }, 'rotated')
  await as('heidi', 'shop', 'select 1', 'rotated')
  await expect(as('heidi', 'shop', 'select 1', 'secret')).rejects.toThrow(/password authentication failed/)
})

test('no password and no verifier reaches the log, whatever fails', async () => {
  await server.asSuperuser('postgres', "alter system set log_statement = 'all'")
  await server.asSuperuser('postgres', 'select pg_reload_conf()')
  await ensureUser('ivan', { shop: 'ReadOnly' }, 'a password to look for')
  await as('ivan', 'shop', 'select 4711', 'a password to look for')
  const log = server.log().join('\n')
  expect(log).toContain('select 4711')
  expect(log).not.toContain('a password to look for')
  expect(log).not.toContain('SCRAM-SHA-256$')
})
