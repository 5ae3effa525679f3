import { conforms } from './behaviours.ts'
import type { Dialect } from './clients.ts'

const postgresql: Dialect = {
  script:
    'IFS= read -r PGPASSWORD; export PGPASSWORD PGCONNECT_TIMEOUT=5; exec psql -X -v ON_ERROR_STOP=1 -qtA -h "$1" -p "$2" -U "$3" -d "$4"',
  prepare: ['create table if not exists kv (k varchar(64) primary key, v varchar(200))'],
  put: (key, value) => [`insert into kv values ('${key}', '${value}') on conflict (k) do update set v = excluded.v`],
  get: key => [`select v from kv where k = '${key}'`],
  whoAmI: ['select session_user'],
  administer: ['select count(*) from pg_authid'],
  show: name => [`show ${name}`],
  settings: {
    live: { name: 'work_mem', value: '9MB', seen: /^9MB$/ },
    cold: { name: 'max_connections', value: 33, seen: /^33$/ },
    refused: { name: 'max_locks_per_transaction', value: 2147483647 },
  },
  denied: /permission denied|must be owner/,
  wrongPassword: /password authentication failed/,
  process: '^postgres -D',
  cleanEnd: /database system is shut down/,
}

await conforms('postgresql', postgresql)
