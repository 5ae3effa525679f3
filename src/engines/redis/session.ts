/** An administrator's session on the local socket, and what the agent does with it. */
import type { EngineName } from '../../api/datastore.ts'
import { fault, TroveError } from '../../errors.ts'
import type { EngineFacts, EnginePaths, EngineSession } from '../guest-engine.ts'
import { type Catalogues, catalogueOf } from '../parameters/catalogue.ts'
import { configure } from './configure.ts'
import { type Connection, openConnection } from './connection.ts'
import { redisParameters, valkeyParameters } from './rules/parameters.ts'
import { dropRoot, dropUser, ensureRoot, ensureUser } from './user.ts'

const parametersOf: Partial<Record<EngineName, Catalogues>> = { redis: redisParameters, valkey: valkeyParameters }

export async function connect(engine: EngineName, paths: EnginePaths, signal: AbortSignal): Promise<EngineSession> {
  const admin = await openConnection(paths, signal)
  try {
    await facts(admin, signal)
  } catch (error) {
    await admin.close()
    throw error
  }
  const noDatabases = async () => {
    throw new TroveError(fault('NotSupported', { engine, capability: 'databases' }))
  }
  return {
    facts: signal => facts(admin, signal),
    ensureDatabase: noDatabases,
    dropDatabase: noDatabases,
    ensureUser: (user, password, signal) => ensureUser(admin, paths, user, password, signal),
    dropUser: (user, signal) => dropUser(admin, paths, user, signal),
    ensureRoot: (password, signal) => ensureRoot(admin, paths, password, signal),
    dropRoot: signal => dropRoot(admin, paths, signal),
    configure: async (parameters, signal) => {
      const { version } = await facts(admin, signal)
      return configure(admin, catalogueOf(parametersOf[engine] ?? {}, version), parameters, signal)
    },
    close: () => admin.close(),
  }
}

/** Throws while the server loads its data: it logs people in, but serves nobody. */
async function facts(admin: Connection, signal: AbortSignal): Promise<EngineFacts> {
  const info = String(await admin.command(['INFO', 'server', 'persistence'], signal))
  const of = (field: string) => new RegExp(`^${field}:(.*)\r$`, 'm').exec(info)?.[1]
  if (of('loading') !== '0') throw new Error('it is loading its data')
  // Valkey calls itself a Redis of some version as well.
  return { version: of('valkey_version') ?? of('redis_version') ?? '' }
}
