/**
 * What is ours in the server. MariaDB can mark no account and MySQL no database, so the agent keeps a table of marks in a database on
 * which no tenant has rights. A mark is made before the thing and only where the thing is not there yet, and goes after it: whatever was made
 * without it belongs to somebody else, and is never adopted or touched.
 */
import type { Connection } from './connection.ts'
import { ownDatabase } from './names.ts'

export type Kind = 'database' | 'user' | 'root'

const table = `${ownDatabase}.marks`

/** Of these names, those that are marked. The table is made when it is first asked. */
export async function marked(admin: Connection, kind: Kind, names: readonly string[], signal: AbortSignal): Promise<Set<string>> {
  await admin.run(
    [
      `create database if not exists ${ownDatabase} character set utf8mb4`,
      // Names by their bytes: none equals another that is only written differently.
      `create table if not exists ${table} (kind varchar(8) not null, name varbinary(255) not null, primary key (kind, name)) engine InnoDB`,
    ],
    signal,
  )
  if (names.length === 0) return new Set()
  const rows = await admin.query<{ name: Buffer }>(
    `select name from ${table} where kind = ? and name in (${names.map(() => '?').join(', ')})`,
    [kind, ...names],
    signal,
  )
  return new Set(rows.map(row => row.name.toString()))
}

export async function mark(admin: Connection, kind: Kind, name: string, signal: AbortSignal): Promise<void> {
  await admin.query(`insert into ${table} (kind, name) values (?, ?)`, [kind, name], signal)
}

export async function unmark(admin: Connection, kind: Kind, name: string, signal: AbortSignal): Promise<void> {
  await admin.query(`delete from ${table} where kind = ? and name = ?`, [kind, name], signal)
}
