/** The servers that every test of the family runs on: of each engine the newest version. */
import type { DatastoreVersion } from '../../kind/images/datastores.ts'

export interface ServerKind {
  engine: 'mysql' | 'mariadb'
  version: string
  /** Whose image it runs from. */
  of: DatastoreVersion
}

export const servers: readonly ServerKind[] = [
  { engine: 'mariadb', version: '11.8', of: 'mariadb:11.8' },
  { engine: 'mysql', version: '9.7', of: 'mysql:9.7' },
]
