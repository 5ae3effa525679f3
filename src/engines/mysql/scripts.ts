/** The two scripts that run in the engine's own image, under the volume's lock: initialisation and start. */
import type { EnginePaths, StartCommand } from '../guest-engine.ts'
import { word } from '../shell.ts'
import { socketOf } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { administrator } from './names.ts'

/**
 * The administrator comes in over the local socket alone, as the system's user of the same name; there is no account with a password, and none
 * called root. MySQL reads statements at initialisation from a file only.
 */
export function initialiseMysql({ data }: EnginePaths): string {
  const statements = `${data}.sql`
  return [
    `cat >${word(statements)} <<'end'`,
    "INSTALL PLUGIN auth_socket SONAME 'auth_socket.so';",
    `CREATE USER '${administrator}'@'localhost' IDENTIFIED WITH auth_socket;`,
    `GRANT ALL ON *.* TO '${administrator}'@'localhost' WITH GRANT OPTION;`,
    "DROP USER 'root'@'localhost';",
    'end',
    `mysqld --no-defaults --initialize-insecure --datadir=${word(data)} --init-file=${word(statements)} --log-error-verbosity=1 || exit`,
    `rm ${word(statements)}`,
  ].join('\n')
}

/** Its own script makes the second superuser for whom we come; the first, root, would be the system's root, whom nobody is in a container. */
export function initialiseMariadb({ data }: EnginePaths): string {
  return [
    'exec mariadb-install-db --no-defaults',
    `--datadir=${word(data)}`,
    `--auth-root-authentication-method=socket --auth-root-socket-user=${administrator}`,
    '--skip-test-db --skip-name-resolve --skip-log-bin',
    // Its own defaults are for larger flavors.
    '--innodb-buffer-pool-size=16M --key-buffer-size=1M --aria-pagecache-buffer-size=8M',
  ].join(' ')
}

/** MySQL does it by itself at its start. Where it came to its end before, it is over at once. */
export function upgradeMariadb({ sockets }: EnginePaths): string {
  return `exec mariadb-upgrade --no-defaults --socket=${word(socketOf(sockets))} --user=${administrator} --silent`
}

/**
 * The lock on the volume proves that no server runs on this data, so the socket's lock file, which outlives the container in the pod's shared
 * directory, is stale and must go: process ids are small in a container and repeat, and the server refuses to start on one that is alive.
 *
 * What a large query or a new index needs on disk goes to the volume, beside the data, where a directory would be a database. In the pod's own
 * directory it would fill the node, and the kubelet would end the pod for it. 73 is EX_CANTCREAT, by which the agent knows a volume that cannot be
 * written.
 */
export function start({ server }: Dialect, paths: EnginePaths): StartCommand {
  const socket = socketOf(paths.sockets)
  const temporary = `${paths.data}.tmp`
  const settings = [`datadir=${paths.data}`, `socket=${socket}`, `pid-file=${paths.data}/${server}.pid`, `tmpdir=${temporary}`]
  return {
    script: [
      `rm -f ${word(socket)} ${word(`${socket}.lock`)}`,
      `rm -rf ${word(temporary)} && mkdir -m 700 ${word(temporary)} || exit 73`,
      `exec ${server} --defaults-file=${word(`${paths.configuration}/my.cnf`)} ${settings.map(s => `--${word(s)}`).join(' ')}`,
    ].join('\n'),
    stopSignal: 'TERM',
  }
}
