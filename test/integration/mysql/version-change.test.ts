/** Data of an older version under a newer server: what its own tool makes of it, once, twice, and cut off in the middle. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { guestEngines } from '../../../src/engines/guest-engines.ts'
import { itemsOf } from './items.ts'
import { type Server, startServer } from './server.ts'

const guest = await guestEngines.mariadb()
let server: Server
beforeAll(async () => {
  server = await startServer({ engine: 'mariadb', version: '10.11', of: 'mariadb:10.11' })
})
afterAll(() => server?.remove())
const { ensureDatabase, ensureUser } = itemsOf(() => server)
const rows = () => server.asTenant<{ n: number }>('app', 'secret', 'app', 'select count(*) as n from t')
const upgrade = () => guest.upgrade!(server.paths)
/** As the tool itself has it. */
const isNeeded = async () =>
  (await server.job(`(${upgrade()} --check-if-upgrade-is-needed) && echo needed || echo done`)).includes('needed')

test('what the older version has written is there under the newer one, whose tool is cut off, and then comes to its end', async () => {
  await ensureDatabase('app')
  await ensureUser('app', { app: 'Owner' })
  await server.asTenant('app', 'secret', 'app', 'create table t (n int primary key, at timestamp)')
  for (let n = 1; n <= 50; n++) await server.asTenant('app', 'secret', 'app', `insert into t (n) values (${n})`)
  await server.end('TERM')
  await server.become({ engine: 'mariadb', version: '11.8', of: 'mariadb:11.8' })
  await server.start()
  expect((await server.session(s => s.facts(server.signal))).version).toMatch(/^11\.8\./)
  expect(await isNeeded()).toBe(true)
  await server.job(`(${upgrade()}) & sleep 0.2; kill -9 $!; wait; true`)
  expect(await isNeeded()).toBe(true)
  await server.job(upgrade())
  expect(await isNeeded()).toBe(false)
  expect(await rows()).toEqual([{ n: 50 }])
})

test('run once more it ends well, and changes nothing', async () => {
  await server.job(upgrade())
  expect(await isNeeded()).toBe(false)
})

test('the agent brings databases and users about as before', async () => {
  await ensureDatabase('more')
  await ensureUser('app', { app: 'Owner', more: 'ReadOnly' })
  await ensureUser('other', { more: 'ReadWrite' })
  expect(await server.asTenant('other', 'secret', 'more', 'select 1 as one')).toEqual([{ one: 1 }])
  expect(await rows()).toEqual([{ n: 50 }])
})

test('a server that is killed under its tool starts again, and the tool comes to its end', async () => {
  const running = server.job(`${upgrade()} --force`).then(
    () => 'ended',
    () => 'cut off',
  )
  await delay(300)
  await server.end('KILL')
  expect(await running).toBe('cut off')
  await server.start()
  await server.job(`${upgrade()} --force`)
  expect(await rows()).toEqual([{ n: 50 }])
})
