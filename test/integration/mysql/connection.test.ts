/** The agent's own session on a real server: nothing that a superuser sets for everyone who connects reaches it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { itemsOf } from './items.ts'
import { type Server, startServer } from './server.ts'
import { servers } from './servers.ts'

describe.each(servers)('$of', kind => {
  let server: Server
  beforeAll(async () => {
    server = await startServer(kind)
    for (const name of ['shop', 'other']) await ensureDatabase(name)
  })
  afterAll(() => server?.remove())
  const { ensureDatabase, ensureUser, dropUser } = itemsOf(() => server)
  /** In force for all sessions that begin while the work is done. */
  const withGlobal = async (name: string, value: string, work: () => Promise<void>) => {
    await server.asSuperuser(`set global ${name} = ${value}`)
    await work().finally(() => server.asSuperuser(`set global ${name} = default`))
  }

  test.each(["''", "'ANSI'", "'NO_BACKSLASH_ESCAPES'"])('a text reaches the server as it is where others have sql_mode %s', mode =>
    withGlobal('sql_mode', mode, async () => {
      const texts = ["a'b", "\\' or 1 = 1 -- ", '\\', '"', '? $& $1', "é☃🙂'", '']
      const names = texts.map((_, n) => `t${n}`)
      const [row] = await server.asSuperuser(`select ${names.map(name => `? as ${name}`).join(', ')}`, texts)
      expect(row).toEqual(Object.fromEntries(texts.map((text, n) => [names[n], text])))
    }),
  )

  test.each([
    ['sql_select_limit', '1'],
    ['max_join_size', '1'],
  ])('the agent reads all that there is where others have %s = %s', (name, value) =>
    withGlobal(name, value, async () => {
      await ensureUser('app', { shop: 'ReadOnly', other: 'ReadOnly' })
      for (const database of ['shop', 'other']) await (await server.connect('app', 'secret', database)).end()
      await ensureUser('app', {})
      await expect(server.connect('app', 'secret', 'shop')).rejects.toThrow(/denied/)
      await ensureDatabase('shop')
      await dropUser('app')
    }),
  )
})
