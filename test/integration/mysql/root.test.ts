/** root on a real server: what it may do, what is left of it when it is switched off, and that no step of the way is one that cannot be gone on from. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Connection } from '../../../src/engines/mysql/connection.ts'
import { mariadb, mysql } from '../../../src/engines/mysql/dialect.ts'
import * as engine from '../../../src/engines/mysql/root.ts'
import { itemsOf } from './items.ts'
import { type Server, startServer } from './server.ts'
import { servers } from './servers.ts'

describe.each(servers)('$of', kind => {
  let server: Server
  beforeAll(async () => {
    server = await startServer(kind)
    await ensureDatabase('shop')
  })
  afterAll(() => server?.remove())
  const { ensureDatabase, ensureUser } = itemsOf(() => server)
  const on = (password = 'secret') => server.session(s => s.ensureRoot(password, server.signal))
  const off = () => server.session(s => s.dropRoot(server.signal))
  const asRoot = <Row>(sql: string, database?: string, password = 'secret') => server.asTenant<Row>('root', password, database, sql)
  const accounts = () => server.asSuperuser("select * from mysql.user where user = 'root' and host <> 'localhost'")
  const rights = async () =>
    (await server.asSuperuser<Record<string, string>>("show grants for 'root'@'%'")).flatMap(row => Object.values(row)).sort()
  const reset = async () => {
    await server.asSuperuser('drop view if exists shop.seen')
    await off()
  }
  beforeEach(reset)

  test('it may do everything, and does not come in with another password', async () => {
    await on()
    await asRoot('create database made')
    await asRoot('create table t (n int)', 'made')
    await asRoot('drop database made')
    await asRoot("create user 'other'@'%'")
    await asRoot("grant all privileges on shop.* to 'other'@'%' with grant option")
    await asRoot("drop user 'other'@'%'")
    await asRoot('select 1', 'mysql')
    await asRoot('set global long_query_time = 7')
    await ensureUser('app', { shop: 'Owner' })
    await asRoot("alter user 'app'@'%' account lock")
    await ensureUser('app', { shop: 'Owner' })
    await expect(asRoot('select 1', undefined, 'wrong')).rejects.toThrow(/denied/)
    await on('another')
    await expect(asRoot('select 1')).rejects.toThrow(/denied/)
    await asRoot('select 1', undefined, 'another')
  })

  test.runIf(kind.engine === 'mysql')('it does not end, lock or drop the agent’s account by mistake', async () => {
    await on()
    const admin = await server.superuser()
    const [{ id } = { id: 0 }] = await admin.query<{ id: number }>('select connection_id() as id', [], server.signal)
    for (const sql of [
      "alter user 'mysql'@'localhost' account lock",
      "drop user 'mysql'@'localhost'",
      "rename user 'mysql'@'localhost' to 'x'@'localhost'",
      "revoke all privileges, grant option from 'mysql'@'localhost'",
      "set password for 'mysql'@'localhost' = 'x'",
      `kill ${id}`,
    ])
      await expect(asRoot(sql), sql).rejects.toThrow(/denied|not owner/)
    await admin.query('select 1', [], server.signal)
    await admin.close()
  })

  test('as it is asked for it is not written again, and what was changed by hand is put right', async () => {
    await on()
    const before = [await accounts(), await rights()]
    const open = await server.connect('root', 'secret')
    await on()
    expect([await accounts(), await rights()]).toEqual(before)
    await open.query('select 1')
    await open.end()
    const mysql = ["revoke role_admin on *.* from 'root'@'%'", "grant system_user on *.* to 'root'@'%'"]
    const mariadb = ["revoke binlog monitor on *.* from 'root'@'%'"]
    for (const change of [
      "alter user 'root'@'%' account lock",
      "revoke select on *.* from 'root'@'%'",
      "revoke grant option on *.* from 'root'@'%'",
      ...(kind.engine === 'mysql' ? mysql : mariadb),
    ]) {
      await server.asSuperuser(change)
      await on()
      expect(await rights(), change).toEqual(before[1])
      await asRoot('select 1')
    }
    await asRoot("alter user 'root'@'%' identified by 'Other-1-password'")
    await on()
    await asRoot('select 1')
  })

  test('switched off it is gone with its sessions, and what it made is there; off again, nothing is written', async () => {
    await on()
    await asRoot('create table kept as select 7 as n', 'shop')
    const open = await server.connect('root', 'secret')
    await off()
    await expect(open.query('select 1')).rejects.toThrow()
    await expect(asRoot('select 1')).rejects.toThrow(/denied/)
    expect(await accounts()).toEqual([])
    expect(await server.asSuperuser('select n from shop.kept')).toEqual([{ n: 7 }])
    await off()
    await server.asSuperuser('drop table shop.kept')
  })

  test('a view of root’s works on while root is off, and root comes back to it', async () => {
    await on()
    await asRoot('create view seen as select 8 as n', 'shop')
    await off()
    await off()
    await ensureUser('reader', { shop: 'ReadOnly' })
    expect(await server.asTenant('reader', 'secret', 'shop', 'select n from seen')).toEqual([{ n: 8 }])
    await expect(asRoot('select 1')).rejects.toThrow(/lock|denied/)
    await on('later')
    await asRoot('drop view seen', 'shop', 'later')
    await off()
    expect(await accounts()).toEqual([])
  })

  test('an account root that somebody else made is never touched, whatever host it is for', async () => {
    for (const host of ['%', '10.0.0.1']) {
      await server.asSuperuser(`create user 'root'@'${host}'`)
      const before = await accounts()
      await expect(on()).rejects.toMatchObject({ fault: { code: 'NameTaken' } })
      await off()
      expect(await accounts()).toEqual(before)
      await server.asSuperuser(`drop user 'root'@'${host}'`)
    }
  })

  /** Fails before the statement of that number, and after the last one no more. */
  const mortal = (admin: Connection, lifetime: number): Connection => {
    let said = 0
    const alive = () => (said++ < lifetime ? Promise.resolve() : Promise.reject(new Error('killed')))
    return {
      ...admin,
      query: async (...of) => {
        await alive()
        return admin.query(...of)
      },
      run: async (statements, signal) => {
        for (const statement of statements) {
          await alive()
          await admin.run([statement], signal)
        }
      },
    }
  }
  const lifetimes = async (work: (agent: Connection) => Promise<void>, check: (lifetime: number) => Promise<void>) => {
    for (let lifetime = 0, killed = true; killed; lifetime++) {
      expect(lifetime).toBeLessThan(40)
      const admin = await server.superuser()
      killed = await work(mortal(admin, lifetime)).then(
        () => false,
        () => true,
      )
      await admin.close()
      await check(lifetime)
    }
  }

  test.each([false, true])(
    'an agent that is killed in switching it off leaves it to the next, whether a view is its own: %s',
    async owns => {
      const begin = async () => {
        await reset()
        await on()
        if (owns) await asRoot('create or replace view seen as select 8 as n', 'shop')
      }
      await begin()
      let session = await server.connect('root', 'secret')
      await lifetimes(
        agent => engine.dropRoot(agent, server.signal),
        async lifetime => {
          await off()
          await expect(session.query('select 1'), `killed before ${lifetime}`).rejects.toThrow()
          await expect(asRoot('select 1'), `killed before ${lifetime}`).rejects.toThrow(/lock|denied/)
          await begin()
          session = await server.connect('root', 'secret')
        },
      )
      await session.end()
    },
  )

  test('nor is an agent that is killed in switching it on; and where it was switched off meanwhile unseen, who was in is out', async () => {
    for (const first of [true, false]) {
      await reset()
      if (!first) await on('old')
      let session = first ? undefined : await server.connect('root', 'old')
      await lifetimes(
        agent => engine.ensureRoot(agent, kind.engine === 'mysql' ? mysql : mariadb, 'new', server.signal),
        async lifetime => {
          await on('new')
          if (session !== undefined) await expect(session.query('select 1'), `killed before ${lifetime}`).rejects.toThrow()
          await asRoot('select 1', undefined, 'new')
          await reset()
          if (first) return
          await on('old')
          session = await server.connect('root', 'old')
        },
      )
      await session?.end()
    }
  })
})
