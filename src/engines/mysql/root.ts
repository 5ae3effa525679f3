/**
 * root: an account for every host with all rights, and the right to give them on. Both functions look before they act, write only what differs, and may
 * be stopped after any statement. MariaDB's own `root`@`localhost` is the system's root, whom nobody is in a container: it is left as it is.
 */
import { rootName } from '../root.ts'
import { nameTaken, told } from '../told.ts'
import type { Connection } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { mark, marked, unmark } from './marks.ts'
import type { Row } from './privileges.ts'
import { account } from './quote.ts'
import { endSessions } from './sessions.ts'
import { findAccount, identified, isDefiner, keepOut } from './user.ts'

const who = account(rootName)

export function ensureRoot(admin: Connection, dialect: Dialect, password: string, signal: AbortSignal): Promise<void> {
  return told(`user "${rootName}"`, signal, async () => {
    const isOurs = await isMarked(admin, signal)
    const found = await findAccount(admin, dialect, rootName, signal)
    if (!isOurs && (found !== undefined || (await hasOthers(admin, signal)))) throw nameTaken('User', rootName)
    if (!isOurs) await mark(admin, 'root', rootName, signal)
    const { authentication } = dialect
    if (found === undefined) {
      // Nobody comes in before it has its rights, and none that it must not have.
      await admin.run([`create user ${who} ${identified(dialect, password)} account lock`], signal)
    } else if (found.plugin !== authentication.plugin || !authentication.verifies(password, found.verifier)) {
      // Locked until its sessions have ended: one with another password is from before it was switched off, which nobody may have seen to yet.
      await admin.run([`alter user ${who} ${identified(dialect, password)} account lock`], signal)
    }
    const { missing, beyond } = await rights(admin, dialect, signal)
    const given = missing ? [`grant all privileges on *.* to ${who} with grant option`] : []
    await admin.run([...given, ...(missing || beyond ? dialect.restrict : [])], signal)
    const now = await findAccount(admin, dialect, rootName, signal)
    if (!now?.locked) return
    await endSessions(admin, { user: rootName }, signal)
    await admin.run([`alter user ${who} account unlock`], signal)
  })
}

/** As with users: one by whose rights views or routines act stays, locked. */
export function dropRoot(admin: Connection, signal: AbortSignal): Promise<void> {
  return told(`to drop user "${rootName}"`, signal, async () => {
    if (!(await isMarked(admin, signal))) return
    const [exists] = await admin.query(`select 1 from mysql.user where user = ? and host = '%'`, [rootName], signal)
    if (exists !== undefined) {
      await keepOut(admin, rootName, [], signal)
      if (await isDefiner(admin, rootName, signal)) return
      await admin.run([`drop user if exists ${who}`], signal)
    }
    await unmark(admin, 'root', rootName, signal)
  })
}

const isMarked = async (admin: Connection, signal: AbortSignal) => (await marked(admin, 'root', [rootName], signal)).has(rootName)

async function hasOthers(admin: Connection, signal: AbortSignal): Promise<boolean> {
  const sql = `select 1 from mysql.user where user = ? and host not in ('%', 'localhost') limit 1`
  return (await admin.query(sql, [rootName], signal)).length > 0
}

async function rights(admin: Connection, { root }: Dialect, signal: AbortSignal): Promise<{ missing: boolean; beyond: boolean }> {
  const [row = {}] = await admin.query<Row>(`select * from mysql.user where user = ? and host = '%'`, [rootName], signal)
  const [{ missing, beyond } = { missing: 0, beyond: 0 }] = await admin.query<{ missing: unknown; beyond: unknown }>(root, [], signal)
  const lacks = Object.entries(row).some(([column, value]) => column.endsWith('_priv') && value !== 'Y')
  return { missing: lacks || Number(missing) > 0, beyond: Number(beyond) > 0 }
}
