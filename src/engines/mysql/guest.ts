/** The MySQL family, the guest's half: how its servers are initialised, started, asked, and told of databases and users. */
import type { EnginePaths, GuestEngine } from '../guest-engine.ts'
import { type Dialect, mariadb as mariadbDialect, mysql as mysqlDialect, percona as perconaDialect } from './dialect.ts'
import { logFault } from './log-fault.ts'
import { initialiseMariadb, initialiseMysql, start, upgradeMariadb } from './scripts.ts'
import { connect } from './session.ts'

const engineOf = (dialect: Dialect, initialise: (paths: EnginePaths) => string): GuestEngine => ({
  engine: dialect.engine,
  initialise,
  start: paths => start(dialect, paths),
  connect: connect(dialect),
  logFault,
})

export const mysql = engineOf(mysqlDialect, initialiseMysql)
export const mariadb: GuestEngine = { ...engineOf(mariadbDialect, initialiseMariadb), upgrade: upgradeMariadb }
export const percona = engineOf(perconaDialect, initialiseMysql)
