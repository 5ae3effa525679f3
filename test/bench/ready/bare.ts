/**
 * The plainest pod that ends in the same as an Instance, of each engine: what a person would write who had the image and a volume and nothing
 * else. Both sides have the image, a volume of the same class and size, the flavor and the configuration file, for that decides how much a
 * server does at its start; both initialise an empty volume with the engine's own program, start the server, and make one user with a password
 * and, where there are such, one database; and both are ready when the same client, which waited in a pod of the tenant, has the answer to its
 * first query. What an Instance has on top, and what the ratio is of: the operator's objects, the agent that comes up first, the launcher, the
 * marker and the rename of the new volume, the lock, and the binding Secret. What the bare pod does not do is what an Instance needs for that
 * alone, such as an account for the agent.
 */
import type { EngineName } from '../../../src/api/datastore.ts'
import { SetupError } from '../../kind/setup-error.ts'

interface Bare {
  /** The file in ask/ with the question that says that it is ready. */
  ask: 'postgresql' | 'mysql' | 'redis'
  /**
   * POSIX sh in the engine's image. /data is the volume, /tmp can be written, /conf has the engine's configuration file, and /binding/password the
   * password for the user `app`, which owns the database `shop`. It ends with the server.
   */
  script: string
}

/** Waits for the server, and leaves it the CPU that it starts with: no client before there is a socket, and then one every 25 ms, as an agent asks at first. */
const answers = (socket: string, client: string) => `until [ -S ${socket} ] && ${client} >/dev/null 2>&1; do sleep 0.025; done`

const postgresql: Bare = {
  ask: 'postgresql',
  script: `set -e
initdb -D /data/pg -U postgres -E UTF8 --locale=C.UTF-8 --lc-messages=C --data-checksums --auth-local=peer --auth-host=scram-sha-256 --no-instructions >/dev/null
postgres -D /data/pg -c config_file=/conf/postgresql.conf -c hba_file=/conf/pg_hba.conf -c unix_socket_directories=/tmp &
${answers('/tmp/.s.PGSQL.5432', "psql -h /tmp -U postgres -qtAc 'select 1'")}
psql -h /tmp -U postgres -q -v password="$(cat /binding/password)" <<'SQL'
create role app login password :'password';
create database shop owner app;
SQL
wait`,
}

/** `own` is the client's way in for whom the initialisation made. */
const mysqlFamily = (initialise: string, server: string, own: string): Bare => ({
  ask: 'mysql',
  script: `set -e
${initialise}
${server} --defaults-file=/conf/my.cnf --datadir=/data/mysql --socket=/tmp/s --pid-file=/data/mysql/pid &
${answers('/tmp/s', `${own} --socket=/tmp/s -e 'select 1'`)}
${own} --socket=/tmp/s <<SQL
create database shop;
create user app@'%' identified by '$(cat /binding/password)';
grant all on shop.* to app@'%';
SQL
wait`,
})

const mysql = mysqlFamily(
  'mysqld --no-defaults --initialize-insecure --datadir=/data/mysql --log-error-verbosity=1',
  'mysqld',
  'mysql --no-defaults --user=root',
)

const mariadb = mysqlFamily(
  'mariadb-install-db --no-defaults --datadir=/data/mysql --auth-root-authentication-method=socket --auth-root-socket-user=mysql --skip-test-db --skip-name-resolve --skip-log-bin --innodb-buffer-pool-size=16M --key-buffer-size=1M --aria-pagecache-buffer-size=8M >/dev/null',
  'mariadbd',
  'mariadb --no-defaults --user=mysql',
)

/** There is nothing to initialise. Users are in a file on the volume, as an Instance's are. */
const redisFamily = (server: string, client: string): Bare => ({
  ask: 'redis',
  script: `set -e
mkdir /data/redis
: >/data/redis/users.acl
${server} /conf/redis.conf --dir /data/redis --aclfile /data/redis/users.acl --unixsocket /tmp/s &
${answers('/tmp/s', `${client} -s /tmp/s -e PING`)}
${client} -s /tmp/s -e >/dev/null <<CLI
ACL SETUSER app on >$(cat /binding/password) ~* &* +@all
ACL SAVE
CLI
wait`,
})

const known: Partial<Record<EngineName, Bare>> = {
  postgresql,
  mysql,
  mariadb,
  percona: mysql,
  redis: redisFamily('redis-server', 'redis-cli'),
  valkey: redisFamily('valkey-server', 'valkey-cli'),
}

export function bareOf(engine: EngineName): Bare {
  const found = known[engine]
  if (found === undefined) throw new SetupError(`no bare pod of ${engine} is known`, 'add one to test/bench/ready/bare.ts')
  return found
}
