/** The configuration file on a real server: every value comes back as it was given. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())

/** Settings that take any text. Their meaning does not matter here. */
const free = ['syslog-ident', 'masteruser', 'masterauth', 'replica-announce-ip', 'cluster-announce-ip'] as const

async function roundTrip(values: readonly string[]): Promise<string[]> {
  await server.end('KILL')
  await server.configure(Object.fromEntries(values.map((value, n) => [free[n], value])))
  await server.start()
  const all = (await server.command('CONFIG', 'GET', ...free)) as string[]
  return values.map((_, n) => all[all.indexOf(free[n]!) + 1] ?? '')
}

test.each([
  [['a"b', "a'b", '\\', '\\x41', '\\n']],
  [['# no comment', `$\{HOME}`, '$(id)', '`id`', '%s']],
  [['a\nport 1', 'a\r\nb', '\t', '\u0001\u007f', ' two  spaces ']],
  [['имя', '名前', '👍🏽', '\u202E', 'a\u00A0b']],
  [['"', '""', '\\"', "'", "'\"'"]],
])('these values come back: %j', async values => expect(await roundTrip(values)).toEqual(values))

test('any value comes back', async () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter(t => !t.includes('\0'))
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: free.length, maxLength: free.length }), async values => {
      expect(await roundTrip(values)).toEqual(values)
    }),
    { numRuns: 20 },
  )
})
