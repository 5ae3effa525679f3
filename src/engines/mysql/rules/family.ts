/** How the MySQL family's configuration files are written, and what else is the same of its parameters, whatever the server and its version. */
import type { Durable, Memory, Notation } from '../../parameters/rule.ts'
import { owned } from '../owned-parameters.ts'

const kib = 1024n
const named = { K: kib, M: kib ** 2n, G: kib ** 3n, T: kib ** 4n, P: kib ** 5n, E: kib ** 6n }

const notation: Notation = {
  name: written => written.toLowerCase().replaceAll('-', '_'),
  on: 'ON',
  off: 'OFF',
  separator: ',',
  keepsUnits: false,
  // Of any integer: the servers read 1K as 1024 whatever it counts, and do not say what that is.
  units: ({ type }) => (type === 'integer' ? { named, bare: 1n, anyCase: true } : undefined),
}

const durable: readonly Durable[] = [
  { name: 'innodb_flush_log_at_trx_commit', safe: ['1', '3'] },
  // A torn page that is only detected is lost all the same, and what is written fast is not yet on the disk.
  { name: 'innodb_doublewrite', safe: ['ON', 'TRUE', 'DETECT_AND_RECOVER'] },
  { name: 'innodb_flush_method', safe: ['O_DIRECT', 'fsync', 'O_DSYNC'] },
  { name: 'sync_frm', safe: ['ON'] },
  // Without a checksum, what a crash has left half-written looks whole to the recovery.
  { name: 'innodb_log_checksums', safe: ['ON'] },
  {
    name: 'innodb_checksum_algorithm',
    safe: ['crc32', 'strict_crc32', 'full_crc32', 'strict_full_crc32', 'innodb', 'strict_innodb'],
  },
  { name: 'aria_page_checksum', safe: ['ON'] },
  // Pages as they were packed by one zlib are not packed again by the recovery, which may have another.
  { name: 'innodb_log_compressed_pages', safe: ['ON'] },
  { name: 'aria_group_commit', safe: ['none', 'hard'] },
  { name: 'aria_sync_log_dir', safe: ['NEWFILE', 'ALWAYS'] },
]

/** The option reader's own words in front of a name: each would make a second way to say the same, or hide a slip. */
const prefix = /^(loose|skip|enable|disable|maximum)_/

const unknown = (name: string) =>
  prefix.test(name) ? 'has a prefix that is not taken: state the parameter itself and its value' : undefined

const memory: readonly Memory[] = [
  { name: 'innodb_buffer_pool_size' },
  { name: 'innodb_log_buffer_size' },
  { name: 'key_buffer_size' },
  { name: 'aria_pagecache_buffer_size' },
  { name: 'query_cache_size' },
]

export const family = { notation, owned, durable, memory, unknown }
