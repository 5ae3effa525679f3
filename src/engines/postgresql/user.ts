/**
 * Users: a role with a login and exactly the rights asked for, database by database. Both functions look before they act, write only what
 * differs, and may be stopped after any statement.
 */
import type { Privilege } from '../../api/databaseuser.ts'
import type { GuestUser } from '../../api/guest.ts'
import { TroveError } from '../../errors.ts'
import { nameTaken, statementFailed, told } from '../told.ts'
import type { Connection } from './connection.ts'
import { giveUpHoldings } from './holdings.ts'
import { checkUser, databaseRoles } from './names.ts'
import { databaseMark, markedRole, takeBackDatabases, userMark } from './ours.ts'
import { identifier, literal } from './quote.ts'
import { verifier, verifies } from './scram.ts'

const attributes = "LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1 VALID UNTIL 'infinity'"

const rank: Record<Privilege, number> = { ReadOnly: 1, ReadWrite: 2, Owner: 3 }

/** A right that the user has: membership in one of a database's three roles. */
interface Right {
  database: string
  privilege: Privilege
  role: string
}

interface Observed {
  mark: string | null
  /** Whether it has the attributes above. */
  plain: boolean
  password: string | null
  /** Every role that it is a member of. */
  memberships: string[]
  /** What SET role is in force when it connects to a database. */
  settings: { database: string; role: string }[]
}

export function ensureUser(admin: Connection, user: GuestUser, password: string, signal: AbortSignal): Promise<void> {
  const { name } = user
  return told(`user "${name}"`, signal, async () => {
    const refused = checkUser({ name, access: user.access })
    if (refused !== undefined) throw new TroveError(refused)
    const observed = await observe(admin, name, signal)
    if (observed !== undefined && observed.mark !== userMark) throw nameTaken('Role', name)

    // an Owner connects by the right of the role that owns the database
    await takeBackDatabases(admin, signal)
    const asked = (user.access ?? []).map(right)
    const known = await knownRights(admin, [...asked.map(r => r.role), ...(observed?.memberships ?? [])], signal)
    const granted = asked.filter(r => known.has(r.role))
    const losses = (observed?.memberships ?? [])
      .map(role => known.get(role))
      .filter(held => held !== undefined && !asked.some(r => r.database === held.database && rank[r.privilege] >= rank[held.privilege]))
      .map(held => held!.database)

    // What it loses is taken while its memberships still tell of the loss: whoever comes after a crash takes it anew. It is kept out of the
    // server meanwhile, or it would be back in a database before the right to it is gone; what it keeps elsewhere it has again in a moment.
    // Should this fail, it stays out until it has been done.
    if (losses.length > 0) await keepOut(admin, name, signal)
    // What it made there stays with the database, before it loses the right to it.
    for (const database of losses) await giveUpHoldings(admin, name, signal, database)
    const now = observed && { ...observed, plain: observed.plain && losses.length === 0 }
    await admin.transaction([...(await login(name, now, password)), ...rights(name, now, granted)], signal)

    const missing = asked.find(r => !known.has(r.role))
    if (missing !== undefined) throw statementFailed(`access of user "${name}"`, `database "${missing.database}" is not there yet`)
  })
}

export function dropUser(admin: Connection, user: GuestUser, signal: AbortSignal): Promise<void> {
  const { name } = user
  return told(`to drop user "${name}"`, signal, async () => {
    const observed = await observe(admin, name, signal)
    // a role without the mark is somebody else's, and nothing of ours is there
    if (observed?.mark !== userMark) return
    await keepOut(admin, name, signal)
    await giveUpHoldings(admin, name, signal)
    await admin.transaction([`DROP ROLE ${identifier(name)}`], signal)
  })
}

async function observe(admin: Connection, name: string, signal: AbortSignal): Promise<Observed | undefined> {
  const [observed] = await admin.query<Observed>(
    `select shobj_description(r.oid, 'pg_authid') as mark, r.rolpassword as password,
            r.rolcanlogin and r.rolinherit and r.rolconnlimit = -1 and coalesce(r.rolvaliduntil = 'infinity', true)
              and not (r.rolsuper or r.rolcreatedb or r.rolcreaterole or r.rolreplication or r.rolbypassrls) as plain,
            array(select distinct m.rolname::text from pg_auth_members a join pg_roles m on m.oid = a.roleid where a.member = r.oid) as memberships,
            coalesce((select json_agg(json_build_object('database', d.datname, 'role', substr(c, 6)))
                        from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase, unnest(s.setconfig) as c
                       where s.setrole = r.oid and starts_with(c, 'role=')), '[]') as settings
       from pg_authid r where r.rolname = $1`,
    [name],
    signal,
  )
  return observed
}

/** Of these roles, those that are a database's own: the database is there, and they bear the mark. */
async function knownRights(admin: Connection, roles: readonly string[], signal: AbortSignal): Promise<Map<string, Right>> {
  const found = await admin.query<{ database: string; role: string }>(
    `select d.datname::text as database, r.rolname::text as role
       from pg_roles r join pg_database d on r.rolname in (d.datname || '_owner', d.datname || '_rw', d.datname || '_ro')
      where r.rolname = any($1::name[]) and shobj_description(r.oid, 'pg_authid') = $2`,
    [roles, databaseMark],
    signal,
  )
  const all = found.flatMap(({ database, role }) =>
    (Object.keys(rank) as Privilege[]).map(privilege => right({ database, privilege })).filter(r => r.role === role),
  )
  return new Map(all.map(r => [r.role, r]))
}

function right({ database, privilege }: { database: string; privilege: Privilege }): Right {
  const { owner, rw, ro } = databaseRoles(database)
  return { database, privilege, role: { Owner: owner, ReadWrite: rw, ReadOnly: ro }[privilege] }
}

async function login(name: string, observed: Observed | undefined, password: string): Promise<string[]> {
  if (observed === undefined) return markedRole(name, `${attributes} PASSWORD ${literal(await verifier(password))}`, userMark)
  const same = await verifies(password, observed.password)
  if (same && observed.plain) return []
  const change = same ? attributes : `${attributes} PASSWORD ${literal(await verifier(password))}`
  return [`ALTER ROLE ${identifier(name)} ${change}`]
}

function rights(name: string, observed: Observed | undefined, granted: readonly Right[]): string[] {
  const user = identifier(name)
  const roles = new Set(granted.map(r => r.role))
  // An Owner acts as the owner role, so that what it makes is the database's and not its own.
  const settings = new Map(granted.filter(r => r.privilege === 'Owner').map(r => [r.database, r.role]))
  const had = new Map(observed?.settings.map(s => [s.database, s.role]))
  return [
    ...(observed?.memberships ?? []).filter(role => !roles.has(role)).map(role => `REVOKE ${identifier(role)} FROM ${user}`),
    ...[...had.keys()].filter(d => !settings.has(d)).map(d => `ALTER ROLE ${user} IN DATABASE ${identifier(d)} RESET role`),
    ...[...roles].filter(role => !observed?.memberships.includes(role)).map(role => `GRANT ${identifier(role)} TO ${user}`),
    ...[...settings]
      .filter(([d, role]) => had.get(d) !== role)
      .map(([d, role]) => `ALTER ROLE ${user} IN DATABASE ${identifier(d)} SET role TO ${literal(role)}`),
  ]
}

/**
 * No new session, and an end to all that it has, in every database: what a session has taken on with SET ROLE it keeps until it ends, and an
 * owner role reaches its database from any other.
 */
export async function keepOut(admin: Connection, name: string, signal: AbortSignal): Promise<void> {
  await admin.transaction([`ALTER ROLE ${identifier(name)} NOLOGIN`], signal)
  const sessions = 'from pg_stat_activity where usename = $1'
  await admin.query(`select pg_terminate_backend(pid) ${sessions}`, [name], signal)
  // Its answer does not count: it is the same for a session that has not ended and for one that ended before it was waited for.
  await admin.query(`select pg_terminate_backend(pid, 5000) ${sessions}`, [name], signal)
  const left = await admin.query(`select pid ${sessions}`, [name], signal)
  if (left.length > 0) throw statementFailed(`to end the sessions of user "${name}"`, 'they have not ended after 5 s')
}
