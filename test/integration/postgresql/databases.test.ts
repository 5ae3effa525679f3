/** Databases on a real server: made, kept apart, dropped and found again. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())

const present = { ensure: 'Present' } as const
const absent = { ensure: 'Absent' } as const

const ensureDatabase = (name: string, more: { characterSet?: string; collate?: string } = {}) =>
  server.session(s => s.ensureDatabase({ name, ...present, ...more }, server.signal))
const dropDatabase = (name: string) => server.session(s => s.dropDatabase({ name, ...absent }, server.signal))
const ensureOwner = (name: string, database: string) =>
  server.session(s =>
    s.ensureUser({ name, ...present, passwordRevision: 'r1', access: [{ database, privilege: 'Owner' }] }, 'secret', server.signal),
  )
const rolesLike = async (pattern: string) =>
  (
    await server.asSuperuser<{ rolname: string }>('postgres', 'select rolname from pg_roles where rolname like $1 order by 1', [pattern])
  ).map(r => r.rolname)
const databases = async () =>
  (await server.asSuperuser<{ datname: string }>('postgres', 'select datname from pg_database order by 1')).map(r => r.datname)

test('a database is made in UTF-8 with an owner role of its own, and making it again changes nothing', async () => {
  await ensureDatabase('shop')
  const look = () =>
    server.asSuperuser(
      'postgres',
      "select d.xmin::text, pg_get_userbyid(datdba) as owner, pg_encoding_to_char(encoding) as encoding, datcollate, datconnlimit from pg_database d where datname = 'shop'",
    )
  const before = await look()
  expect(before).toMatchObject([{ owner: 'shop_owner', encoding: 'UTF8', datcollate: 'C.UTF-8', datconnlimit: -1 }])
  await ensureDatabase('shop')
  expect(await look()).toEqual(before)
  expect(await rolesLike('shop%')).toEqual(['shop_owner', 'shop_ro', 'shop_rw'])
})

test('character set and collation are as asked, and a character set alone gets a collation that goes with it', async () => {
  await ensureDatabase('western', { characterSet: 'LATIN1' })
  await ensureDatabase('bytes', { characterSet: 'utf8', collate: 'C' })
  expect(
    await server.asSuperuser(
      'postgres',
      "select datname, pg_encoding_to_char(encoding) as encoding, datcollate from pg_database where datname in ('western', 'bytes') order by 1",
    ),
  ).toEqual([
    { datname: 'bytes', encoding: 'UTF8', datcollate: 'C' },
    { datname: 'western', encoding: 'LATIN1', datcollate: 'C' },
  ])
  await ensureDatabase('western', { characterSet: 'iso-8859-1' })
  await expect(ensureDatabase('western', { characterSet: 'UTF8' })).rejects.toMatchObject({ fault: { code: 'DatabaseDiffers' } })
  await expect(ensureDatabase('bytes', { collate: 'C.UTF-8' })).rejects.toMatchObject({ fault: { code: 'DatabaseDiffers' } })
})

test('a collation that the server does not have is told in its own words, and leaves no database behind', async () => {
  await expect(ensureDatabase('odd', { collate: 'xx_YY.UTF-8' })).rejects.toMatchObject({
    fault: { code: 'StatementFailed', message: expect.stringContaining('xx_YY.UTF-8') },
  })
  expect(await databases()).not.toContain('odd')
})

test('a retained database comes back with its tables', async () => {
  await ensureDatabase('kept')
  await ensureOwner('keeper', 'kept')
  await server.asTenant('keeper', 'secret', 'kept', 'create table t as select 42 as answer')
  await server.session(s => s.dropUser({ name: 'keeper', ...absent, passwordRevision: '' }, server.signal))
  await ensureDatabase('kept')
  await ensureOwner('successor', 'kept')
  expect(await server.asTenant('successor', 'secret', 'kept', 'select answer from t')).toEqual([{ answer: 42 }])
})

test('a database or role that somebody else made is never touched', async () => {
  await server.asSuperuser('postgres', 'create database foreign1')
  await expect(ensureDatabase('foreign1')).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
  await dropDatabase('foreign1')
  expect(await rolesLike('foreign1%')).toEqual([])

  await server.asSuperuser('postgres', 'create role half_rw')
  await expect(ensureDatabase('half')).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
  await dropDatabase('half')
  expect(await rolesLike('half%')).toEqual(['half_rw'])

  // One of ours that a superuser has taken over keeps its roles, too.
  await ensureDatabase('adopted')
  await server.asSuperuser('postgres', 'alter database adopted owner to postgres')
  await expect(ensureDatabase('adopted')).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
  await dropDatabase('adopted')
  expect(await rolesLike('adopted%')).toEqual(['adopted_owner', 'adopted_ro', 'adopted_rw'])
  expect(await databases()).toEqual(expect.arrayContaining(['foreign1', 'adopted']))
})

test('system databases are neither made nor dropped', async () => {
  for (const name of ['postgres', 'template0', 'template1']) {
    await expect(ensureDatabase(name)).rejects.toMatchObject({ fault: { code: 'IdentifierReserved' } })
    await dropDatabase(name)
    expect(await databases()).toContain(name)
  }
})

test('a database goes with its roles, its sessions, and what its roles were given elsewhere', async () => {
  await ensureDatabase('going')
  await ensureDatabase('staying')
  await ensureOwner('goer', 'going')
  await ensureOwner('stayer', 'staying')
  await server.asTenant('stayer', 'secret', 'staying', 'create table shared (n int); grant select on shared to going_ro')
  const session = await server.connect('goer', 'secret', 'going')
  const ended = new Promise(resolve => session.once('end', resolve))
  await server.asTenant('goer', 'secret', 'going', 'alter database going is_template true')
  await dropDatabase('going')
  await ended
  expect(await databases()).not.toContain('going')
  expect(await rolesLike('going%')).toEqual([])
  await dropDatabase('going')
})

test('a creation that was interrupted after any step is completed, and until then no tenant connects', async () => {
  await ensureDatabase('cut')
  await ensureOwner('cutter', 'cut')
  await server.asSuperuser('postgres', 'alter database cut connection limit 0')
  await expect(server.connect('cutter', 'secret', 'cut')).rejects.toThrow(/too many connections/)
  await ensureDatabase('cut')
  await server.asTenant('cutter', 'secret', 'cut', 'select 1')

  await dropDatabase('cut')
  await server.asSuperuser('postgres', 'create role cut_owner')
  await server.asSuperuser('postgres', "comment on role cut_owner is 'trove.dev/database'")
  await ensureDatabase('cut')
  expect(await rolesLike('cut\\_%')).toEqual(['cut_owner', 'cut_ro', 'cut_rw'])

  await server.asSuperuser('postgres', 'drop database cut')
  await dropDatabase('cut')
  expect(await rolesLike('cut\\_%')).toEqual([])
})

test('a drop that was interrupted half-way is completed by either a drop or a new creation', async () => {
  for (const again of [ensureDatabase, dropDatabase]) {
    await ensureDatabase('halfgone')
    await server.asSuperuser('postgres', "update pg_database set datconnlimit = -2 where datname = 'halfgone'")
    await again('halfgone')
    expect((await databases()).includes('halfgone')).toBe(again === ensureDatabase)
  }
})

test('what an owner sets for its database does not reach the agent', async () => {
  await ensureDatabase('trap')
  await ensureOwner('trapper', 'trap')
  await server.asTenant(
    'trapper',
    'secret',
    'trap',
    `create schema evil;
     create function evil.current_setting(text) returns text language sql as 'select ''owned''';
     alter database trap set search_path = evil, pg_catalog;
     alter database trap set default_transaction_read_only = on;
     alter database trap set role = trap_ro;
     alter database trap set statement_timeout = 1`,
  )
  const [row] = await server.asSuperuser<Record<string, string>>(
    'trap',
    "select current_setting('search_path') as path, current_user as name, current_setting('transaction_read_only') as readonly, current_setting('statement_timeout') as timeout",
  )
  expect(row).toEqual({ path: 'pg_catalog,pg_temp', name: 'postgres', readonly: 'off', timeout: '1min' })
  await dropDatabase('trap')
})
