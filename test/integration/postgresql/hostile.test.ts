/** Names, passwords and texts made to break out of quotes, on a real server. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identifier, literal } from '../../../src/engines/postgresql/quote.ts'
import { type Server, startServer } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())

const names = [
  'all',
  'replication',
  'sameuser',
  'user',
  'current_user',
  'SELECT',
  'Case Sensitive',
  'a"b',
  '"',
  '""',
  "a'b",
  "'; drop role postgres; --",
  '"; DROP DATABASE postgres; --',
  'a\\b',
  "\\'",
  '$$',
  '$1',
  '%s %I %L',
  '%2e%2e',
  '{x}',
  '../../etc/passwd',
  '-c role=postgres',
  '--',
  '/* */',
  'a,b',
  'a;b',
  'a=b',
  'a b ',
  ' ',
  '@host',
  'a:b@c/d?e#f',
  '?sslmode=disable',
  'host=elsewhere',
  'postgresql://elsewhere/db',
  'имя',
  '名前',
  '👍🏽',
  'ＦｕｌｌＷｉｄｔｈ',
  '\u202Etxt.exe',
  '__proto__',
  'constructor',
  'null',
  'x'.repeat(57),
  'é'.repeat(28),
]

test.each(names)('a database and a login named %j work and harm nothing', async name => {
  const password = `p:@/?#[]%"'\\ ${name}`
  const user = { name, ensure: 'Present', passwordRevision: 'r1', access: [{ database: name, privilege: 'Owner' }] } as const
  await server.session(async s => {
    await s.ensureDatabase({ name, ensure: 'Present' }, server.signal)
    await s.ensureUser({ ...user, access: [...user.access] }, password, server.signal)
    await s.ensureUser({ ...user, access: [...user.access] }, password, server.signal)
  })
  const me = 'select session_user::text as login, current_user::text as role, current_database()::text as database'
  const expected = { login: name, role: `${name}_owner`, database: name }
  await server.asTenant(name, password, name, 'create table t (n int)')
  expect(await server.asTenant(name, password, name, me)).toEqual([expected])
  expect(await psql(server.binding(name, password, name), `select row_to_json(x) from (${me}) x`)).toEqual(expected)
  await server.session(async s => {
    await s.ensureUser({ ...user, access: [{ database: name, privilege: 'ReadOnly' }] }, password, server.signal)
    await s.dropUser({ ...user, ensure: 'Absent', access: [] }, server.signal)
    await s.dropDatabase({ name, ensure: 'Absent' }, server.signal)
  })
  expect(
    await server.asSuperuser(
      'postgres',
      "select rolname from pg_roles where rolname not like 'pg\\_%' union select datname from pg_database order by 1",
    ),
  ).toEqual([{ rolname: 'postgres' }, { rolname: 'template0' }, { rolname: 'template1' }])
})

test.each(['LATIN1', 'EUC_JP', 'SQL_ASCII'])(
  'in a database of character set %s a user whose name it cannot express is deleted without losing its table',
  async characterSet => {
    await server.session(async s => {
      const name = `база ${characterSet}`
      const user = {
        name: 'имя',
        ensure: 'Present',
        passwordRevision: 'r1',
        access: [{ database: name, privilege: 'Owner' as const }],
      } as const
      await s.ensureDatabase({ name, ensure: 'Present', characterSet }, server.signal)
      await s.ensureUser({ ...user, access: [...user.access] }, 'secret', server.signal)
      // Not as the tenant, to whom the server itself cannot always tell its own name; and by the mark, for the name cannot be written here.
      await server.asSuperuser(
        name,
        `do $do$ begin
           create table public.t (n int);
           execute format('alter table public.t owner to %I',
             (select rolname from pg_roles where shobj_description(oid, 'pg_authid') = 'trove.dev/user'));
         end $do$`,
      )
      await s.dropUser({ ...user, access: [] }, server.signal)
      expect(
        await server.asSuperuser(name, "select tableowner::text like '%\\_owner' as kept from pg_tables where tablename = 't'"),
      ).toEqual([{ kept: true }])
      await s.dropDatabase({ name, ensure: 'Absent' }, server.signal)
    })
  },
)

test.each([
  'plain',
  'ﬁne ligature',
  'no\u00A0break',
  'zero\u200Bwidth',
  'soft\u00ADhyphen',
  '½ Å ｆｕｌｌ',
  'é',
  'e\u0301',
  '👍🏽',
  'with\ttab',
  'אבג',
  ' ',
])('libpq and the driver log in with password %j', async password => {
  await server.session(async s => {
    await s.ensureDatabase({ name: 'login', ensure: 'Present' }, server.signal)
    const access = [{ database: 'login', privilege: 'ReadOnly' as const }]
    await s.ensureUser({ name: 'somebody', ensure: 'Present', passwordRevision: 'r1', access }, password, server.signal)
  })
  const sql = "select json_build_object('name', current_user)"
  expect(await psql(server.binding('somebody', password, 'login'), sql)).toEqual({ name: 'somebody' })
  await server.asTenant('somebody', password, 'login', 'select 1')
})

test('any password logs in through the binding, exactly as it is', async () => {
  await server.session(async s => {
    await s.ensureDatabase({ name: 'login', ensure: 'Present' }, server.signal)
  })
  const access = [{ database: 'login', privilege: 'ReadOnly' as const }]
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 100 }).filter(p => !p.includes('\0')),
      async password => {
        await server.session(s =>
          s.ensureUser({ name: 'anybody', ensure: 'Present', passwordRevision: 'r1', access }, password, server.signal),
        )
        const me = await psql(server.binding('anybody', password, 'login'), "select json_build_object('name', current_user)")
        expect(me).toEqual({ name: 'anybody' })
      },
    ),
    { numRuns: 60 },
  )
})

const storable = fc.string({ unit: 'binary', maxLength: 200 }).filter(text => !text.includes('\0'))

test('any text comes back from the server as it was quoted', async () => {
  await fc.assert(
    fc.asyncProperty(storable, async text => {
      expect(await server.asSuperuser('postgres', `select ${literal(text)} as text`)).toEqual([{ text }])
    }),
    { numRuns: 100 },
  )
})

test('a text is quoted rightly also where backslashes are escapes', async () => {
  const access = [{ database: 'login', privilege: 'ReadOnly' as const }]
  await server.session(async s => {
    await s.ensureDatabase({ name: 'login', ensure: 'Present' }, server.signal)
    await s.ensureUser({ name: 'quoter', ensure: 'Present', passwordRevision: 'r1', access }, 'secret', server.signal)
  })
  const client = await server.connect('quoter', 'secret', 'login')
  await client.query('set standard_conforming_strings to off')
  await fc.assert(
    fc.asyncProperty(storable, async text => {
      expect((await client.query(`select ${literal(text)} as text`)).rows).toEqual([{ text }])
    }),
    { numRuns: 100 },
  )
  await client.end()
})

test('any name comes back from the server as it was quoted', async () => {
  const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 63 }).filter(n => !n.includes('\0') && Buffer.byteLength(n) <= 63)
  await fc.assert(
    fc.asyncProperty(name, async name => {
      expect(await server.asSuperuser('postgres', `select 1 as ${identifier(name)}`)).toEqual([JSON.parse(`{${JSON.stringify(name)}: 1}`)])
    }),
    { numRuns: 100 },
  )
})

async function psql(uri: string, sql: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(join(server.bin, 'psql'), ['-X', '-At', '-c', sql, uri], {
    env: { PGCLIENTENCODING: 'UTF8' },
  })
  return JSON.parse(stdout)
}
