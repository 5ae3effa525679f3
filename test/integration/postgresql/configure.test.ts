/** Settings of a real server that runs: changed, read back, given up again, or waiting for a restart. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresql as operator } from '../../../src/engines/postgresql/operator.ts'
import { flavor, type Server, startServer } from './server.ts'

const self = { name: 'test', role: 'Writer' } as const
const defaults = operator.defaults({ version: '17', flavor })
let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())

/** As the agent does it: the file first, then the server. */
async function configure(more: Record<string, string> = {}) {
  const parameters = { ...defaults, ...more }
  const [file] = operator.render({ self, members: [self], version: '17', flavor, parameters })
  // The server's address here is its own, not every one of the machine's.
  await writeFile(join(server.paths.configuration, file!.name), file!.content.replace("'*'", `'${server.host}'`))
  return server.session(s => s.configure(parameters, server.signal))
}
const value = async (name: string) =>
  (await server.asSuperuser<{ setting: string }>('postgres', `select reset_val as setting from pg_settings where name = '${name}'`))[0]
    ?.setting

test('what it was started with is in force already', async () => {
  expect(await configure()).toEqual({ restartRequired: [] })
})

test('what can change in a running server is changed, and has its default again once it is no longer asked for', async () => {
  expect(await configure({ work_mem: '7MB', log_min_duration_statement: '250ms' })).toEqual({ restartRequired: [] })
  expect([await value('work_mem'), await value('log_min_duration_statement')]).toEqual(['7168', expect.any(String)])
  await configure()
  expect(await value('work_mem')).toBe('4096')
})

test('what cannot is told, and all else is changed; given up again, nothing waits', async () => {
  expect(await configure({ max_connections: '33', work_mem: '6MB' })).toEqual({ restartRequired: ['max_connections'] })
  expect(await value('work_mem')).toBe('6144')
  expect(await configure()).toEqual({ restartRequired: [] })
})

test.each([{ work_mem: 'lots' }, { no_such_setting: '1' }])(
  'ConfigurationNotApplied: what the server does not take is told by its name: %o',
  async more => {
    expect((await configure(more)).notApplied?.join('; ')).toEqual(expect.stringContaining(Object.keys(more)[0]!))
    expect(await configure()).toEqual({ restartRequired: [] })
  },
)

test('what a superuser has set in the server itself is told, for it outranks the file', async () => {
  await server.asSuperuser('postgres', "alter system set work_mem = '9MB'")
  expect(await configure({ work_mem: '5MB', max_connections: '33' })).toEqual({
    restartRequired: ['max_connections'],
    notApplied: [expect.stringContaining('work_mem: a superuser')],
  })
  await server.asSuperuser('postgres', 'alter system reset work_mem')
  await configure({ work_mem: '5MB' })
  expect(await value('work_mem')).toBe('5120')
})

test('started again, what waited is in force', async () => {
  await configure({ max_connections: '33' })
  await server.end('INT')
  await server.start()
  expect(await value('max_connections')).toBe('33')
  expect(await readFile(join(server.paths.configuration, 'postgresql.conf'), 'utf8')).toContain("max_connections = '33'")
})
