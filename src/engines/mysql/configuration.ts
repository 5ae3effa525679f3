/**
 * The configuration file of the MySQL family. Memory follows OpenStack Trove's templates. What depends on where the pod has its files is given
 * on the command line; see scripts.ts.
 */
import type { EngineName } from '../../api/datastore.ts'
import type { ConfigurationFile, DefaultsInput, RenderInput } from '../operator-engine.ts'
import type { Parameters } from '../parameters/layers.ts'
import { enforced } from './enforced.ts'

const mib = 1024 * 1024

export function render(engine: EngineName, { parameters }: RenderInput): ConfigurationFile[] {
  const settings = { ...parameters, ...enforced(engine) }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}\n`)
  return [{ name: 'my.cnf', content: `[mysqld]\n${lines.join('')}` }]
}

/** Raise `formulas` in operator.ts with every change here or of what is enforced. */
export function defaults(engine: EngineName, { flavor }: DefaultsInput): Parameters {
  const memory = Math.floor(flavor.memoryBytes / mib)
  const per512 = (amount: number) => Math.floor((memory * amount) / 512)
  const chunk = memory < 4096 ? 16 : 128
  const pool = Math.max(1, Math.round(per512(150) / chunk)) * chunk
  const connections = String(Math.max(25, Math.min(per512(100), 10_000)))
  const temporary = String(Math.max(8, per512(16)) * mib)
  return {
    innodb_buffer_pool_size: String(pool * mib),
    // The server rounds the pool up to a multiple of this, whose default of 128 MiB is more than a small flavor has to spare.
    ...(engine !== 'mariadb' && { innodb_buffer_pool_chunk_size: String(chunk * mib) }),
    key_buffer_size: String(per512(50) * mib),
    max_connections: connections,
    max_user_connections: connections,
    table_open_cache: String(per512(256)),
    tmp_table_size: temporary,
    max_heap_table_size: temporary,
    // On a small flavor it would need more than the data.
    ...(engine !== 'mariadb' && { performance_schema: memory < 2048 ? 'OFF' : 'ON' }),

    // With more, each of the kubelet's probes would leave a line in the log.
    ...(engine === 'mariadb' && { log_warnings: '1' }),

    innodb_flush_log_at_trx_commit: '1',
    innodb_doublewrite: 'ON',
    character_set_server: 'utf8mb4',
  }
}

/** As the servers' own reader takes it: in quotes nothing begins a comment, and a backslash begins an escape. */
function quoted(value: string): string {
  if (/[\0\r\n]/.test(value)) throw new RangeError('a value of my.cnf ends with its line')
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
