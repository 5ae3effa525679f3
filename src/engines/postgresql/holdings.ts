/** What a role owns and was granted, and how it is parted from it without anything being lost. */
import { statementFailed } from '../told.ts'
import type { Connection } from './connection.ts'
import { databaseRoles } from './names.ts'
import { databaseMark, takeBackDatabases } from './ours.ts'
import { identifier } from './quote.ts'

interface Holding {
  role: string
  database: string
  owner: string
  ownerMark: string | null
  connectable: boolean
}

/**
 * In every database where the role owns or was granted something, gives what it owns to the database's owner role and takes the grants.
 * With `only`, in that database alone. All or nothing: REASSIGN OWNED in any database moves every database that the role owns.
 */
export async function giveUpHoldings(admin: Connection, role: string, signal: AbortSignal, only?: string): Promise<void> {
  await takeBackDatabases(admin, signal)
  const holdings = await admin.query<Holding>(
    `select distinct r.oid::text as role, d.datname::text as database, o.rolname::text as owner, shobj_description(o.oid, 'pg_authid') as "ownerMark",
            d.datallowconn as connectable
       from pg_shdepend s
       join pg_roles r on r.oid = s.refobjid
       join pg_database d on d.oid = s.dbid or (s.dbid = 0 and s.classid = 'pg_database'::regclass and d.oid = s.objid)
       join pg_roles o on o.oid = d.datdba
      where s.refclassid = 'pg_authid'::regclass and r.rolname = $1 and ($2::name is null or d.datname = $2 or d.datdba = r.oid)`,
    [role, only],
    signal,
  )
  for (const { database, owner, ownerMark } of holdings) {
    // DROP OWNED after a REASSIGN OWNED to the same role would drop its tables; and what a tenant's function does as its owner, it must
    // never do as a superuser, who owns the databases that are not ours.
    if (owner === role || ownerMark !== databaseMark || owner !== databaseRoles(database).owner) {
      throw statementFailed(`to free role "${role}"`, `it holds something in database "${database}", which is not its to leave behind`)
    }
  }
  for (const { role: oid, database, connectable } of holdings) {
    // its owner may have closed it to everybody, and so to us
    if (!connectable) await admin.transaction([`ALTER DATABASE ${identifier(database)} ALLOW_CONNECTIONS true`], signal)
    await admin.inDatabase(database, signal, inside => inside.transaction([giveUp(oid)], signal))
  }
}

/** By number and not by name: names are UTF-8 for the whole server, and could not be written in a database of another character set. */
function giveUp(oid: string): string {
  return `DO $$
declare
  role text := (select rolname from pg_roles where oid = ${Number(oid)});
  owner text := (select pg_get_userbyid(datdba) from pg_database where datname = current_database());
begin
  execute format('REASSIGN OWNED BY %I TO %I', role, owner);
  execute format('DROP OWNED BY %I', role);
end $$`
}
