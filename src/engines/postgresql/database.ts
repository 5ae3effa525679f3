/**
 * Databases: each is owned by a role of its own without login, and has two more that hold the rights of ReadWrite and ReadOnly users.
 * Every function looks before it acts and may be stopped after any statement: marked roles come first, then the database with no
 * connection allowed, then all its rights at once together with the permission to connect.
 */
import type { GuestDatabase } from '../../api/guest.ts'
import { fault, TroveError } from '../../errors.ts'
import { nameTaken, told } from '../told.ts'
import type { Connection } from './connection.ts'
import { isUtf8 } from './encodings.ts'
import { giveUpHoldings } from './holdings.ts'
import { checkDatabase, databaseRoles } from './names.ts'
import { databaseMark, markedRole, takeBackDatabases } from './ours.ts'
import { identifier, literal } from './quote.ts'

/** datconnlimit of a database that a DROP DATABASE left half gone. */
const invalid = -2
/** datconnlimit of a database that has not got its rights yet: only superusers connect. */
const unfinished = 0

interface Observed {
  /** Role name to its mark. */
  roles: Map<string, string | null>
  database?: {
    owner: string
    connectionLimit: number
    connectable: boolean
    isTemplate: boolean
    encoding: string
    collate: string
    sameEncoding: boolean
  }
}

export function ensureDatabase(admin: Connection, database: GuestDatabase, signal: AbortSignal): Promise<void> {
  const { name } = database
  return told(`database "${name}"`, signal, async () => {
    const refused = checkDatabase(database)
    if (refused !== undefined) throw new TroveError(refused)
    const roles = databaseRoles(name)
    await takeBackDatabases(admin, signal)
    const observed = await observe(admin, database, signal)

    const foreign = Object.values(roles).find(role => observed.roles.has(role) && observed.roles.get(role) !== databaseMark)
    if (foreign !== undefined) throw nameTaken('Role', foreign)
    if (observed.database !== undefined && !isOurs(observed, name)) throw nameTaken('Database', name)

    const missing = Object.values(roles).filter(role => !observed.roles.has(role))
    await admin.transaction(
      missing.flatMap(role => markedRole(role, 'NOLOGIN', databaseMark)),
      signal,
    )
    let there = observed.database
    if (there?.connectionLimit === invalid) {
      await admin.transaction([`DROP DATABASE ${identifier(name)}`], signal)
      there = undefined
    }
    if (there === undefined) await admin.transaction([createDatabase(database)], signal)
    else assertSame(database, there)
    // its owner may have closed it to everybody, and so to us
    if (there?.connectable === false) await admin.transaction([`ALTER DATABASE ${identifier(name)} ALLOW_CONNECTIONS true`], signal)

    if (missing.length > 0 || there === undefined || there.connectionLimit === unfinished) {
      await admin.inDatabase(name, signal, inside => inside.transaction([rights], signal))
    }
  })
}

export function dropDatabase(admin: Connection, database: GuestDatabase, signal: AbortSignal): Promise<void> {
  const { name } = database
  return told(`to drop database "${name}"`, signal, async () => {
    await takeBackDatabases(admin, signal)
    const observed = await observe(admin, database, signal)
    if (observed.database !== undefined) {
      // it is somebody else's, and so is what our roles may hold in it
      if (!isOurs(observed, name)) return
      // its owner may have made it a template, and templates are not dropped
      if (observed.database.isTemplate) await admin.transaction([`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`], signal)
      await admin.transaction([`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`], signal)
    }
    const roles = Object.values(databaseRoles(name)).filter(role => observed.roles.get(role) === databaseMark)
    // owners of other databases may have given them something there
    for (const role of roles) await giveUpHoldings(admin, role, signal)
    await admin.transaction(
      roles.map(role => `DROP ROLE ${identifier(role)}`),
      signal,
    )
  })
}

async function observe(admin: Connection, { name, characterSet }: GuestDatabase, signal: AbortSignal): Promise<Observed> {
  const [roles, [database]] = await Promise.all([
    admin.query<{ name: string; mark: string | null }>(
      "select rolname::text as name, shobj_description(oid, 'pg_authid') as mark from pg_roles where rolname = any($1::name[])",
      [Object.values(databaseRoles(name))],
      signal,
    ),
    admin.query<NonNullable<Observed['database']>>(
      `select pg_get_userbyid(datdba)::text as owner, datconnlimit as "connectionLimit", datallowconn as connectable, datistemplate as "isTemplate",
              pg_encoding_to_char(encoding)::text as encoding, datcollate as collate, pg_char_to_encoding($2::name) = encoding as "sameEncoding"
         from pg_database where datname = $1`,
      [name, characterSet ?? 'UTF8'],
      signal,
    ),
  ])
  return { roles: new Map(roles.map(role => [role.name, role.mark])), ...(database && { database }) }
}

function isOurs({ roles, database }: Observed, name: string): boolean {
  const { owner } = databaseRoles(name)
  return database?.owner === owner && roles.get(owner) === databaseMark
}

/** A retained database comes back as it is; character set and collation cannot be changed in it. */
function assertSame({ name, characterSet, collate }: GuestDatabase, there: NonNullable<Observed['database']>): void {
  const sameSet = characterSet === undefined || there.sameEncoding
  const sameCollation = collate === undefined || localeName(collate) === localeName(there.collate)
  if (sameSet && sameCollation) return
  const asked = [characterSet && `character set ${characterSet}`, collate && `collation ${collate}`].filter(Boolean).join(' and ')
  throw new TroveError(fault('DatabaseDiffers', { name, found: `character set ${there.encoding} and collation ${there.collate}`, asked }))
}

/** C libraries take en_US.utf8 and en_US.UTF-8 for one. */
function localeName(locale: string): string {
  return locale.toLowerCase().replaceAll('-', '')
}

function createDatabase({ name, characterSet = 'UTF8', collate }: GuestDatabase): string {
  // C goes with every character set, C.UTF-8 with its own alone
  const locale = collate ?? (isUtf8(characterSet) ? 'C.UTF-8' : 'C')
  return [
    `CREATE DATABASE ${identifier(name)} OWNER ${identifier(databaseRoles(name).owner)} TEMPLATE template0`,
    `ENCODING ${literal(characterSet)} LOCALE ${literal(locale)} CONNECTION LIMIT ${unfinished}`,
  ].join(' ')
}

/**
 * To be run inside the database. It speaks of itself without naming itself: names are UTF-8 for the whole server, and could not be written in
 * a database of another character set. Default privileges serve what the owner role will make, tables in new schemas included.
 */
const rights = `DO $$
declare
  d text := current_database();
  owner text := d || '_owner';
  rw text := d || '_rw';
  ro text := d || '_ro';
  future text := format('ALTER DEFAULT PRIVILEGES FOR ROLE %I GRANT ', owner);
begin
  execute format('REVOKE ALL ON DATABASE %I FROM PUBLIC', d);
  execute format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO %I, %I', d, rw, ro);
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  execute format('GRANT USAGE ON SCHEMA public TO %I, %I', rw, ro);
  execute future || format('USAGE ON SCHEMAS TO %I, %I', rw, ro);
  execute future || format('SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', rw);
  execute future || format('SELECT ON TABLES TO %I', ro);
  execute future || format('USAGE, SELECT, UPDATE ON SEQUENCES TO %I', rw);
  execute future || format('SELECT ON SEQUENCES TO %I', ro);
  execute format('ALTER DATABASE %I CONNECTION LIMIT -1', d);
end $$`
