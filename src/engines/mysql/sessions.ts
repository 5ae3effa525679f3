/** Tenants' sessions, and how they are ended. */
import { statementFailed } from '../told.ts'
import type { Connection } from './connection.ts'

interface Session {
  Id: number
  User: string
  db: string | null
}

const attempts = 50
const pauseMs = 100

/** Ends every session of a user, or in a database, and waits until they have ended. */
export async function endSessions(admin: Connection, of: { user: string } | { database: string }, signal: AbortSignal): Promise<void> {
  const isMeant = (s: Session) => ('user' in of ? s.User === of.user : s.db === of.database)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const left = (await admin.query<Session>('show full processlist', [], signal)).filter(isMeant)
    if (left.length === 0) return
    // One that has ended meanwhile is not there to be killed.
    for (const { Id } of left) await admin.run([`kill ${Number(Id)}`], signal).catch(() => signal.throwIfAborted())
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
  const [kind, name] = Object.entries(of)[0]!
  throw statementFailed(`to end the sessions of ${kind} "${name}"`, `they have not ended after ${(attempts * pauseMs) / 1000} s`)
}
