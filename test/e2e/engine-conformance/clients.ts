/** Each engine's own client, in a pod of the tenant that runs the engine's image. What it is asked is the same for all: keep a value, give it back. */
import type { EngineName } from '../../../src/api/datastore.ts'
import { clientPod, type Login, tryInPod } from '../client.ts'

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export interface Client {
  /** To be asked first, by an owner. */
  prepare(login: Login): Promise<Outcome>
  put(login: Login, key: string, value: string): Promise<Outcome>
  get(login: Login, key: string): Promise<Outcome>
  /** Who the server says is asking. */
  whoAmI(login: Login): Promise<Outcome>
  /** What the server says of a setting that is in force, to an owner. */
  show(login: Login, setting: Setting): Promise<Outcome>
  settings: Settings
  /** How the server says no. */
  denied: RegExp
  wrongPassword: RegExp
  /** Pattern of the engine's first process. */
  process: string
}

export interface Setting {
  name: string
  /** As it is asked for, and what is seen of it then. */
  value: string | number
  seen: RegExp
}

export interface Settings {
  /** One that a running engine can change, and one that it cannot. */
  live: Setting
  cold: Setting
  /** One that every rule allows and the engine does not start with. */
  refused?: { name: string; value: string | number }
}

interface Dialect {
  /** POSIX sh. The password is the first line of standard input, host, port, user and database are `$1` to `$4`, what is asked follows: as further arguments, or as lines. */
  script: string
  prepare: string[]
  put(key: string, value: string): string[]
  get(key: string): string[]
  whoAmI: string[]
  show(name: string): string[]
  settings: Settings
  denied: RegExp
  wrongPassword: RegExp
  process: string
}

const get = (key: string) => [`select v from kv where k = '${key}'`]

const postgresql: Dialect = {
  script:
    'IFS= read -r PGPASSWORD; export PGPASSWORD PGCONNECT_TIMEOUT=5; exec psql -X -v ON_ERROR_STOP=1 -qtA -h "$1" -p "$2" -U "$3" -d "$4"',
  prepare: ['create table if not exists kv (k varchar(64) primary key, v varchar(200))'],
  put: (key, value) => [`insert into kv values ('${key}', '${value}') on conflict (k) do update set v = excluded.v`],
  get,
  whoAmI: ['select session_user'],
  show: name => [`show ${name}`],
  settings: {
    live: { name: 'work_mem', value: '9MB', seen: /^9MB$/ },
    cold: { name: 'max_connections', value: 33, seen: /^33$/ },
    refused: { name: 'shared_buffers', value: '900GB' },
  },
  denied: /permission denied|must be owner/,
  wrongPassword: /password authentication failed/,
  process: '^postgres -D',
}

const mysql = (client: string, server: string): Dialect => ({
  script: `IFS= read -r password; umask 077; f=$(mktemp); printf '[client]\\npassword="%s"\\n' "$password" >"$f"
${client} --defaults-file="$f" --default-character-set=utf8mb4 --connect-timeout=5 --batch --raw --skip-column-names --host="$1" --port="$2" --user="$3" \${4:+--database="$4"}; r=$?; rm -f "$f"; exit $r`,
  prepare: ['create table if not exists kv (k varchar(64) primary key, v varchar(200))'],
  put: (key, value) => [`insert into kv values ('${key}', '${value}') on duplicate key update v = '${value}'`],
  get,
  show: name => [`select @@global.${name}`],
  settings: {
    live: { name: 'long_query_time', value: 2.5, seen: /^2\.5/ },
    cold: { name: 'back_log', value: 99, seen: /^99$/ },
    refused: { name: 'default_storage_engine', value: 'Nonsense' },
  },
  whoAmI: ["select left(user(), char_length(user()) - locate('@', reverse(user())))"],
  denied: /command denied|Access denied for user/,
  wrongPassword: /Access denied for user/,
  process: `^${server} `,
})

const redis = (client: string, server: string): Dialect => ({
  script: `IFS= read -r REDISCLI_AUTH; export REDISCLI_AUTH; h=$1 p=$2 u=$3; shift 4; exec ${client} -e --raw --no-auth-warning -h "$h" -p "$p" --user "$u" "$@"`,
  prepare: ['PING'],
  put: (key, value) => ['SET', key, value],
  get: key => ['GET', key],
  whoAmI: ['ACL', 'WHOAMI'],
  show: name => (name === 'databases' ? ['SELECT', '7'] : ['INFO', 'memory']),
  settings: {
    live: { name: 'maxmemory-policy', value: 'allkeys-lru', seen: /^maxmemory_policy:allkeys-lru/m },
    cold: { name: 'databases', value: 4, seen: /out of range/ },
  },
  denied: /NOPERM/,
  wrongPassword: /WRONGPASS|AUTH failed/,
  process: `^${server} `,
})

const dialects: Record<EngineName, Dialect> = {
  postgresql,
  mysql: mysql('mysql', 'mysqld'),
  mariadb: mysql('mariadb', 'mariadbd'),
  percona: mysql('mysql', 'mysqld'),
  redis: redis('redis-cli', 'redis-server'),
  valkey: redis('valkey-cli', 'valkey-server'),
}

export async function openClient(engine: EngineName, image: string, namespace: string): Promise<Client> {
  const dialect = dialects[engine]
  await clientPod(namespace, image)
  const isByArguments = dialect.script.includes('"$@"')
  const ask = async ({ host, port, username, password, database }: Login, asked: string[]) => {
    const args = [host, port, username, database, ...(isByArguments ? asked : [])]
    const outcome = await tryInPod(namespace, dialect.script, args, `${password}\n${isByArguments ? '' : `${asked.join('\n')};\n`}`)
    return { ...outcome, stdout: outcome.stdout.trim() }
  }
  return {
    ...dialect,
    prepare: login => ask(login, dialect.prepare),
    put: (login, key, value) => ask(login, dialect.put(key, value)),
    get: (login, key) => ask(login, dialect.get(key)),
    whoAmI: login => ask(login, dialect.whoAmI),
    show: (login, { name }) => ask(login, dialect.show(name)),
  }
}
