/** In what the servers of this family differ for the agent. */
import type { EngineName } from '../../api/datastore.ts'
import { rootName } from '../root.ts'
import { administrator } from './names.ts'
import { type Authentication, cachingSha2Password, nativePassword } from './password.ts'
import { account, literal } from './quote.ts'

export interface Dialect {
  engine: EngineName
  server: 'mysqld' | 'mariadbd'
  authentication: Authentication
  /** How long a statement of ours may take, whatever the server lets others: settings of the session. */
  limits: Readonly<Record<string, number>>
  /** One row for an account: plugin, authentication string and whether it is locked. Parameter: the user. */
  account: string
  /** Rights that no database gives: `roles`, the roles that the account has, by name; `others`, how many more. Parameters: the user, as often as `?`. */
  roles: string
  others: string
  /** One row: `missing`, how many rights root has not, of those that no column of mysql.user tells; `beyond`, how many it must not have. */
  root: string
  /** What takes the latter from it. */
  restrict: readonly string[]
  /** Names of the variables that are other than the server's own default, or were made it by hand. */
  changed: string
  /** A role as GRANT and REVOKE take it. */
  role(name: string): string
}

const counted = (tables: readonly string[]) =>
  `select ${tables.map(table => `(select count(*) from mysql.${table} where user = ? and host = '%')`).join(' + ')} as others`

const isRoot = `r.user = '${rootName}' and r.host = '%'`

export const mysql: Dialect = {
  engine: 'mysql',
  server: 'mysqld',
  authentication: cachingSha2Password,
  limits: { max_execution_time: 60_000 },
  account: `select plugin, hex(authentication_string) as verifier, account_locked = 'Y' as locked from mysql.user where user = ? and host = '%'`,
  roles: `select concat(from_user, '@', from_host) as name from mysql.role_edges where to_user = ? and to_host = '%'`,
  others: counted(['tables_priv', 'columns_priv', 'procs_priv', 'global_grants']),
  // Nobody without SYSTEM_USER can change, lock or drop an account that has it, as the administrator's has, nor end its sessions. It is no wall: who may
  // write the server's own tables can give it to himself.
  root: `select (select count(*) from mysql.global_grants a
                  where a.user = '${administrator}' and a.host = 'localhost' and a.priv <> 'SYSTEM_USER'
                    and not exists (select 1 from mysql.global_grants r where ${isRoot} and r.priv = a.priv and r.with_grant_option = 'Y')) as missing,
                (select count(*) from mysql.global_grants r where ${isRoot} and r.priv = 'SYSTEM_USER') as beyond`,
  restrict: [`revoke system_user on *.* from ${account(rootName)}`],
  changed: `select variable_name as name from performance_schema.variables_info where variable_source in ('EXPLICIT', 'DYNAMIC', 'PERSISTED')`,
  role: name => {
    const at = name.lastIndexOf('@')
    return `${literal(name.slice(0, at))}@${literal(name.slice(at + 1))}`
  },
}

/** Percona Server is a MySQL for all that the agent asks of it; what its image and its configuration need is in operator.ts and enforced.ts. */
export const percona: Dialect = { ...mysql, engine: 'percona' }

export const mariadb: Dialect = {
  engine: 'mariadb',
  server: 'mariadbd',
  authentication: nativePassword,
  limits: { max_statement_time: 60 },
  account: `select json_value(priv, '$.plugin') as plugin, hex(json_value(priv, '$.authentication_string')) as verifier,
                   coalesce(json_value(priv, '$.account_locked'), 0) as locked
              from mysql.global_priv where user = ? and host = '%'`,
  roles: `select role as name from mysql.roles_mapping where user = ? and host = '%'`,
  others: counted(['tables_priv', 'columns_priv', 'procs_priv']),
  root: `select (select json_value(priv, '$.access') from mysql.global_priv where user = '${administrator}' and host = 'localhost')
                & ~coalesce((select json_value(priv, '$.access') from mysql.global_priv where user = '${rootName}' and host = '%'), 0) as missing, 0 as beyond`,
  restrict: [],
  changed: `select variable_name as name from information_schema.system_variables where global_value_origin in ('CONFIG', 'SQL')`,
  role: literal,
}
