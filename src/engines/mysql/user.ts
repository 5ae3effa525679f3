/**
 * Users: an account for every host with exactly the rights asked for, database by database. Both functions look before they act, write only
 * what differs, and may be stopped after any statement.
 */
import type { GuestUser } from '../../api/guest.ts'
import { TroveError } from '../../errors.ts'
import { nameTaken, statementFailed, told } from '../told.ts'
import type { Connection } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { mark, marked, unmark } from './marks.ts'
import { checkUser } from './names.ts'
import { change, patternOf, type Row } from './privileges.ts'
import { account, literal, pattern } from './quote.ts'
import { endSessions } from './sessions.ts'

interface Account {
  plugin: string
  verifier: Buffer
  locked: boolean
}

export function ensureUser(admin: Connection, dialect: Dialect, user: GuestUser, password: string, signal: AbortSignal): Promise<void> {
  const { name, access = [] } = user
  return told(`user "${name}"`, signal, async () => {
    const refused = checkUser(dialect.engine, user)
    if (refused !== undefined) throw new TroveError(refused)
    const isOurs = (await marked(admin, 'user', [name], signal)).has(name)
    const found = await findAccount(admin, dialect, name, signal)
    if (!isOurs && (found !== undefined || (await hasOtherHosts(admin, name, signal)))) throw nameTaken('User', name)
    if (!isOurs) await mark(admin, 'user', name, signal)
    const who = account(name)
    if (found === undefined) {
      // Nobody comes in before it has its rights.
      await admin.run([`create user ${who} ${identified(dialect, password)} account lock`], signal)
    } else if (found.plugin !== dialect.authentication.plugin || !dialect.authentication.verifies(password, found.verifier)) {
      await admin.run([`alter user ${who} ${identified(dialect, password)}`], signal)
    }

    const strange = await rightsOfNoDatabase(admin, dialect, name, signal)
    if (strange.length > 0) await keepOut(admin, name, strange, signal)
    const rows = await admin.query<Row>(`select * from mysql.db where user = ? and host = '%'`, [name], signal)
    const there = await marked(
      admin,
      'database',
      access.map(a => a.database),
      signal,
    )
    const wanted = new Map(access.filter(a => there.has(a.database)).map(a => [pattern(a.database), a.privilege]))
    const had = new Map(rows.map(row => [patternOf(row), row]))
    const changes = [...new Set([...had.keys(), ...wanted.keys()])].map(p => change(name, p, had.get(p), wanted.get(p)))
    const statements = changes.flatMap(c => c.statements)
    // A session may do in its current database what it could when it chose it, so one that loses something is ended. Locked, the account says
    // that this is still to be done, whoever comes after a crash.
    if (changes.some(c => c.loses)) await keepOut(admin, name, statements, signal)
    else await admin.run(statements, signal)
    const now = await findAccount(admin, dialect, name, signal)
    if (now?.locked) {
      await endSessions(admin, { user: name }, signal)
      await admin.run([`alter user ${who} account unlock`], signal)
    }
    const missing = access.find(a => !there.has(a.database))
    if (missing !== undefined) throw statementFailed(`access of user "${name}"`, `database "${missing.database}" is not there yet`)
  })
}

/**
 * Views, routines, triggers and events act with the rights of whoever defined them: an account that defined any stays, locked, so
 * that they go on working. It is used again should its name be asked for once more.
 */
export function dropUser(admin: Connection, { name }: GuestUser, signal: AbortSignal): Promise<void> {
  return told(`to drop user "${name}"`, signal, async () => {
    if (!(await marked(admin, 'user', [name], signal)).has(name)) return
    const who = account(name)
    const [exists] = await admin.query(`select 1 from mysql.user where user = ? and host = '%'`, [name], signal)
    if (exists !== undefined) {
      await keepOut(admin, name, [], signal)
      if (await isDefiner(admin, name, signal)) return
      await admin.run([`drop user if exists ${who}`], signal)
    }
    await unmark(admin, 'user', name, signal)
  })
}

/** No new session, then the statements, then an end to the sessions that there are. */
export async function keepOut(admin: Connection, name: string, statements: readonly string[], signal: AbortSignal): Promise<void> {
  await admin.run([`alter user ${account(name)} account lock`, ...statements], signal)
  await endSessions(admin, { user: name }, signal)
}

export const identified = ({ authentication }: Dialect, password: string): string => {
  const verifier = authentication.verifier(password)
  const text = /^[*0-9A-F]+$/.test(verifier.toString('latin1')) ? literal(verifier.toString('latin1')) : `0x${verifier.toString('hex')}`
  return `identified with ${authentication.plugin} as ${text}`
}

export async function findAccount(admin: Connection, dialect: Dialect, name: string, signal: AbortSignal): Promise<Account | undefined> {
  const [found] = await admin.query<{ plugin: string; verifier: string | null; locked: unknown }>(dialect.account, [name], signal)
  return found && { plugin: found.plugin, verifier: Buffer.from(found.verifier ?? '', 'hex'), locked: isTrue(found.locked) }
}

const isTrue = (value: unknown) => ['1', 'true'].includes(String(value))

async function hasOtherHosts(admin: Connection, name: string, signal: AbortSignal): Promise<boolean> {
  return (await admin.query(`select 1 from mysql.user where user = ? and host <> '%' limit 1`, [name], signal)).length > 0
}

/** What takes from an account the rights that come by no database: only a superuser can have given them. */
async function rightsOfNoDatabase(admin: Connection, dialect: Dialect, name: string, signal: AbortSignal): Promise<string[]> {
  const who = account(name)
  const times = (sql: string) => Array.from({ length: sql.split('?').length - 1 }, () => name)
  const [row = {}] = await admin.query<Row>(`select * from mysql.user where user = ? and host = '%'`, [name], signal)
  const [{ others } = { others: 0 }] = await admin.query<{ others: number }>(dialect.others, times(dialect.others), signal)
  const roles = await admin.query<{ name: string }>(dialect.roles, times(dialect.roles), signal)
  const isGlobal = Object.entries(row).some(([column, value]) => column.endsWith('_priv') && value === 'Y')
  return [
    ...(isGlobal || Number(others) > 0 ? [`revoke all privileges, grant option from ${who}`] : []),
    ...roles.map(role => `revoke ${dialect.role(role.name)} from ${who}`),
  ]
}

export async function isDefiner(admin: Connection, name: string, signal: AbortSignal): Promise<boolean> {
  const definer = `${name}@%`
  const tables = ['views', 'routines', 'triggers', 'events']
  const rows = await admin.query(
    tables.map(table => `select 1 from information_schema.${table} where definer = ?`).join(' union all '),
    tables.map(() => definer),
    signal,
  )
  return rows.length > 0
}
