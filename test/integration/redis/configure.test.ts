/** Settings of a real server that runs: changed, read back, given up again, or waiting for a restart. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../../src/engines/redis/session.ts'
import { type Server, startServer } from './server.ts'

let server: Server
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server?.remove())

const configure = (more: Record<string, string> = {}) => {
  const defaults = server.operator.defaults({ version: '8.0', flavor: { cpuMillis: 1000, memoryBytes: 64 * 1024 * 1024 } })
  return server.session(s => s.configure({ ...defaults, ...more }, server.signal))
}
const value = async (name: string) => ((await server.command('CONFIG', 'GET', name)) as string[])[1]

test('what it was started with is in force already', async () => {
  const before = await server.command('CONFIG', 'GET', '*')
  expect(await configure()).toEqual({ restartRequired: [] })
  expect(await server.command('CONFIG', 'GET', '*')).toEqual(before)
})

test('what can change in a running server is changed, and has its default again once it is no longer asked for', async () => {
  const asked = { 'maxmemory-policy': 'allkeys-lru', timeout: '300', appendfsync: 'everysec', save: '60 1000' }
  expect(await configure(asked)).toEqual({ restartRequired: [] })
  expect(await Promise.all(Object.keys(asked).map(value))).toEqual(Object.values(asked))
  expect(await configure()).toEqual({ restartRequired: [] })
  expect(await Promise.all(Object.keys(asked).map(value))).toEqual(['noeviction', '0', 'always', ''])
})

test('text that the server prints in words of its own is taken, also again', async () => {
  const asked = { 'notify-keyspace-events': 'Ex', 'client-output-buffer-limit': 'pubsub 64mb 16mb 60' }
  for (const timeout of ['300', '200']) {
    expect(await configure({ ...asked, timeout })).toEqual({ restartRequired: [] })
    expect([await value('notify-keyspace-events'), await value('timeout')]).toEqual(['xE', timeout])
    expect(await value('client-output-buffer-limit')).toContain('pubsub 67108864 16777216 60')
  }
  await configure()
  expect(await value('notify-keyspace-events')).toBe('')
})

test('what cannot is told, and all else is changed', async () => {
  expect(await configure({ databases: '4', timeout: '200' })).toEqual({ restartRequired: ['databases'] })
  expect(await value('timeout')).toBe('200')
})

test('what somebody has set by hand gives way, and what is Trove’s own is left as it is', async () => {
  await server.command('CONFIG', 'SET', 'hz', '50')
  const owned = await Promise.all(['dir', 'port', 'aclfile', 'appendonly', 'unixsocket'].map(value))
  await configure()
  expect(await value('hz')).toBe('10')
  expect(await Promise.all(['dir', 'port', 'aclfile', 'appendonly', 'unixsocket'].map(value))).toEqual(owned)
})

test('what the server does not take is told in its own words, and the rest is in force', async () => {
  expect((await configure({ 'maxmemory-policy': 'nonsense', timeout: '100' })).notApplied?.join('; ')).toEqual(
    expect.stringContaining('maxmemory-policy'),
  )
  expect(await value('timeout')).toBe('100')
})

test('of a version that there are no rules for, what is asked for is set, what cannot be waits, and nothing else is touched', async () => {
  await configure()
  await server.command('CONFIG', 'SET', 'hz', '50')
  const unknown = async (more: Record<string, string>) => {
    // An engine of that name has no rules here, of whatever version.
    const session = await connect('mysql', server.paths, server.signal)
    return session.configure(more, server.signal).finally(() => session.close())
  }
  expect(await unknown({})).toEqual({ restartRequired: [] })
  expect(await unknown({ timeout: '150', databases: '4' })).toEqual({ restartRequired: ['databases'] })
  expect(await Promise.all(['timeout', 'databases', 'hz'].map(value))).toEqual(['150', '16', '50'])
  expect((await unknown({ timeout: '160', 'no-such-setting': '1' })).notApplied?.join('; ')).toEqual(
    expect.stringContaining('no-such-setting'),
  )
  expect(await value('timeout')).toBe('160')
})
