/**
 * The two scripts that run in the engine's own image, under the volume's lock: initialisation and start. POSIX sh, and nothing but the
 * engine's own programs from PATH.
 */
import type { EnginePaths, StartCommand } from '../guest-engine.ts'
import { word } from '../shell.ts'
import { port } from './port.ts'

/**
 * A new cluster with checksums, UTF-8 and byte order collation, the same on every node's C library: an index made on one image stays
 * valid on the next. initdb syncs what it wrote. No password is set for postgres: it logs in by peer on the local socket alone.
 */
export function initialise(paths: EnginePaths): string {
  return [
    'exec initdb',
    `-D ${word(paths.data)}`,
    '-U postgres -E UTF8 --locale=C.UTF-8 --lc-messages=C --data-checksums',
    '--auth-local=peer --auth-host=scram-sha-256 --no-instructions',
  ].join(' ')
}

/**
 * The lock on the volume proves that no engine runs on this data, so its lock files are stale, and must go: process ids are small in a
 * container and repeat, and PostgreSQL refuses to start on one that is alive. The same holds for the socket's lock file, which outlives
 * the container in the pod's shared directory. INT is PostgreSQL's fast shutdown: sessions are ended, nothing is left to recover.
 */
export function start(paths: EnginePaths): StartCommand {
  const socket = `${paths.sockets}/.s.PGSQL.${port}`
  const settings = [
    `config_file=${paths.configuration}/postgresql.conf`,
    `hba_file=${paths.configuration}/pg_hba.conf`,
    `unix_socket_directories=${paths.sockets}`,
    'unix_socket_permissions=0770',
  ]
  return {
    script: [
      `rm -f ${word(`${paths.data}/postmaster.pid`)} ${word(socket)} ${word(`${socket}.lock`)}`,
      `exec postgres -D ${word(paths.data)} ${settings.map(s => `-c ${word(s)}`).join(' ')}`,
    ].join('\n'),
    stopSignal: 'INT',
  }
}
