/** Settings of a real server that runs: changed, read back, given up again, or waiting for a restart. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { operatorEngines } from '../../../src/engines/operator-engines.ts'
import type { Parameters } from '../../../src/engines/parameters/layers.ts'
import { memoryBytes, type Server, startServer } from './server.ts'
import { servers } from './servers.ts'

describe.each(servers)('$of', kind => {
  const defaults = operatorEngines[kind.engine].defaults({ version: kind.version, flavor: { cpuMillis: 1000, memoryBytes } })
  let server: Server
  beforeAll(async () => {
    server = await startServer(kind)
  })
  afterAll(() => server?.remove())
  const configure = (more: Parameters = {}) => server.session(s => s.configure({ ...defaults, ...more }, server.signal))
  const value = async (name: string) => (await server.asSuperuser<{ Value: string }>(`show global variables like '${name}'`))[0]?.Value

  test('what it was started with is in force already', async () => {
    expect(await configure()).toEqual({ restartRequired: [] })
  })

  test('what can change in a running server is changed, and has its default again once it is no longer asked for', async () => {
    const before = await Promise.all(['long_query_time', 'sql_mode', 'slow_query_log'].map(value))
    const asked = { max_connections: '77', long_query_time: '2.500000', sql_mode: 'STRICT_ALL_TABLES', slow_query_log: 'ON' }
    expect(await configure(asked)).toEqual({ restartRequired: [] })
    expect(await Promise.all(Object.keys(asked).map(value))).toEqual(Object.values(asked))
    await configure(asked)
    expect(await Promise.all(Object.keys(asked).map(value))).toEqual(Object.values(asked))
    await configure({ slow_query_log: 'OFF' })
    expect(await Promise.all(['long_query_time', 'sql_mode', 'slow_query_log'].map(value))).toEqual(before)
    expect(await value('max_connections')).toBe(defaults.max_connections)
  })

  test.runIf(kind.engine === 'mariadb')('of a variable under two names the one that is asked for has the last word', async () => {
    // As mariadb-upgrade leaves it.
    await server.asSuperuser('set global log_slow_query = OFF')
    for (const more of [{}, { max_connections: '77' }]) {
      expect(await configure({ slow_query_log: 'ON', ...more })).toEqual({ restartRequired: [] })
      expect(await value('slow_query_log')).toBe('ON')
    }
    await configure()
    expect(await value('slow_query_log')).toBe('OFF')
  })

  test('a size that the server rounds is taken', async () => {
    expect(await configure({ innodb_buffer_pool_size: '170000001' })).toEqual({ restartRequired: [] })
    expect(Number(await value('innodb_buffer_pool_size'))).toBeGreaterThan(Number(defaults.innodb_buffer_pool_size))
    const stack = Number(await value('thread_stack'))
    const rounded = { innodb_buffer_pool_size: '170000001', join_buffer_size: '300001', thread_stack: String(stack + 1) }
    expect(await configure(rounded)).toEqual({ restartRequired: [] })
    expect(await value('join_buffer_size')).toBe('299904')
    await configure()
  })

  test('a number that another setting bounds is told with what the server has, and taken together with that other', async () => {
    const [bound, bounded] = ['innodb_max_dirty_pages_pct', 'innodb_max_dirty_pages_pct_lwm']
    expect((await configure({ [bounded]: '95' })).notApplied?.join('; ')).toEqual(
      expect.stringContaining(`${bounded}: it is 90.000000, not 95`),
    )
    expect(await configure({ [bound]: '97', [bounded]: '95' })).toEqual({ restartRequired: [] })
    // Here the one that bounds comes after the other.
    const capacity = { innodb_io_capacity: '30000', innodb_io_capacity_max: '40000' }
    expect(await configure(capacity)).toEqual({ restartRequired: [] })
    expect(await Promise.all(Object.keys(capacity).map(value))).toEqual(Object.values(capacity))
    await configure()
  })

  test('a word that the server prints as several is taken', async () => {
    expect(await configure({ sql_mode: 'ANSI', optimizer_switch: 'index_merge=off' })).toEqual({ restartRequired: [] })
    expect(await value('sql_mode')).toMatch(/ANSI_QUOTES.*,ANSI$/)
    expect(await value('optimizer_switch')).toContain('index_merge=off')
    await configure()
  })

  test('text that the server prints in words of its own is taken, also again', async () => {
    for (const max_connections of ['66', '77']) {
      expect(await configure({ character_set_server: 'utf8', max_connections })).toEqual({ restartRequired: [] })
      expect([await value('character_set_server'), await value('max_connections')]).toEqual(['utf8mb3', max_connections])
    }
    await configure()
  })

  test('text that another one moves stays as it is asked for, whatever else is refused', async () => {
    const text = { character_set_server: 'utf8', collation_server: 'utf8mb3_unicode_ci' }
    for (const more of [{}, { no_such_setting: '1' }, { no_such_setting: '2' }]) {
      const { notApplied = [] } = await configure({ ...text, ...more })
      expect(notApplied).toHaveLength(Object.keys(more).length)
      expect(await value('collation_server')).toBe('utf8mb3_unicode_ci')
    }
    await configure()
  })

  test('two that cannot both be are told, though the server took each', async () => {
    expect((await configure({ collation_server: 'latin1_swedish_ci' })).notApplied?.join('; ')).toEqual(
      expect.stringMatching(/collation_server|character_set_server/),
    )
    const both = { character_set_server: 'latin1', collation_server: 'latin1_swedish_ci' }
    expect(await configure(both)).toEqual({ restartRequired: [] })
    expect(await Promise.all(Object.keys(both).map(value))).toEqual(Object.values(both))
    await configure()
    expect(await value('character_set_server')).toBe('utf8mb4')
  })

  test('what cannot is told, and all else is changed', async () => {
    expect(await configure({ back_log: '99', max_connections: '66' })).toEqual({ restartRequired: ['back_log'] })
    expect(await value('max_connections')).toBe('66')
    await configure()
  })

  test('what a superuser has set by hand gives way', async () => {
    await server.asSuperuser('set global max_connections = 55')
    await server.asSuperuser('set global wait_timeout = 1234')
    await server.asSuperuser('set global local_infile = ON')
    expect(await configure()).toEqual({ restartRequired: [] })
    expect([await value('max_connections'), await value('wait_timeout')]).toEqual([defaults.max_connections, '28800'])
    expect(await value('local_infile')).toBe('OFF')
  })

  test.runIf(kind.engine === 'mysql')('nor does it outlive the server, which would not start with all of it', async () => {
    await server.asSuperuser('set persist wait_timeout = 1234')
    await server.asSuperuser('set persist_only innodb_buffer_pool_size = 68719476736')
    await server.end('TERM')
    await server.start()
    expect([await value('wait_timeout'), await value('max_connections')]).toEqual(['28800', defaults.max_connections])
    expect(await configure()).toEqual({ restartRequired: [] })
  })

  test('all that the server does not take is told at once, and the rest is in force', async () => {
    const found = await configure({ no_such_setting: '1', character_set_server: 'nonsense', max_connections: '44', back_log: '99' })
    expect(found.restartRequired).toEqual(['back_log'])
    expect(found.notApplied?.join('; ')).toMatch(/no_such_setting.*nonsense|nonsense.*no_such_setting/s)
    expect(await value('max_connections')).toBe('44')
    await configure()
  })

  test('no value is more than a value', async () => {
    await configure({ init_connect: `select 'a"b\`c\\'; drop table x; --` }).catch(() => {})
    expect(await value('init_connect')).toBe(`select 'a"b\`c\\'; drop table x; --`)
    await configure()
    expect(await value('init_connect')).toBe('')
  })
})
