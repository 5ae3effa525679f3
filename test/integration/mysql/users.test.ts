/** Users on a real server: what they may do, what they lose, and what stays when they go. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { itemsOf } from './items.ts'
import { type Server, startServer } from './server.ts'
import { servers } from './servers.ts'

describe.each(servers)('$of', kind => {
  let server: Server
  beforeAll(async () => {
    server = await startServer(kind)
    for (const name of ['shop', 'other', 'a_c', 'abc']) await ensureDatabase(name)
  })
  afterAll(() => server?.remove())
  const { ensureDatabase, dropDatabase, ensureUser, dropUser } = itemsOf(() => server)
  const as = <Row>(user: string, sql: string, database: string | undefined = 'shop', password = 'secret') =>
    server.asTenant<Row>(user, password, database, sql)
  const grants = async (user: string) =>
    (await server.asSuperuser<Record<string, string>>(`show grants for '${user}'@'%'`)).flatMap(row => Object.values(row)).sort()

  test('an owner makes and drops tables, a writer writes them, a reader reads them, and nobody is let in elsewhere', async () => {
    await ensureUser('owner', { shop: 'Owner' })
    await ensureUser('writer', { shop: 'ReadWrite' })
    await ensureUser('reader', { shop: 'ReadOnly' })
    await as('owner', 'create table items (n int primary key)')
    await as('writer', 'insert into items values (1)')
    expect(await as('reader', 'select n from items')).toEqual([{ n: 1 }])
    await expect(as('reader', 'insert into items values (2)')).rejects.toThrow(/denied/)
    await expect(as('writer', 'drop table items')).rejects.toThrow(/denied/)
    await expect(as('owner', 'select 1', 'other')).rejects.toThrow(/denied/)
    await expect(as('owner', 'select 1', 'mysql')).rejects.toThrow(/denied/)
    await expect(as('owner', 'select 1', 'trove_guest')).rejects.toThrow(/denied/)
    await expect(as('owner', "grant select on shop.* to 'reader'@'%'")).rejects.toThrow(/denied/)
    await as('owner', 'drop table items')
  })

  test('a wrong password is refused, a right one is taken again once it is the one asked for', async () => {
    await ensureUser('turner', { shop: 'Owner' }, 'first')
    await expect(as('turner', 'select 1', 'shop', 'wrong')).rejects.toThrow(/denied/)
    await expect(as('turner', 'select 1', 'shop', '')).rejects.toThrow(/denied/)
    await ensureUser('turner', { shop: 'Owner' }, 'sécond"\'`\\ $x')
    await expect(as('turner', 'select 1', 'shop', 'first')).rejects.toThrow(/denied/)
    await as('turner', 'select 1', 'shop', 'sécond"\'`\\ $x')
  })

  test.each(['', 'x', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(33), 'é'.repeat(64), 'x'.repeat(200)])(
    'a password of any length is one that the server takes: %#',
    async password => {
      await ensureUser('length', { shop: 'Owner' }, `p${password}`)
      await as('length', 'select 1', 'shop', `p${password}`)
    },
  )

  test('bringing about what is there already writes nothing', async () => {
    await ensureUser('still', { shop: 'ReadOnly', other: 'Owner' })
    const open = await server.connect('still', 'secret', 'shop')
    const [before] = await server.asSuperuser<Record<string, string>>("show create user 'still'@'%'")
    await ensureUser('still', { other: 'Owner', shop: 'ReadOnly' })
    expect(await server.asSuperuser("show create user 'still'@'%'")).toEqual([before])
    await open.query('select 1')
    await open.end()
  })

  test('rights are exactly those asked for, whatever a superuser has added', async () => {
    await ensureUser('exact', { shop: 'ReadOnly', other: 'Owner' })
    const wanted = await grants('exact')
    await as('owner', 'create table if not exists single (n int)')
    await server.asSuperuser('create role helper')
    for (const more of [
      "grant process on *.* to 'exact'@'%'",
      "grant select on abc.* to 'exact'@'%'",
      "grant insert on shop.* to 'exact'@'%'",
      "grant update on shop.single to 'exact'@'%'",
      "grant all on other.* to 'exact'@'%' with grant option",
      "grant helper to 'exact'@'%'",
    ]) {
      await server.asSuperuser(more)
      expect(await grants('exact'), more).not.toEqual(wanted)
      await ensureUser('exact', { shop: 'ReadOnly', other: 'Owner' })
      expect(await grants('exact'), more).toEqual(wanted)
    }
    await as('exact', 'select 1')
  })

  test('a name that holds a wildcard gives no right elsewhere', async () => {
    await ensureUser('wild', { a_c: 'Owner' })
    await as('wild', 'create table if not exists t (n int)', 'a_c')
    await expect(as('wild', 'select 1', 'abc')).rejects.toThrow(/denied/)
  })

  test('what a superuser gave by a pattern is taken back, beside what is ours and instead of it', async () => {
    await ensureUser('loose', { a_c: 'ReadOnly' })
    const wanted = await grants('loose')
    for (const more of [
      'insert on a_c.*',
      'select on `a_c`.*',
      'select on `%`.*',
      'all on `sh%`.*',
      'select on `o\\_her`.*',
      'select on `a%`.*',
    ]) {
      await server.asSuperuser(`grant ${more} to 'loose'@'%' with grant option`)
      expect(await grants('loose'), more).not.toEqual(wanted)
      await ensureUser('loose', { a_c: 'ReadOnly' })
      expect(await grants('loose'), more).toEqual(wanted)
    }
    await as('loose', 'select 1', 'a_c')
    await ensureUser('loose', {})
    await server.asSuperuser("grant select on a_c.* to 'loose'@'%'")
    await ensureUser('loose', { a_c: 'ReadOnly' })
    expect(await grants('loose')).toEqual(wanted)
  })

  test('who loses rights loses the sessions that had them, and who keeps or gains keeps its own', async () => {
    await ensureUser('loser', { shop: 'Owner', other: 'Owner' })
    const open = await server.connect('loser', 'secret', 'shop')
    await ensureUser('loser', { shop: 'Owner', other: 'Owner', abc: 'ReadOnly' })
    await open.query('select 1')
    await ensureUser('loser', { shop: 'ReadOnly', other: 'Owner' })
    await expect(open.query('select 1')).rejects.toThrow()
    await expect(as('loser', 'create table no (n int)')).rejects.toThrow(/denied/)
    await as('loser', 'create table if not exists yes (n int)', 'other')
  })

  test('what was interrupted when it was locked is carried on', async () => {
    await ensureUser('halfway', { shop: 'Owner' })
    await server.asSuperuser("alter user 'halfway'@'%' account lock")
    await expect(as('halfway', 'select 1')).rejects.toThrow(/lock/)
    await ensureUser('halfway', { shop: 'Owner' })
    await as('halfway', 'select 1')
  })

  test('access to a database that is not there is given as soon as it is, and the others at once', async () => {
    await expect(ensureUser('early', { shop: 'Owner', late: 'Owner' })).rejects.toMatchObject({ fault: { code: 'StatementFailed' } })
    await as('early', 'select 1')
    await ensureDatabase('late')
    await ensureUser('early', { shop: 'Owner', late: 'Owner' })
    await as('early', 'select 1', 'late')
  })

  test('a user that somebody else made is never touched, whatever host it is for', async () => {
    await server.asSuperuser("create user 'stranger'@'%'")
    await server.asSuperuser("create user 'neighbour'@'10.0.0.1'")
    for (const name of ['stranger', 'neighbour']) {
      await expect(ensureUser(name, { shop: 'Owner' })).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
      await dropUser(name)
    }
    expect(await server.asSuperuser("select user from mysql.user where user in ('stranger', 'neighbour') order by 1")).toHaveLength(2)
    await expect(ensureUser('root', {})).rejects.toMatchObject({ fault: { code: 'IdentifierReserved' } })
  })

  test('a user goes with its sessions and its rights, and no table goes with it', async () => {
    await ensureUser('leaver', { shop: 'Owner' })
    await as('leaver', 'create table left_behind as select 7 as n')
    const open = await server.connect('leaver', 'secret', 'shop')
    await dropUser('leaver')
    await expect(open.query('select 1')).rejects.toThrow()
    await expect(as('leaver', 'select 1')).rejects.toThrow(/denied/)
    expect(await as('owner', 'select n from left_behind')).toEqual([{ n: 7 }])
    await dropUser('leaver')
    await ensureUser('leaver', {})
    expect(await grants('leaver')).toHaveLength(1)
  })

  test('a login that holds every prepared statement that the server has is in nobody’s way, and goes', async () => {
    await ensureUser('hoarder', { other: 'ReadOnly' })
    await server.asSuperuser('set global max_prepared_stmt_count = 3')
    const hoarder = await server.connect('hoarder', 'secret', 'other')
    for (let n = 0; n < 3; n++) await hoarder.prepare(`select ${n}`)
    await expect(hoarder.prepare('select 3')).rejects.toMatchObject({ errno: 1461 })
    await ensureUser('latecomer', { other: 'ReadOnly' })
    await server.session(s => s.ensureRoot('secret', server.signal))
    await server.session(s => s.dropRoot(server.signal))
    await dropUser('hoarder')
    await expect(hoarder.query('select 1')).rejects.toThrow()
    await server.asSuperuser('set global max_prepared_stmt_count = default')
  })

  test('views, triggers and routines of a user that goes work on, and its name can be used again', async () => {
    await ensureUser('definer', { shop: 'Owner' })
    await as('definer', 'create table base as select 1 as n')
    await as('definer', 'create view seen as select n from base')
    await dropUser('definer')
    await expect(as('definer', 'select 1')).rejects.toThrow(/lock|denied/)
    expect(await as('reader', 'select n from seen')).toEqual([{ n: 1 }])
    await ensureUser('definer', { other: 'ReadOnly' }, 'anew')
    await as('definer', 'select 1', 'other', 'anew')
    await expect(as('definer', 'select 1', 'shop', 'anew')).rejects.toThrow(/denied/)
    await dropDatabase('shop')
    await ensureDatabase('shop')
    await dropUser('definer')
    expect(await server.asSuperuser("select user from mysql.user where user = 'definer'")).toEqual([])
  })

  test.each([
    `o'brien`,
    '"; drop table x; --',
    'back\\slash',
    '{curly} $dollar %s',
    'ünïcode ☃',
    'UPPER lower',
    'select',
    'a.b/c@d:e?f#g',
    '`tick`',
    "a'@'b",
    '%',
  ])('a login and a database named %j work and harm nothing', async name => {
    await ensureDatabase(name)
    await ensureUser(name, { [name]: 'Owner' })
    await ensureUser(name, { [name]: 'Owner' })
    await as(name, 'create table x (y int)', name)
    await expect(as(name, 'select 1', 'other')).rejects.toThrow(/denied/)
    await dropUser(name)
    await expect(as(name, 'select 1', name)).rejects.toThrow(/denied/)
    await dropDatabase(name)
  })
})
