/**
 * root: a role that is a superuser while it is asked for, and nothing but an owner afterwards. Both functions look before they act, write only what
 * differs, and may be stopped after any statement.
 */
import { rootName } from '../root.ts'
import { nameTaken, statementFailed, told } from '../told.ts'
import type { Connection } from './connection.ts'
import { markedRole, rootMark } from './ours.ts'
import { identifier, literal } from './quote.ts'
import { verifier, verifies } from './scram.ts'
import { keepOut } from './user.ts'

const root = identifier(rootName)
const attributes = "SUPERUSER LOGIN INHERIT CONNECTION LIMIT -1 VALID UNTIL 'infinity'"
const nothing = 'NOSUPERUSER NOLOGIN NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD NULL'

interface Observed {
  mark: string | null
  password: string | null
  /** Whether it has the attributes of one who may do everything, or of one who may do nothing. */
  full: boolean
  plain: boolean
  sessions: number
  /** Whether anything is its own, or was granted to it, in any database. */
  holds: boolean
}

export function ensureRoot(admin: Connection, password: string, signal: AbortSignal): Promise<void> {
  return told(`user "${rootName}"`, signal, async () => {
    const observed = await observe(admin, signal)
    if (observed === undefined) {
      return admin.transaction(markedRole(rootName, `${attributes} PASSWORD ${literal(await verifier(password))}`, rootMark), signal)
    }
    if (observed.mark !== rootMark) throw nameTaken('Role', rootName)
    const same = await verifies(password, observed.password)
    if (same && observed.full) return
    // A session that began with another password is one from before it was switched off, which nobody may have seen to yet.
    if (observed.sessions > 0) await keepOut(admin, rootName, signal)
    const change = same ? attributes : `${attributes} PASSWORD ${literal(await verifier(password))}`
    await admin.transaction([`ALTER ROLE ${root} ${change}`], signal)
  })
}

/**
 * What it owns stays its own, with a role that lets nobody in: there is no other owner to whom all of it could go without a function of root's acting
 * with that one's rights, or a table coming into hands that it was not meant for. One that holds nothing is dropped.
 */
export function dropRoot(admin: Connection, signal: AbortSignal): Promise<void> {
  return told(`to drop user "${rootName}"`, signal, async () => {
    const observed = await observe(admin, signal)
    if (observed?.mark !== rootMark) return
    // Its sessions before its rights: one that is left by a crash is found here by the next.
    if (!observed.plain || observed.sessions > 0) await keepOut(admin, rootName, signal)
    if (!observed.plain) await admin.transaction([`ALTER ROLE ${root} ${nothing}`], signal)
    if (observed.holds) return
    // It may have been given something since.
    await admin.transaction([`DROP ROLE ${root}`], signal).catch(async error => {
      signal.throwIfAborted()
      if ((await observe(admin, signal))?.holds !== true) throw statementFailed(`to drop role "${rootName}"`, String(error), error)
    })
  })
}

async function observe(admin: Connection, signal: AbortSignal): Promise<Observed | undefined> {
  const [observed] = await admin.query<Observed>(
    `select shobj_description(r.oid, 'pg_authid') as mark, r.rolpassword as password,
            r.rolsuper and r.rolcanlogin and r.rolinherit and r.rolconnlimit = -1 and coalesce(r.rolvaliduntil = 'infinity', true) as full,
            r.rolpassword is null
              and not (r.rolcanlogin or r.rolsuper or r.rolcreatedb or r.rolcreaterole or r.rolreplication or r.rolbypassrls) as plain,
            (select count(*)::int from pg_stat_activity where usename = r.rolname) as sessions,
            exists (select 1 from pg_shdepend where refclassid = 'pg_authid'::regclass and refobjid = r.oid) as holds
       from pg_authid r where r.rolname = $1`,
    [rootName],
    signal,
  )
  return observed
}
