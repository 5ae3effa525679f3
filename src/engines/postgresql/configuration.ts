/**
 * PostgreSQL's configuration files. Memory follows OpenStack Trove's templates with floors for small flavors. What
 * depends on where the pod has its files (socket directory, paths of these files) is given on the command line; see scripts.ts.
 */
import type { ConfigurationFile, DefaultsInput, RenderInput } from '../operator-engine.ts'
import type { Parameters } from '../parameters/layers.ts'
import { port } from './port.ts'

const mib = 1024 * 1024

export function render({ parameters }: RenderInput): ConfigurationFile[] {
  const settings = { ...parameters, ...enforced }
  return [
    {
      name: 'postgresql.conf',
      content: Object.entries(settings)
        .map(([name, value]) => `${name} = ${quoted(value)}\n`)
        .join(''),
    },
    { name: 'pg_hba.conf', content: hostBasedAuthentication },
  ]
}

/** What the agent, the network and the volume's rules rest on. */
export const enforced: Parameters = {
  listen_addresses: '*',
  port: String(port),
  // the agent gets in when tenants have used all the others up
  superuser_reserved_connections: '5',
  password_encryption: 'scram-sha-256',
  ssl: 'off',
  // A container has no huge pages unless asked for, and on a node that has some, merely trying them ends in SIGBUS.
  huge_pages: 'off',
  // A container's /dev/shm has 64 MiB, too little for parallel queries; System V segments count against the flavor's memory alone.
  dynamic_shared_memory_type: 'sysv',
  wal_level: 'replica',
  log_destination: 'stderr',
  logging_collector: 'off',
  // log-fault.ts tells by %q whether the server speaks or a tenant's session
  log_line_prefix: '%m [%p] %q(%u@%d) ',
  log_timezone: 'UTC',
  lc_messages: 'C',
}

/** Raise `formulas` in operator.ts with every change here. */
export function defaults({ flavor }: DefaultsInput): Parameters {
  const memory = Math.floor(flavor.memoryBytes / mib)
  return {
    // 100 for each 512 MiB
    max_connections: String(bounded(25, Math.floor((memory * 100) / 512), 1000)),
    // A quarter from 3 GiB on, else a tenth: sessions need the rest of a small flavor.
    shared_buffers: `${Math.max(32, Math.floor(memory >= 3072 ? memory / 4 : memory / 10))}MB`,
    // A planner's estimate, no allocation: all but 512 MiB, and half of a flavor that has not even twice that.
    effective_cache_size: `${Math.max(memory - 512, Math.floor(memory / 2))}MB`,
    maintenance_work_mem: `${bounded(16, Math.floor(memory / 16), 1024)}MB`,

    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    // Kept on the data volume between checkpoints: the default of 1GB fills a small volume.
    max_wal_size: '512MB',

    TimeZone: 'UTC',
    DateStyle: 'ISO, MDY',
    lc_monetary: 'C',
    lc_numeric: 'C',
    lc_time: 'C',
    default_text_search_config: 'pg_catalog.english',
  }
}

/** As guc-file.l reads it: a quote is doubled, a backslash begins an escape, and a line ends every value. */
function quoted(value: string): string {
  if (/[\0\r\n]/.test(value)) throw new RangeError('a value of postgresql.conf ends with its line')
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

/**
 * Lines are tried from the top. Only the agent comes over the local socket, as the operating system's user postgres; over TCP everybody
 * but postgres, by SCRAM, and into no system database: those let every role in that is not kept out here. There is a root only while it is asked for.
 */
const hostBasedAuthentication = `local all                postgres peer
local all                all      reject
host  all                postgres all reject
host  postgres           root     all scram-sha-256
host  postgres,template1 all      all reject
host  all                all      all scram-sha-256
`

function bounded(min: number, value: number, max: number): number {
  return Math.min(Math.max(min, value), max)
}
