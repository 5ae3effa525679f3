/** PostgreSQL, the operator's half: ports, limits, rendered configuration, what names are allowed, and how an application is told where to connect. Pure. */
import type { OperatorEngine } from '../operator-engine.ts'
import { withinMajor } from '../upgrade-path.ts'
import { connectionUri } from '../uri.ts'
import { defaults, enforced, render } from './configuration.ts'
import { logFault } from './log-fault.ts'
import { checkDatabase, checkUser, rootDatabase } from './names.ts'
import { port } from './port.ts'
import { postgresqlParameters } from './rules/parameters.ts'

export const postgresql: OperatorEngine = {
  engine: 'postgresql',
  ports: [{ name: 'postgresql', port, exposed: true }],
  capabilities: { databases: true, users: true, root: true },
  rootDatabase,
  formulas: 2,
  minimumMemory: 256 * 1024 * 1024,
  user: { uid: 999, gid: 999 },
  parameters: postgresqlParameters,
  enforced,
  defaults,
  render,
  refusesUpgrade: withinMajor(
    'PostgreSQL changes its data files with each major version, and pg_upgrade needs the programs of both, which no image has; dump the databases and load them into a new Instance',
  ),
  checkDatabase,
  checkUser: ({ name }) => checkUser({ name }),
  bindingUri: input => connectionUri('postgresql', input),
  logFault,
}
