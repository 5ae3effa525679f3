/**
 * Which names PostgreSQL and Trove leave to tenants, and how long they may be. Every database has three roles of its own, named after it,
 * so a database's name leaves room for their longest suffix and no login's name ends in one of them.
 */
import type { DatabaseSpec } from '../../api/database.ts'
import type { DatabaseUserSpec } from '../../api/databaseuser.ts'
import { type Fault, fault } from '../../errors.ts'
import { rootName } from '../root.ts'
import { isServerEncoding } from './encodings.ts'

/** NAMEDATALEN - 1. PostgreSQL cuts a longer name silently, and would then mean another one. */
export const maxIdentifierBytes = 63

/** `owner` owns the database and all that its Owner users make; `rw` and `ro` are granted what ReadWrite and ReadOnly users may do. */
export const databaseRoles = (database: string) => ({ owner: `${database}_owner`, rw: `${database}_rw`, ro: `${database}_ro` })
const longestSuffix = '_owner'.length

/** What root connects to, whatever else there is. */
export const rootDatabase = 'postgres'

const systemDatabases = new Set([rootDatabase, 'template0', 'template1'])
/** A dot segment: a URL parser takes it out of a path even when it is percent-encoded, so no binding's uri could name such a database. */
const dotSegments = new Set(['.', '..'])
/** `public` and `none` are words of GRANT and SET ROLE; PostgreSQL refuses roles of those names. */
const systemRoles = new Set(['postgres', rootName, 'public', 'none'])

export function checkDatabase({ name, characterSet }: Pick<DatabaseSpec, 'name' | 'characterSet' | 'collate'>): Fault | undefined {
  // pg_ because PostgreSQL refuses it for roles, so that the database's own could not be made
  if (systemDatabases.has(name) || dotSegments.has(name) || name.startsWith('pg_')) return fault('IdentifierReserved', { name })
  const long = tooLong(name, maxIdentifierBytes - longestSuffix)
  if (long !== undefined) return long
  if (characterSet !== undefined && !isServerEncoding(characterSet)) {
    return fault('CharacterSetUnknown', { characterSet, engine: 'postgresql' })
  }
  return undefined
}

export function checkUser({ name, access }: Pick<DatabaseUserSpec, 'name' | 'access'>): Fault | undefined {
  if (systemRoles.has(name) || name.startsWith('pg_') || name.startsWith('trove')) return fault('IdentifierReserved', { name })
  if (/_(owner|rw|ro)$/.test(name)) return fault('NameTaken', { kind: 'Role', name, owner: 'a database of the name before its suffix' })
  const long = tooLong(name, maxIdentifierBytes)
  if (long !== undefined) return long
  for (const { database } of access ?? []) {
    const reserved = checkDatabase({ name: database })
    if (reserved !== undefined) return reserved
  }
  return undefined
}

function tooLong(name: string, max: number): Fault | undefined {
  const bytes = Buffer.byteLength(name)
  return bytes > max ? fault('IdentifierTooLong', { name, bytes, max }) : undefined
}
