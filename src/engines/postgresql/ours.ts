/**
 * What is ours in the engine. Every role that the agent makes bears a mark, a comment made in one transaction with it; only a superuser can
 * comment on a role, so no tenant forges one. A database is ours if its owner is its own marked role, or was until an Owner's REASSIGN OWNED.
 * Nothing else is ever adopted or touched.
 */
import type { Connection } from './connection.ts'
import { databaseRoles } from './names.ts'
import { identifier, literal } from './quote.ts'

export const databaseMark = 'trove.dev/database'
export const userMark = 'trove.dev/user'
export const rootMark = 'trove.dev/root'

export function markedRole(name: string, attributes: string, mark: string): string[] {
  return [`CREATE ROLE ${identifier(name)} ${attributes}`, `COMMENT ON ROLE ${identifier(name)} IS ${literal(mark)}`]
}

/**
 * Gives each database that bears a marked owner role's name back to that role. REASSIGN OWNED moves the database along with the tables, and
 * servers up to 15.18 let an Owner do it, to any role that it has: a user, or a role of another database. What belongs to a role without our
 * mark stays where it is.
 */
export async function takeBackDatabases(admin: Connection, signal: AbortSignal): Promise<void> {
  const moved = await admin.query<{ name: string }>(
    `select d.datname::text as name
       from pg_database d
       join pg_roles r on r.rolname = d.datname || '_owner' and shobj_description(r.oid, 'pg_authid') = $1
      where d.datdba <> r.oid and shobj_description(d.datdba, 'pg_authid') in ($1, $2)`,
    [databaseMark, userMark],
    signal,
  )
  await admin.transaction(
    moved.map(({ name }) => `ALTER DATABASE ${identifier(name)} OWNER TO ${identifier(databaseRoles(name).owner)}`),
    signal,
  )
}
