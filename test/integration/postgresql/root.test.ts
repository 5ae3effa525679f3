/** root on a real server: what it may do, what is left of it when it is switched off, and that no step of the way is one that cannot be gone on from. */
import type { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Connection, openConnection } from '../../../src/engines/postgresql/connection.ts'
import { checkUser } from '../../../src/engines/postgresql/names.ts'
import * as engine from '../../../src/engines/postgresql/root.ts'
import { type Server, startServer } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
  await server.session(s => s.ensureDatabase({ name: 'shop', ensure: 'Present' }, server.signal))
})
afterAll(() => server?.remove())

const on = (password = 'secret') => server.session(s => s.ensureRoot(password, server.signal))
const off = () => server.session(s => s.dropRoot(server.signal))
const asRoot = <Row>(sql: string, database = 'postgres', password = 'secret') => server.asTenant<Row>('root', password, database, sql)
const row = () => server.asSuperuser('postgres', "select xmin::text, * from pg_authid where rolname = 'root'")
const reset = async () => {
  await server.asSuperuser('shop', 'drop owned by root').catch(() => {})
  await off()
}
beforeEach(reset)

test('it may do everything, in every database, and does not come in with another password', async () => {
  await on()
  expect(await asRoot("select rolsuper from pg_roles where rolname = session_user and rolname = 'root'")).toEqual([{ rolsuper: true }])
  await asRoot('create role other superuser; drop role other')
  await asRoot('create database made')
  await asRoot('create table t (n int)', 'made')
  await asRoot('drop database made')
  await expect(asRoot('select 1', 'shop', 'wrong')).rejects.toThrow(/password authentication failed/)
  await on('another')
  await expect(asRoot('select 1')).rejects.toThrow(/password authentication failed/)
  await asRoot('select 1', 'postgres', 'another')
})

test('no other login is let into the system’s databases for that', async () => {
  await on()
  await server.asSuperuser('postgres', "create role admin superuser login password 'secret'")
  await expect(server.asTenant('admin', 'secret', 'postgres', 'select 1')).rejects.toThrow(/pg_hba/)
  await expect(asRoot('select 1', 'template1')).rejects.toThrow(/pg_hba/)
  await server.asSuperuser('postgres', 'drop role admin')
})

test('as it is asked for it is not written again, and what was changed by hand is put right', async () => {
  await on()
  const before = await row()
  await on()
  expect(await row()).toEqual(before)
  for (const change of ['nosuperuser', 'nologin', "password 'other'", "valid until '2001-01-01'", 'connection limit 0']) {
    await server.asSuperuser('postgres', `alter role root ${change}`)
    await on()
    expect(await asRoot('select rolsuper from pg_roles where rolname = session_user'), change).toEqual([{ rolsuper: true }])
  }
})

test('switched off it is gone with its sessions; off again, nothing is written', async () => {
  await on()
  const session = await server.connect('root', 'secret', 'shop')
  const ended = new Promise(resolve => session.once('end', resolve))
  await off()
  await ended
  await expect(asRoot('select 1')).rejects.toThrow(/password authentication failed/)
  expect(await row()).toEqual([])
  await off()
})

test('what it owns is there afterwards as before, with an owner who may do nothing; switched on again it may do everything', async () => {
  await on()
  await asRoot(
    'create table kept as select 7 as n; create function f() returns bool security definer language sql begin atomic select rolsuper from pg_roles where rolname = current_user; end',
    'shop',
  )
  await off()
  expect(await row()).toMatchObject([
    {
      rolsuper: false,
      rolcanlogin: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolbypassrls: false,
      rolpassword: null,
    },
  ])
  expect(await server.asSuperuser('shop', 'select n, public.f() as super from public.kept')).toEqual([{ n: 7, super: false }])
  const before = await row()
  await off()
  expect(await row()).toEqual(before)
  await expect(asRoot('select 1', 'shop')).rejects.toThrow(/password authentication failed|not permitted to log in/)
  await on('later')
  expect(await asRoot('select n from kept', 'shop', 'later')).toEqual([{ n: 7 }])
  await asRoot('drop function f(); drop table kept', 'shop', 'later')
})

test('a role root that somebody else made is never touched', async () => {
  await server.asSuperuser('postgres', 'create role root login')
  const before = await row()
  await expect(on()).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
  await off()
  expect(await row()).toEqual(before)
  await server.asSuperuser('postgres', 'drop role root')
})

test('no DatabaseUser may have the name', () => expect(checkUser({ name: 'root' })?.code).toBe('IdentifierReserved'))

/** Fails before the statement of that number, and after the last one no more. */
function mortal(admin: Connection, lifetime: number): Connection {
  let said = 0
  const alive = () => (said++ < lifetime ? Promise.resolve() : Promise.reject(new Error('killed')))
  return {
    ...admin,
    query: async (...of) => {
      await alive()
      return admin.query(...of)
    },
    transaction: async (...of) => {
      await alive()
      return admin.transaction(...of)
    },
  }
}

const lifetimes = async (work: (agent: Connection) => Promise<void>, check: (lifetime: number) => Promise<void>) => {
  for (let lifetime = 0, killed = true; killed; lifetime++) {
    expect(lifetime).toBeLessThan(20)
    const admin = await openConnection(server.paths.sockets, 'postgres', server.signal)
    killed = await work(mortal(admin, lifetime)).then(
      () => false,
      () => true,
    )
    await admin.close()
    await check(lifetime)
  }
}

test.each([false, true])('an agent that is killed in switching it off leaves it to the next, whether it owns anything: %s', async owns => {
  let sessions: Client[] = []
  const begin = async () => {
    await reset()
    await on()
    if (owns) await asRoot('create table if not exists owned (n int)', 'shop')
    sessions = [await server.connect('root', 'secret', 'postgres')]
  }
  await begin()
  await lifetimes(
    agent => engine.dropRoot(agent, server.signal),
    async lifetime => {
      await server.connect('root', 'secret', 'shop').then(
        s => void sessions.push(s),
        () => {},
      )
      await off()
      for (const session of sessions) await expect(session.query('select 1'), `killed before ${lifetime}`).rejects.toThrow()
      expect(await server.asSuperuser('postgres', "select 1 from pg_roles where rolname = 'root' and (rolsuper or rolcanlogin)")).toEqual(
        [],
      )
      await begin()
    },
  )
  await Promise.all(sessions.map(s => s.end().catch(() => {})))
})

test('nor is an agent that is killed in switching it on; and where it was switched off meanwhile unseen, who was in is out', async () => {
  await on('old')
  let session = await server.connect('root', 'old', 'postgres')
  await lifetimes(
    agent => engine.ensureRoot(agent, 'new', server.signal),
    async lifetime => {
      await on('new')
      await expect(session.query('select 1'), `killed before ${lifetime}`).rejects.toThrow()
      await asRoot('select 1', 'postgres', 'new')
      await reset()
      await on('old')
      session = await server.connect('root', 'old', 'postgres')
    },
  )
  await session.end().catch(() => {})
})
