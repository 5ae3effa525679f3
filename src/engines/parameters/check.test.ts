import { expect, test } from 'vitest'
import { operatorEngines } from '../operator-engines.ts'
import { catalogueOf } from './catalogue.ts'
import { checkParameters, describeFaults } from './check.ts'

const parameterCatalogue = (engine: keyof typeof operatorEngines, version: string) =>
  catalogueOf(operatorEngines[engine].parameters, version)

const pg = parameterCatalogue('postgresql', '17')!
const my = parameterCatalogue('mysql', '9.7')!
const maria = parameterCatalogue('mariadb', '11.8')!
const redis = parameterCatalogue('redis', '8.0')!

test.each([
  ['a boolean is in the words of its engine', pg, 'autovacuum', true, 'on'],
  ['a boolean is in the words of its engine', my, 'innodb_file_per_table', false, 'OFF'],
  ['a boolean is in the words of its engine', redis, 'activedefrag', 'on', 'yes'],
  ['a boolean may be a digit', my, 'innodb_file_per_table', 1, 'ON'],
  ['true is the enum value that YAML made it of', pg, 'synchronous_commit', true, 'on'],
  ['false is the enum value that YAML made it of', pg, 'wal_compression', false, 'off'],
  ['false is the enum value that YAML made it of', redis, 'appendfsync', false, 'no'],
  ['true is the enum value that YAML made it of', my, 'updatable_views_with_limit', true, 'YES'],
  ['an enum value is in the spelling of the server', pg, 'wal_compression', 'LZ4', 'lz4'],
  ['an enum value is in the spelling of the server', my, 'transaction_isolation', 'read-committed', 'READ-COMMITTED'],
  ['an integer may be a number', pg, 'max_connections', 200, '200'],
  ['an integer may be text', pg, 'max_connections', ' 200 ', '200'],
  ['an integer may be negative', pg, 'autovacuum_work_mem', -1, '-1'],
  ['an integer may have 64 bits if it is text', my, 'max_join_size', '18446744073709551615', '18446744073709551615'],
  ['PostgreSQL keeps a unit', pg, 'work_mem', '64MB', '64MB'],
  ['PostgreSQL keeps a unit', pg, 'checkpoint_timeout', '15 min', '15min'],
  ['PostgreSQL reads a bare number in the unit of the parameter', pg, 'shared_buffers', 16384, '16384'],
  ['a broken unit becomes the largest that is whole', pg, 'work_mem', '1.5GB', '1536MB'],
  ['a float may have a unit', pg, 'vacuum_cost_delay', '0.5ms', '0.5ms'],
  ['a float is written as short as it can be', pg, 'random_page_cost', '1.10', '1.1'],
  ['a float may be a whole number', my, 'long_query_time', 2, '2'],
  ['MySQL counts in bytes', my, 'innodb_buffer_pool_size', '1.5G', '1610612736'],
  ['MySQL counts in bytes', my, 'innodb_buffer_pool_size', '128m', '134217728'],
  ['MySQL reads 1K of whatever it counts', my, 'max_connections', '1K', '1024'],
  ['Redis counts in bytes', redis, 'maxmemory', '1gb', '1073741824'],
  ['Redis counts 1k as 1000', redis, 'maxmemory', '100k', '100000'],
  ['Redis has percentages', redis, 'maxmemory-clients', '20%', '20%'],
  [
    'flags are in the order of the server, each once',
    my,
    'sql_mode',
    'strict_all_tables, ansi_quotes,ANSI_QUOTES',
    'ANSI_QUOTES,STRICT_ALL_TABLES',
  ],
  ['flags may be none', my, 'sql_mode', '', ''],
  ['switches are flags', maria, 'optimizer_switch', 'mrr=ON', 'mrr=on'],
  ['text stays as it is', pg, 'search_path', '"$user", Public', '"$user", Public'],
  ['text may be a number', redis, 'latency-tracking-info-percentiles', 99, '99'],
])('%s: %#', (_, catalogue, name, value, expected) => {
  expect(checkParameters({ [name]: value }, catalogue)).toEqual({ parameters: { [name]: expected }, faults: [] })
})

test.each([
  ['a boolean has two values', pg, 'autovacuum', 'perhaps', 'must be on or off, not "perhaps"'],
  ['a list of values is told', pg, 'wal_compression', 'brotli', 'must be one of pglz, lz4, zstd, on, off, not "brotli"'],
  ['true is no value of an enum that has none like it', redis, 'appendfsync', true, 'must be one of everysec, always, no, not true'],
  ['bounds are told', pg, 'max_connections', 0, 'must be a whole number from 1 to 262143, not 0'],
  [
    'bounds hold for 64 bits',
    my,
    'max_join_size',
    '18446744073709551616',
    'must be a whole number from 1 to 18446744073709551615, or with a unit (K, M, G, T, P, E), not "18446744073709551616"',
  ],
  ['an integer is whole', pg, 'max_connections', 1.5, 'must be a whole number from 1 to 262143, not 1.5'],
  [
    'a number that YAML cannot hold is asked for in quotes',
    my,
    'max_join_size',
    2 ** 64,
    'must be written in quotes: 18446744073709552000 is too large to be exact as a number in YAML',
  ],
  ['a number to the base of 8 is not guessed at', pg, 'max_connections', '0100', 'must be a whole number from 1 to 262143, not "0100"'],
  [
    'PostgreSQL minds the case of a unit',
    pg,
    'work_mem',
    '64mb',
    'must be a whole number from 64 to 2147483647 in units of kB, or with a unit (B, kB, MB, GB, TB), not "64mb"',
  ],
  [
    'what the server would round is refused',
    pg,
    'shared_buffers',
    '1000001B',
    'must be a whole number from 16 to 1073741823 in units of 8kB, or with a unit (B, kB, MB, GB, TB), not "1000001B"',
  ],
  [
    'what the server wants in multiples is told',
    pg,
    'notify_buffers',
    17,
    'must be a multiple of 16 from 16 to 131072 in units of 8kB, or with a unit (B, kB, MB, GB, TB), not 17',
  ],
  [
    'a time is no size',
    pg,
    'work_mem',
    '5min',
    'must be a whole number from 64 to 2147483647 in units of kB, or with a unit (B, kB, MB, GB, TB), not "5min"',
  ],
  ['a count has no unit', pg, 'max_connections', '1kB', 'must be a whole number from 1 to 262143, not "1kB"'],
  ['a boolean is no number', pg, 'max_connections', true, 'must be a whole number from 1 to 262143, not true'],
  [
    'a percentage has a bound',
    redis,
    'maxmemory-clients',
    '101%',
    'must be a whole number from 0 to 18446744073709551615 in units of B, or with a unit (b, k, kb, m, mb, g, gb), or a percentage up to 100%, not "101%"',
  ],
  ['a float is a number', pg, 'random_page_cost', 'NaN', 'must be a number from 0 to 1.79769e+308, not "NaN"'],
  [
    'flags are those of the server',
    my,
    'log_output',
    'FILE,PAPER',
    'must be a list, with commas, of any of NONE, FILE, TABLE, not "FILE,PAPER"',
  ],
  [
    'text is one line',
    pg,
    'search_path',
    'a\nport = 1',
    'must be text in quotes, in one line of at most 1024 characters, not "a port = 1"',
  ],
  [
    'text is bounded, and so is what is told of it',
    pg,
    'search_path',
    'x'.repeat(1025),
    `must be text in quotes, in one line of at most 1024 characters, not "${'x'.repeat(63)}…"`,
  ],
  ['text is in quotes', pg, 'default_tablespace', false, 'must be text in quotes, in one line of at most 1024 characters, not false'],
  ['there is no such parameter', pg, 'max_conections', 1, 'is no parameter of PostgreSQL 17'],
  [
    'a parameter of another version is none',
    parameterCatalogue('postgresql', '15')!,
    'allow_alter_system',
    true,
    'belongs to Trove: it is for the repair of a server by hand',
  ],
  [
    'what is compiled in stays',
    pg,
    'block_size',
    4096,
    'cannot be set for a server: it is compiled in, a fact about it, or of one session',
  ],
  [
    'what is of one session is no setting',
    my,
    'timestamp',
    1,
    'cannot be set for a server: it is compiled in, a fact about it, or of one session',
  ],
  [
    'an extension is for the database',
    pg,
    'pg_stat_statements.max',
    1,
    'is a setting of an extension, which the server does not know until that is loaded: use ALTER DATABASE ... SET or ALTER ROLE ... SET',
  ],
  ['a prefix is no name', my, 'loose-innodb-io-capacity', 1, 'has a prefix that is not taken: state the parameter itself and its value'],
  ['a prefix is no name', my, 'skip-innodb-doublewrite', true, 'has a prefix that is not taken: state the parameter itself and its value'],
  [
    'what Trove owns is refused with the reason',
    pg,
    'port',
    5433,
    'belongs to Trove: the agent, the Service and the probes reach the server where they look for it',
  ],
  [
    'what Trove owns is refused under an older name',
    redis,
    'slave-priority',
    1,
    'belongs to Trove: Trove decides which server follows which',
  ],
  ['a directive is no parameter', redis, 'Rename-Command', 'x', 'is no parameter but a directive, and belongs to Trove'],
])('%s: %#', (_, catalogue, name, value, why) => {
  expect(checkParameters({ [name]: value }, catalogue)).toEqual({ parameters: {}, faults: [{ parameter: name, why }] })
})

test.each([
  ['in any case', pg, { timezone: 'UTC', WORK_MEM: '4MB' }, { TimeZone: 'UTC', work_mem: '4MB' }],
  ['with hyphens', my, { 'Max-Connections': 10 }, { max_connections: '10' }],
  ['in any case', redis, { MaxMemory: '1' }, { maxmemory: '1' }],
  ['under an older name', redis, { 'hash-max-ziplist-entries': 7 }, { 'hash-max-listpack-entries': '7' }],
])('a name is read as the engine reads it, %s, and comes out as the server has it: %#', (_, catalogue, values, parameters) => {
  expect(checkParameters(values, catalogue)).toEqual({ parameters, faults: [] })
})

test.each([
  [pg, 'work_mem', 'Work_Mem'],
  [my, 'max_connections', 'max-connections'],
  [redis, 'hash-max-listpack-entries', 'hash-max-ziplist-entries'],
])('two spellings of one parameter are a fault: %#', (catalogue, one, other) => {
  expect(checkParameters({ [one]: 64, [other]: 65 }, catalogue).faults).toEqual([
    { parameter: other, why: `is the same parameter as ${one}: state one of them` },
  ])
})

test('all faults are told at once, and what is right beside them is kept', () => {
  const { parameters, faults } = checkParameters({ work_mem: 'much', max_connections: 50, port: 1, nothing: 1 }, pg)
  expect(parameters).toEqual({ max_connections: '50' })
  expect(faults.map(fault => fault.parameter)).toEqual(['work_mem', 'port', 'nothing'])
})

test('the order in which settings are written changes nothing', () => {
  const one = checkParameters({ work_mem: '4MB', max_connections: 5 }, pg).parameters
  expect(Object.keys(one)).toEqual(Object.keys(checkParameters({ max_connections: 5, work_mem: '4MB' }, pg).parameters))
})

test('names that JavaScript has for every object are no parameters', () => {
  const values = JSON.parse('{"__proto__": "1", "constructor": "1"}') as Record<string, string>
  expect(checkParameters(values, pg)).toMatchObject({ parameters: {}, faults: [{ parameter: '__proto__' }, { parameter: 'constructor' }] })
})

test('a version is judged as the series that it is of, and an unknown one not at all', () => {
  expect(parameterCatalogue('postgresql', '17.4')?.server).toBe('PostgreSQL 17')
  expect(parameterCatalogue('mariadb', '10.11.9')?.server).toBe('MariaDB 10.11')
  expect(parameterCatalogue('mariadb', '10')).toBeUndefined()
})

const fault = (parameter: string, why = 'is no parameter') => ({ parameter, why })

test('as many faults are described as fit, and the rest are named, or at least counted', () => {
  expect(describeFaults([fault('a'), fault('b')])).toBe('a is no parameter; b is no parameter')
  const many = describeFaults(Array.from({ length: 100 }, (_, i) => fault(`p${i}`)))
  expect(many).toMatch(/^p0 is no parameter; .*; and also wrong: (p\d+, )+p99$/)
  expect(many.match(/p\d+/g)).toHaveLength(100)
  const crowd = describeFaults(Array.from({ length: 100 }, (_, i) => fault(`a_rather_long_name_${i}`)))
  expect(crowd).toMatch(/^a_rather_long_name_0 is no parameter; .*; and \d+ more$/)
  expect(crowd.split('; ').length - 1 + Number(/(\d+) more$/.exec(crowd)?.[1])).toBe(100)
  for (const faults of [[fault('a', 'x'.repeat(5000)), fault('b')], [fault('a', 'x'.repeat(5000))], Array(100).fill(fault('c'))])
    expect(describeFaults(faults).length).toBeLessThanOrEqual(800)
})
