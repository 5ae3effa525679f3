/** Which names these servers and Trove leave to tenants, and how long they may be. */
import type { DatabaseSpec } from '../../api/database.ts'
import type { DatabaseUserSpec } from '../../api/databaseuser.ts'
import type { EngineName } from '../../api/datastore.ts'
import { type Fault, fault } from '../../errors.ts'
import { isCharacterSet } from './character-sets.ts'
import { pattern } from './quote.ts'

/** Holds what the agent knows of databases and users (marks.ts). No tenant has rights on it. */
export const ownDatabase = 'trove_guest'

/** The account by which the agent comes in over the local socket: named as the system's user that it and the server run as. */
export const administrator = 'mysql'

const systemDatabases = new Set(['mysql', 'information_schema', 'performance_schema', 'sys', ownDatabase])
/** A dot segment: a URL parser takes it out of a path even when it is percent-encoded, so no binding's uri could name such a database. */
const dotSegments = new Set(['.', '..'])
/** The servers' own accounts, and words that GRANT and CREATE USER read as something else than a name. */
const systemUsers = /^(root|mysql|mysql\..*|mariadb\.sys|percona\.telemetry|public|none|current_user|current_role|trove.*)$/i

/** In characters, of the pattern that a grant has for a database: nobody could be given rights where it is longer. */
const longestPattern = 64

/** In characters. */
const longestUser: Partial<Record<EngineName, number>> = { mariadb: 80 }
const longestUserOfMySQL = 32

export function checkDatabase(engine: EngineName, { name, characterSet }: Pick<DatabaseSpec, 'name' | 'characterSet'>): Fault | undefined {
  // #mysql50# is how the server itself names directories that are no proper databases.
  if (systemDatabases.has(name.toLowerCase()) || dotSegments.has(name) || name.startsWith('#mysql50#')) {
    return fault('IdentifierReserved', { name })
  }
  const unfit = unstorable(name)
  if (unfit !== undefined) return unfit
  const granted = [...pattern(name)].length
  if (granted > longestPattern) {
    const why = `with a backslash before each "_", "%" and "\\", as a grant has it, it has ${granted} characters, and ${longestPattern} are the most`
    return fault('IdentifierInvalid', { name, why })
  }
  if (characterSet !== undefined && !isCharacterSet(characterSet, engine)) return fault('CharacterSetUnknown', { characterSet, engine })
  return undefined
}

export function checkUser(engine: EngineName, { name }: Pick<DatabaseUserSpec, 'name'>): Fault | undefined {
  if (systemUsers.test(name)) return fault('IdentifierReserved', { name })
  const max = longestUser[engine] ?? longestUserOfMySQL
  if ([...name].length > max) return fault('IdentifierInvalid', { name, why: `a login has at most ${max} characters` })
  return unstorable(name)
}

/** Names are stored in three bytes for a character at most, and compared without the blanks at their end. */
function unstorable(name: string): Fault | undefined {
  if (/[\u{10000}-\u{10ffff}]/u.test(name)) return fault('IdentifierInvalid', { name, why: 'it has a character beyond U+FFFF' })
  if (name.endsWith(' ')) return fault('IdentifierInvalid', { name, why: 'it ends in a blank' })
  return undefined
}
