/** PostgreSQL as its users meet it: rights, hostile names, retained databases. */
import { expect, test } from 'vitest'
import { binding, clientPod, psql, tryPsql } from './client.ts'
import { database, hostileNames as hostile, instance, user } from './objects.ts'
import { apply, becomes, condition, get, kubectl, ready, tenant } from './world.ts'

test('rights: future tables are readable, other databases are closed, an owner can be deleted without losing a table', async () => {
  const { ns } = await tenant('rights')
  await apply(
    instance('db', ns),
    database('shop', ns, 'db'),
    database('other', ns, 'db'),
    user('owner', ns, 'db', { shop: 'Owner' }),
    user('owner2', ns, 'db', { shop: 'Owner' }),
    user('writer', ns, 'db', { shop: 'ReadWrite' }),
    user('reader', ns, 'db', { shop: 'ReadOnly' }),
    user('stranger', ns, 'db', { other: 'Owner' }),
  )
  for (const name of ['owner', 'owner2', 'writer', 'reader', 'stranger']) await becomes('databaseuser', name, ns, 'Ready', 'True')
  await clientPod(ns)
  const [owner, owner2, writer, reader, stranger] = await Promise.all(
    ['owner', 'owner2', 'writer', 'reader', 'stranger'].map(n => binding(n, ns)),
  )
  await psql(ns, owner!, "create table items (id serial, x text); insert into items (x) values ('one')")
  expect(await psql(ns, reader!, 'select x from items')).toBe('one')
  expect((await tryPsql(ns, reader!, "insert into items (x) values ('no')")).stderr).toContain('permission denied')
  await psql(ns, writer!, "insert into items (x) values ('two')")
  expect((await tryPsql(ns, writer!, 'drop table items')).stderr).toContain('must be owner')
  expect((await tryPsql(ns, { ...stranger!, database: 'shop' }, 'select 1')).stderr).toContain('permission denied for database')
  expect((await tryPsql(ns, { ...owner!, password: 'wrong' }, 'select 1')).stderr).toContain('password authentication failed')
  expect((await tryPsql(ns, { ...owner!, username: 'postgres' }, 'select 1')).code).not.toBe(0)
  await kubectl(['delete', 'databaseuser', 'owner', '-n', ns, '--timeout=60s'])
  expect(await psql(ns, owner2!, 'alter table items add column y int; select count(*) from items')).toBe('2')

  // Rights that are no longer asked for are taken away.
  await apply(user('writer', ns, 'db', { shop: 'ReadOnly' }))
  await becomes('databaseuser', 'writer', ns, 'Ready', 'True')
  const { metadata } = await get('databaseuser', 'writer', ns)
  expect((await get('databaseuser', 'writer', ns)).status.observedGeneration).toBe(metadata.generation)
  expect((await tryPsql(ns, writer!, "insert into items (x) values ('no')")).stderr).toContain('permission denied')
})

test('a login with each of a list of hostile names works and harms nothing', async () => {
  const { ns } = await tenant('hostile')
  await apply(
    instance('db', ns),
    database('plain', ns, 'db'),
    ...hostile.map((name, i) => database(`d${i}`, ns, 'db', { name })),
    ...hostile.map((name, i) => user(`u${i}`, ns, 'db', { [name]: 'Owner' }, { name })),
    user('owner', ns, 'db', { plain: 'Owner' }),
  )
  for (let i = 0; i < hostile.length; i++) await becomes('databaseuser', `u${i}`, ns, 'Ready', 'True')
  await becomes('databaseuser', 'owner', ns, 'Ready', 'True')
  await clientPod(ns)
  for (const [i, name] of hostile.entries()) {
    const login = await binding(`u${i}`, ns)
    expect(login.username).toBe(name)
    expect(await psql(ns, login, 'create table x (y int); select session_user')).toBe(name)
  }
  expect(await psql(ns, await binding('owner', ns), 'select count(*) from pg_database where not datistemplate')).toBe(
    String(hostile.length + 2),
  )
})

test('a password is rotated by raising its generation, and by nothing else', async () => {
  const { ns } = await tenant('rotate')
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await clientPod(ns)
  const first = await binding('app', ns)
  await apply(user('app', ns, 'db', { shop: 'Owner' }, { passwordGeneration: 2 }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  const { metadata, status } = await get('databaseuser', 'app', ns)
  expect(status.observedGeneration).toBe(metadata.generation)
  const second = await binding('app', ns)
  expect(second.password).not.toBe(first.password)
  expect(await psql(ns, second, 'select 1')).toBe('1')
  expect((await tryPsql(ns, first, 'select 1')).stderr).toContain('password authentication failed')
})

test('a retained database comes back with its object; of two that claim one name the older wins; system names are refused', async () => {
  const { ns } = await tenant('names')
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await clientPod(ns)
  await psql(ns, await binding('app', ns), "create table t (x text); insert into t values ('kept')")
  await kubectl(['delete', 'database', 'shop', '-n', ns, '--timeout=60s'])
  await apply(database('shop', ns, 'db'))
  await becomes('database', 'shop', ns, 'Ready', 'True')
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  expect(await psql(ns, await binding('app', ns), 'select x from t')).toBe('kept')

  await apply(
    database('again', ns, 'db', { name: 'shop' }),
    database('system', ns, 'db', { name: 'postgres' }),
    user('suffix', ns, 'db', {}, { name: 'shop_owner' }),
  )
  await becomes('database', 'again', ns, 'Stalled', 'NameTaken')
  await becomes('database', 'system', ns, 'Stalled', 'IdentifierReserved')
  await becomes('databaseuser', 'suffix', ns, 'Stalled', 'NameTaken')
  expect(condition(await get('database', 'shop', ns), 'Ready')?.status).toBe('True')
})

test('character set and collation are the database’s own', async () => {
  const { ns } = await tenant('collate')
  await apply(
    instance('db', ns),
    database('english', ns, 'db', { characterSet: 'UTF8', collate: 'en_US.UTF-8' }),
    database('nonsense', ns, 'db', { collate: 'xx_YY.UTF-8' }),
    user('app', ns, 'db', { english: 'Owner' }),
  )
  await ready('db', ns)
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await clientPod(ns)
  const sql = "select pg_encoding_to_char(encoding) || ' ' || datcollate from pg_database where datname = current_database()"
  expect((await psql(ns, await binding('app', ns), sql)).toLowerCase().replaceAll('-', '')).toBe('utf8 en_us.utf8')
  await becomes('database', 'nonsense', ns, 'Ready', 'StatementFailed')
})

test('settings scale with the flavor', async () => {
  const { ns } = await tenant('scale')
  await apply(instance('tiny', ns, { flavorRef: { name: 'tiny' } }), instance('small', ns, { flavorRef: { name: 'small' } }))
  for (const name of ['tiny', 'small']) await apply(database(name, ns, name), user(name, ns, name, { [name]: 'ReadOnly' }))
  await clientPod(ns)
  const ask = async (name: string, setting: string) => {
    await becomes('databaseuser', name, ns, 'Ready', 'True')
    return Number(await psql(ns, await binding(name, ns), `select setting from pg_settings where name = '${setting}'`))
  }
  for (const setting of ['max_connections', 'shared_buffers', 'effective_cache_size'])
    expect(await ask('small', setting), setting).toBeGreaterThan(await ask('tiny', setting))
})
