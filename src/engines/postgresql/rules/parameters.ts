/** What PostgreSQL's parameters are, for each version that there are rules for, and how its configuration file is written. */
import { catalogues } from '../../parameters/catalogue.ts'
import type { Durable, Notation } from '../../parameters/rule.ts'
import { owned } from '../owned-parameters.ts'
import rules15 from './postgresql-15.json' with { type: 'json' }
import rules17 from './postgresql-17.json' with { type: 'json' }

const kib = 1024n
/** In bytes. */
const memory = { B: 1n, kB: kib, MB: kib ** 2n, GB: kib ** 3n, TB: kib ** 4n }
/** In microseconds. */
const time = { us: 1n, ms: 1000n, s: 1_000_000n, min: 60_000_000n, h: 3_600_000_000n, d: 86_400_000_000n }

const notation: Notation = {
  // As guc.c compares names.
  name: written => written.toLowerCase(),
  on: 'on',
  off: 'off',
  separator: ',',
  keepsUnits: true,
  units: ({ unit = '' }) => {
    const [, blocks = '1', name = ''] = /^(\d*)(.*)$/.exec(unit) ?? []
    const named = name in memory ? memory : time
    const size = (named as Record<string, bigint>)[name]
    return size === undefined ? undefined : { named, bare: BigInt(blocks || 1) * size, anyCase: false }
  },
}

const durable: readonly Durable[] = [
  { name: 'fsync', safe: ['on'] },
  { name: 'full_page_writes', safe: ['on'] },
  // All others wait at least for this server's own disk.
  { name: 'synchronous_commit', safe: ['on', 'local', 'remote_write', 'remote_apply'] },
  // What the disk did not take the first time may be lost, although the second time succeeds.
  { name: 'data_sync_retry', safe: ['off'] },
]

/** The server takes any name with a dot and knows what it means only once an extension is loaded: a slip would never be found. */
const unknown = (name: string) =>
  name.includes('.')
    ? 'is a setting of an extension, which the server does not know until that is loaded: use ALTER DATABASE ... SET or ALTER ROLE ... SET'
    : undefined

export const postgresqlParameters = catalogues(
  'PostgreSQL',
  { '15': rules15, '17': rules17 },
  {
    notation,
    owned,
    durable,
    memory: [{ name: 'shared_buffers' }, { name: 'wal_buffers' }],
    unknown,
  },
)
