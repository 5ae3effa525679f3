/** The MySQL family, the operator's half: ports, limits, rendered configuration, what names are allowed, and how an application is told where to connect. Pure. */
import type { EngineName } from '../../api/datastore.ts'
import type { OperatorEngine } from '../operator-engine.ts'
import type { Catalogues } from '../parameters/catalogue.ts'
import { anyNewer, type UpgradePath, withoutSkipping } from '../upgrade-path.ts'
import { connectionUri } from '../uri.ts'
import { defaults, render } from './configuration.ts'
import { enforced } from './enforced.ts'
import { logFault } from './log-fault.ts'
import { checkDatabase, checkUser } from './names.ts'
import { port } from './port.ts'
import { mariadbParameters } from './rules/mariadb.ts'
import { mysqlParameters } from './rules/mysql.ts'

const mib = 1024 * 1024

interface Differing {
  parameters: Catalogues
  minimumMemory: number
  /** Of the image's user `mysql`, and of its group. */
  uid: number
  refusesUpgrade: UpgradePath
}

const engineOf = (engine: EngineName, { parameters, minimumMemory, uid, refusesUpgrade }: Differing): OperatorEngine => ({
  engine,
  ports: [{ name: 'mysql', port, exposed: true }],
  capabilities: { databases: true, users: true, root: true },
  formulas: 2,
  minimumMemory,
  user: { uid, gid: uid },
  parameters,
  enforced: enforced(engine),
  defaults: input => defaults(engine, input),
  render: input => render(engine, input),
  refusesUpgrade,
  checkDatabase: spec => checkDatabase(engine, spec),
  checkUser: spec => checkUser(engine, spec),
  // Clients of all know the one scheme.
  bindingUri: input => connectionUri('mysql', input),
  logFault,
})

/** From one long-term series to the next, and no further: MySQL's manual, "Upgrade Paths". MariaDB takes over from any older one. */
const refusesUpgrade = withoutSkipping('8.0', '8.4', '9.7')

export const mysql = engineOf('mysql', { parameters: mysqlParameters, minimumMemory: 512 * mib, uid: 999, refusesUpgrade })
export const mariadb = engineOf('mariadb', { parameters: mariadbParameters, minimumMemory: 256 * mib, uid: 999, refusesUpgrade: anyNewer })
/** Its rules would have to come from a live server, and none could be had yet: until then nobody can set anything. */
export const percona = engineOf('percona', { parameters: {}, minimumMemory: 512 * mib, uid: 1001, refusesUpgrade })
