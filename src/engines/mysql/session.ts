/** An administrator's session on the local socket, and what the agent does with it. */
import type { EngineName } from '../../api/datastore.ts'
import type { EngineFacts, EngineSession, GuestEngine } from '../guest-engine.ts'
import { type Catalogues, catalogueOf } from '../parameters/catalogue.ts'
import { configure } from './configure.ts'
import { openConnection } from './connection.ts'
import { dropDatabase, ensureDatabase } from './database.ts'
import type { Dialect } from './dialect.ts'
import { dropRoot, ensureRoot } from './root.ts'
import { dropUser, ensureUser } from './user.ts'

/** Read by the agent that needs them alone: they are large. */
const parametersOf: Partial<Record<EngineName, () => Promise<Catalogues>>> = {
  mysql: async () => (await import('./rules/mysql.ts')).mysqlParameters,
  mariadb: async () => (await import('./rules/mariadb.ts')).mariadbParameters,
}

export const connect =
  (dialect: Dialect): GuestEngine['connect'] =>
  async (paths, signal): Promise<EngineSession> => {
    const admin = await openConnection(paths.sockets, dialect, signal)
    const facts = async (signal: AbortSignal): Promise<EngineFacts> => {
      const [row] = await admin.query<{ version: string }>('select version() as version', [], signal)
      // "10.11.19-MariaDB-0+deb12u1", "9.7.4"
      return { version: row?.version.split('-')[0] ?? '' }
    }
    return {
      facts,
      ensureDatabase: (database, signal) => ensureDatabase(admin, dialect, database, signal),
      dropDatabase: (database, signal) => dropDatabase(admin, database, signal),
      ensureUser: (user, password, signal) => ensureUser(admin, dialect, user, password, signal),
      dropUser: (user, signal) => dropUser(admin, user, signal),
      ensureRoot: (password, signal) => ensureRoot(admin, dialect, password, signal),
      dropRoot: signal => dropRoot(admin, signal),
      configure: async (parameters, signal) => {
        const catalogues = (await parametersOf[dialect.engine]?.()) ?? {}
        return configure(admin, dialect, catalogueOf(catalogues, (await facts(signal)).version), parameters, signal)
      },
      close: () => admin.close(),
    }
  }
