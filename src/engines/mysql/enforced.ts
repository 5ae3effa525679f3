/** Settings that are Trove's own: what the agent, the network and the volume's rules rest on. */
import type { EngineName } from '../../api/datastore.ts'
import type { Parameters } from '../parameters/layers.ts'
import { port } from './port.ts'

const ofAll: Parameters = {
  bind_address: '*',
  port: String(port),
  // Accounts are for every host: none is looked up, which would make logins as slow as the name server.
  skip_name_resolve: 'ON',
  // Statements read and write no files: of the server's machine none, of the client's none unasked.
  local_infile: 'OFF',
  // Nothing reads it yet, and it would fill the volume.
  skip_log_bin: 'ON',
  // What has ended in order needs no recovery: a newer version may refuse one.
  innodb_fast_shutdown: '1',
}

const ofMysql: Parameters = {
  secure_file_priv: 'NULL',
  mysqlx: 'OFF',
  // What a SET PERSIST has left would outrank the file, also where the server does not start with it.
  persisted_globals_load: 'OFF',
}

const more: Partial<Record<EngineName, Parameters>> = {
  mysql: ofMysql,
  // It would note for its maker what it runs with, in a directory of its image, where nothing can be written.
  percona: { ...ofMysql, percona_telemetry_disable: 'ON' },
  mariadb: { secure_file_priv: '/tmp' },
}

export const enforced = (engine: EngineName): Parameters => ({ ...ofAll, ...more[engine] })
