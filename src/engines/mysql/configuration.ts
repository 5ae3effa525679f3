/**
 * The configuration file of the MySQL family. Memory follows OpenStack Trove's templates. What depends on where the pod has its files is given
 * on the command line; see scripts.ts.
 */
import type { EngineName } from '../../api/datastore.ts'
import type { ConfigurationFile, DefaultsInput, Parameters, RenderInput } from '../operator-engine.ts'
import { port } from './port.ts'

const mib = 1024 * 1024

export function render(engine: EngineName, { parameters }: RenderInput): ConfigurationFile[] {
  const settings = { ...parameters, ...owned, ...ownedOf[engine] }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${quoted(value)}\n`)
  return [{ name: 'my.cnf', content: `[mysqld]\n${lines.join('')}` }]
}

/** What the agent, the network and the volume's rules rest on. */
const owned: Parameters = {
  bind_address: '*',
  port: String(port),
  // Accounts are for every host: none is looked up, which would make logins as slow as the name server.
  skip_name_resolve: 'ON',
  // Statements read and write no files: of the server's machine none, of the client's none unasked.
  local_infile: 'OFF',
  // Nothing reads it yet, and it would fill the volume.
  skip_log_bin: 'ON',
}

const ownedOf: Partial<Record<EngineName, Parameters>> = {
  mysql: { secure_file_priv: 'NULL', mysqlx: 'OFF' },
  mariadb: { secure_file_priv: '/tmp' },
}

/** Raise `formulas` in operator.ts with every change here or of what is owned. */
export function defaults(engine: EngineName, { flavor }: DefaultsInput): Parameters {
  const memory = Math.floor(flavor.memoryBytes / mib)
  const per512 = (amount: number) => Math.floor((memory * amount) / 512)
  const connections = String(Math.max(25, Math.min(per512(100), 10_000)))
  const temporary = String(Math.max(8, per512(16)) * mib)
  return {
    innodb_buffer_pool_size: String(per512(150) * mib),
    key_buffer_size: String(per512(50) * mib),
    max_connections: connections,
    max_user_connections: connections,
    table_open_cache: String(per512(256)),
    tmp_table_size: temporary,
    max_heap_table_size: temporary,
    // On a small flavor it would need more than the data.
    ...(engine === 'mysql' && { performance_schema: memory < 2048 ? 'OFF' : 'ON' }),

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
