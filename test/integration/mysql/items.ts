/** What the agent is asked for, as short as a test can say it. */
import type { Privilege } from '../../../src/api/databaseuser.ts'
import type { Server } from './server.ts'

const present = { ensure: 'Present' } as const
const absent = { ensure: 'Absent' } as const

export const itemsOf = (server: () => Server) => ({
  ensureDatabase: (name: string, more: { characterSet?: string; collate?: string } = {}) =>
    server().session(s => s.ensureDatabase({ name, ...present, ...more }, server().signal)),
  dropDatabase: (name: string) => server().session(s => s.dropDatabase({ name, ...absent }, server().signal)),
  ensureUser: (name: string, access: Record<string, Privilege>, password = 'secret') =>
    server().session(s =>
      s.ensureUser(
        {
          name,
          ...present,
          passwordRevision: 'r1',
          access: Object.entries(access).map(([database, privilege]) => ({ database, privilege })),
        },
        password,
        server().signal,
      ),
    ),
  dropUser: (name: string) => server().session(s => s.dropUser({ name, ...absent, passwordRevision: 'r1' }, server().signal)),
})
