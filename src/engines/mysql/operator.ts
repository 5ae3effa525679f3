/** The MySQL family, the operator's half: ports, limits, rendered configuration, what names are allowed, and how an application is told where to connect. Pure. */
import type { EngineName } from '../../api/datastore.ts'
import type { OperatorEngine } from '../operator-engine.ts'
import type { Catalogues } from '../parameters/catalogue.ts'
import { anyNewer, type UpgradePath, withoutSkipping } from '../upgrade-path.ts'
import { connectionUri } from '../uri.ts'
import { defaults, render } from './configuration.ts'
import { logFault } from './log-fault.ts'
import { checkDatabase, checkUser } from './names.ts'
import { port } from './port.ts'
import { mariadbParameters, mysqlParameters } from './rules/parameters.ts'

const mib = 1024 * 1024

const engineOf = (engine: EngineName, parameters: Catalogues, minimumMemory: number, refusesUpgrade: UpgradePath): OperatorEngine => ({
  engine,
  ports: [{ name: 'mysql', port, exposed: true }],
  capabilities: { databases: true, users: true },
  formulas: 1,
  minimumMemory,
  user: { uid: 999, gid: 999 },
  parameters,
  defaults: input => defaults(engine, input),
  render: input => render(engine, input),
  refusesUpgrade,
  checkDatabase: spec => checkDatabase(engine, spec),
  checkUser: spec => checkUser(engine, spec),
  // Clients of both know the one scheme.
  bindingUri: input => connectionUri('mysql', input),
  logFault,
})

/** From one long-term series to the next, and no further: MySQL's manual, "Upgrade Paths". MariaDB takes over from any older one. */
export const mysql = engineOf('mysql', mysqlParameters, 512 * mib, withoutSkipping('8.0', '8.4', '9.7'))
export const mariadb = engineOf('mariadb', mariadbParameters, 256 * mib, anyNewer)
