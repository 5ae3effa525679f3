import { expect, test } from 'vitest'
import { operatorEngines } from '../operator-engines.ts'
import { catalogueOf } from './catalogue.ts'
import { equal } from './equal.ts'
import { weaker } from './weaker.ts'

const parameterCatalogue = (engine: keyof typeof operatorEngines, version: string) =>
  catalogueOf(operatorEngines[engine].parameters, version)

const catalogues = {
  pg: parameterCatalogue('postgresql', '17')!,
  my: parameterCatalogue('mysql', '9.7')!,
  maria: parameterCatalogue('mariadb', '11.8')!,
  redis: parameterCatalogue('redis', '8.0')!,
}

test.each([
  ['pg', 'work_mem', '65536', '64MB', true],
  ['pg', 'work_mem', '64MB', '65536kB', true],
  ['pg', 'work_mem', '64MB', '65MB', false],
  ['pg', 'checkpoint_timeout', '300', '5min', true],
  ['pg', 'vacuum_cost_delay', '0.5ms', '500us', true],
  ['pg', 'jit_above_cost', '100000.25', '100000', true],
  ['pg', 'cpu_operator_cost', '0.0025', '0.0026', false],
  ['pg', 'autovacuum', 'on', 'off', false],
  ['pg', 'search_path', 'a', 'A', false],
  ['my', 'long_query_time', '0.5', '0.500000', true],
  ['my', 'max_allowed_packet', '1025', '1024', true],
  ['my', 'max_allowed_packet', '2048', '1024', false],
  ['my', 'sql_mode', 'ANSI', 'REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ONLY_FULL_GROUP_BY,ANSI', true],
  ['my', 'sql_mode', 'ANSI_QUOTES', '', false],
  ['my', 'transaction_isolation', 'SERIALIZABLE', 'SERIALIZABLE', true],
  ['redis', 'maxmemory', '1gb', '1073741824', true],
  ['redis', 'maxmemory-clients', '20%', '21%', false],
] as const)('%s %s: %s and %s', (engine, name, a, b, expected) => {
  const { rules, notation } = catalogues[engine]
  const rule = rules.find(rule => rule.name === name)!
  expect([equal(rule, notation, a, b), equal(rule, notation, b, a)]).toEqual([expected, expected])
})

test('a switch that is set is the same as all switches with that one set, and not as all others', () => {
  const { rules, notation } = catalogues.maria
  const rule = rules.find(rule => rule.name === 'optimizer_switch')!
  const printed = rule.default!.replace('mrr=off', 'mrr=on')
  expect(equal(rule, notation, 'mrr=on', printed)).toBe(true)
  expect(equal(rule, notation, 'default', rule.default!)).toBe(true)
  expect(equal(rule, notation, 'mrr=on', rule.default!)).toBe(false)
})

test.each([
  ['pg', { fsync: 'off', full_page_writes: 'on' }, [{ name: 'fsync', value: 'off', safe: 'on' }]],
  ['pg', { synchronous_commit: 'local', work_mem: '1MB' }, []],
  ['my', { innodb_flush_log_at_trx_commit: '2' }, [{ name: 'innodb_flush_log_at_trx_commit', value: '2', safe: '1' }]],
  ['my', { innodb_doublewrite: 'DETECT_ONLY' }, [{ name: 'innodb_doublewrite', value: 'DETECT_ONLY', safe: 'ON' }]],
  ['my', { innodb_log_checksums: 'OFF' }, [{ name: 'innodb_log_checksums', value: 'OFF', safe: 'ON' }]],
  ['my', { innodb_checksum_algorithm: 'none' }, [{ name: 'innodb_checksum_algorithm', value: 'none', safe: 'crc32' }]],
  ['my', { innodb_checksum_algorithm: 'strict_none' }, [{ name: 'innodb_checksum_algorithm', value: 'strict_none', safe: 'crc32' }]],
  ['my', { innodb_checksum_algorithm: 'strict_innodb', innodb_log_checksums: 'ON' }, []],
  ['my', { innodb_log_compressed_pages: 'OFF' }, [{ name: 'innodb_log_compressed_pages', value: 'OFF', safe: 'ON' }]],
  ['maria', { innodb_flush_log_at_trx_commit: '3', innodb_checksum_algorithm: 'strict_full_crc32' }, []],
  ['maria', { aria_page_checksum: 'OFF' }, [{ name: 'aria_page_checksum', value: 'OFF', safe: 'ON' }]],
  ['maria', { aria_group_commit: 'soft' }, [{ name: 'aria_group_commit', value: 'soft', safe: 'none' }]],
  ['maria', { aria_sync_log_dir: 'NEVER' }, [{ name: 'aria_sync_log_dir', value: 'NEVER', safe: 'NEWFILE' }]],
  ['redis', { appendfsync: 'everysec' }, [{ name: 'appendfsync', value: 'everysec', safe: 'always' }]],
] as const)('what gives up some of what a crash would leave whole is told: %s %o', (engine, parameters, expected) => {
  expect(weaker(catalogues[engine], parameters)).toEqual(expected)
})
