/** An administrator's session on the local socket, and what the agent does with it. */
import { fault, TroveError } from '../../errors.ts'
import type { EnginePaths, EngineSession } from '../guest-engine.ts'
import { configure } from './configure.ts'
import { openConnection } from './connection.ts'
import { dropUser, ensureUser } from './user.ts'

export async function connect(paths: EnginePaths, signal: AbortSignal): Promise<EngineSession> {
  const admin = openConnection(paths)
  const { health } = await admin.get('/health', signal)
  if (health !== 'true') throw new Error('it is not well')
  const without = (capability: string) => async () => {
    throw new TroveError(fault('NotSupported', { engine: 'etcd', capability }))
  }
  return {
    facts: async signal => ({ version: String((await admin.get('/version', signal)).etcdserver) }),
    ensureDatabase: without('databases'),
    dropDatabase: without('databases'),
    ensureRoot: without('root'),
    dropRoot: without('root'),
    ensureUser: (user, password, signal) => ensureUser(admin, user, password, signal),
    dropUser: (user, signal) => dropUser(admin, user, signal),
    configure: async () => configure(paths),
    close: async () => {},
  }
}
