/** An administrator's session on the local socket, and what the agent does with it. One connection to the database postgres; others are opened for a piece of work inside a database. */
import type { EngineSession, GuestEngine } from '../guest-engine.ts'
import { configure } from './configure.ts'
import { openConnection } from './connection.ts'
import { dropDatabase, ensureDatabase } from './database.ts'
import { dropRoot, ensureRoot } from './root.ts'
import { dropUser, ensureUser } from './user.ts'

export const connect: GuestEngine['connect'] = async (paths, signal): Promise<EngineSession> => {
  const admin = await openConnection(paths.sockets, 'postgres', signal)
  return {
    facts: async signal => {
      const [row] = await admin.query<{ version: string }>("select current_setting('server_version') as version", [], signal)
      // "17.12 (Debian 17.12-1.pgdg13+1)"
      return { version: row?.version.split(' ')[0] ?? '' }
    },
    ensureDatabase: (database, signal) => ensureDatabase(admin, database, signal),
    dropDatabase: (database, signal) => dropDatabase(admin, database, signal),
    ensureUser: (user, password, signal) => ensureUser(admin, user, password, signal),
    dropUser: (user, signal) => dropUser(admin, user, signal),
    ensureRoot: (password, signal) => ensureRoot(admin, password, signal),
    dropRoot: signal => dropRoot(admin, signal),
    configure: (parameters, signal) => configure(admin, parameters, signal),
    close: () => admin.close(),
  }
}
