/** MySQL's client and MariaDB's. */
import type { Dialect } from './clients.ts'

export const mysql = (client: string, server: string): Dialect => ({
  script: `IFS= read -r password; umask 077; f=$(mktemp); printf '[client]\\npassword="%s"\\n' "$password" >"$f"
${client} --defaults-file="$f" --default-character-set=utf8mb4 --connect-timeout=5 --batch --raw --skip-column-names --host="$1" --port="$2" --user="$3" \${4:+--database="$4"}; r=$?; rm -f "$f"; exit $r`,
  prepare: ['create table if not exists kv (k varchar(64) primary key, v varchar(200))'],
  put: (key, value) => [`insert into kv values ('${key}', '${value}') on duplicate key update v = '${value}'`],
  get: key => [`select v from kv where k = '${key}'`],
  show: name => [`select @@global.${name}`],
  settings: {
    live: { name: 'long_query_time', value: 2.5, seen: /^2\.5/ },
    cold: { name: 'back_log', value: 99, seen: /^99$/ },
    refused: { name: 'default_storage_engine', value: 'Nonsense' },
  },
  administer: ['select count(*) from mysql.user'],
  whoAmI: ["select left(user(), char_length(user()) - locate('@', reverse(user())))"],
  denied: /command denied|Access denied for user/,
  wrongPassword: /Access denied for user/,
  process: `^${server} `,
  cleanEnd: /Shutdown complete/,
})
