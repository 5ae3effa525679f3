/** Databases on a real server: made, kept apart, dropped and found again. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { itemsOf } from './items.ts'
import { type Server, startServer } from './server.ts'
import { servers } from './servers.ts'

describe.each(servers)('$of', kind => {
  let server: Server
  beforeAll(async () => {
    server = await startServer(kind)
  })
  afterAll(() => server?.remove())
  const { ensureDatabase, dropDatabase, ensureUser } = itemsOf(() => server)
  const databases = async () => (await server.asSuperuser<{ Database: string }>('show databases')).map(row => row.Database)

  test('a database is made in UTF-8, and making it again changes nothing', async () => {
    await ensureDatabase('shop')
    await ensureDatabase('shop')
    const [shop] = await server.asSuperuser(
      "select default_character_set_name as characters from information_schema.schemata where schema_name = 'shop'",
    )
    expect(shop).toEqual({ characters: 'utf8mb4' })
  })

  test('character set and collation are as asked, and are never changed under a table', async () => {
    await ensureDatabase('western', { characterSet: 'LATIN1', collate: 'latin1_german1_ci' })
    await ensureDatabase('western', { characterSet: 'latin1' })
    await ensureDatabase('three', { characterSet: 'utf8' })
    await ensureDatabase('three', { characterSet: 'utf8mb3' })
    await expect(ensureDatabase('western', { characterSet: 'utf8mb4' })).rejects.toMatchObject({ fault: { code: 'DatabaseDiffers' } })
    await expect(ensureDatabase('western', { collate: 'latin1_bin' })).rejects.toMatchObject({ fault: { code: 'DatabaseDiffers' } })
  })

  test('a collation that the server does not have is told in its own words, and leaves no database behind', async () => {
    await expect(ensureDatabase('odd', { collate: 'xx_yy' })).rejects.toMatchObject({
      fault: { code: 'StatementFailed', message: expect.stringContaining('xx_yy') },
    })
    expect(await databases()).not.toContain('odd')
  })

  test('a retained database comes back with its tables', async () => {
    await ensureDatabase('kept')
    await ensureUser('keeper', { kept: 'Owner' })
    await server.asTenant('keeper', 'secret', 'kept', 'create table t as select 42 as answer')
    await server.session(s => s.dropUser({ name: 'keeper', ensure: 'Absent', passwordRevision: '' }, server.signal))
    await ensureDatabase('kept')
    await ensureUser('successor', { kept: 'Owner' })
    expect(await server.asTenant('successor', 'secret', 'kept', 'select answer from t')).toEqual([{ answer: 42 }])
  })

  test('a database that somebody else made is never touched', async () => {
    await server.asSuperuser('create database foreign1')
    await expect(ensureDatabase('foreign1')).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
    await dropDatabase('foreign1')
    expect(await databases()).toContain('foreign1')
  })

  test('system databases are neither made nor dropped, nor is ours', async () => {
    for (const name of ['mysql', 'information_schema', 'performance_schema', 'sys', 'SYS', 'trove_guest']) {
      await expect(ensureDatabase(name)).rejects.toMatchObject({ fault: { code: 'IdentifierReserved' } })
      await dropDatabase(name)
    }
    expect(await databases()).toEqual(expect.arrayContaining(['mysql', 'information_schema', 'performance_schema', 'sys', 'trove_guest']))
  })

  test('a database goes with the sessions in it, and the rights on it are not good for the next one of its name', async () => {
    await ensureDatabase('going')
    await ensureUser('goer', { going: 'Owner' })
    const session = await server.connect('goer', 'secret', 'going')
    await session.query('create table held (n int) engine InnoDB')
    await session.query('start transaction')
    await session.query('select * from held')
    await dropDatabase('going')
    expect(await databases()).not.toContain('going')
    await expect(session.query('select 1')).rejects.toThrow()
    await ensureDatabase('going')
    await expect(server.connect('goer', 'secret', 'going')).rejects.toThrow(/denied/)
    await dropDatabase('going')
    await dropDatabase('going')
  })

  test('a name whose form in a grant is as long as can be has its rights to the letter, and a longer one is refused', async () => {
    const longest = '_'.repeat(32)
    await ensureDatabase(longest)
    await ensureDatabase(`${longest.slice(1)}x`)
    await ensureUser('long', { [longest]: 'Owner' })
    await server.asTenant('long', 'secret', longest, 'create table t (n int)')
    await expect(server.connect('long', 'secret', `${longest.slice(1)}x`)).rejects.toThrow(/denied/)
    await expect(ensureDatabase(`${longest}x`)).rejects.toMatchObject({ fault: { code: 'IdentifierInvalid' } })
    expect(await databases()).not.toContain(`${longest}x`)
  })

  test('a creation that was interrupted is completed', async () => {
    await ensureDatabase('cut')
    await server.asSuperuser('drop database cut')
    await ensureDatabase('cut')
    expect(await databases()).toContain('cut')
  })

  test('names that differ only in case or in an accent are different databases', async () => {
    for (const name of ['cafe', 'Cafe', 'café']) await ensureDatabase(name)
    await dropDatabase('Cafe')
    const left = await databases()
    expect(['cafe', 'Cafe', 'café'].map(name => left.includes(name))).toEqual([true, false, true])
  })
})
