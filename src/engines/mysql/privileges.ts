/** What Owner, ReadWrite and ReadOnly are in a database, as the columns of mysql.db tell it. */
import type { Privilege } from '../../api/databaseuser.ts'
import { account, identifier } from './quote.ts'

/** A row of mysql.db: what one account may do in one database. */
export type Row = Readonly<Record<string, string>>

/** Column to the word of GRANT. */
const words = {
  Select_priv: 'SELECT',
  Show_view_priv: 'SHOW VIEW',
  Insert_priv: 'INSERT',
  Update_priv: 'UPDATE',
  Delete_priv: 'DELETE',
  Execute_priv: 'EXECUTE',
  Lock_tables_priv: 'LOCK TABLES',
  Create_tmp_table_priv: 'CREATE TEMPORARY TABLES',
} as const
type Column = keyof typeof words

const reading: Column[] = ['Select_priv', 'Show_view_priv']
const columns: Record<Exclude<Privilege, 'Owner'>, Column[]> = { ReadOnly: reading, ReadWrite: Object.keys(words) as Column[] }

/** To give rights on is nobody's but Trove's. */
const grantOption = 'Grant_priv'

/** As it was granted, and as a REVOKE has to name it: one that a superuser wrote need not be a database's `pattern()`. */
export const patternOf = (row: Row): string => row.Db ?? row.db ?? ''
const held = (row: Row | undefined): string[] =>
  Object.entries(row ?? {}).flatMap(([column, value]) => (column.endsWith('_priv') && value === 'Y' ? [column] : []))

/** What brings an account from the rights that it has by a pattern to those that it is to have, and whether it loses some. */
export function change(
  user: string,
  pattern: string,
  row: Row | undefined,
  wanted: Privilege | undefined,
): { statements: string[]; loses: boolean } {
  const on = `${identifier(pattern)}.*`
  const of = account(user)
  const has = held(row)
  const all = Object.keys(row ?? {}).filter(column => column.endsWith('_priv') && column !== grantOption)
  const target: readonly string[] = wanted === undefined ? [] : wanted === 'Owner' ? all : columns[wanted]
  const missing = row === undefined || target.some(column => !has.includes(column))
  const surplus = has.filter(column => column !== grantOption && !target.includes(column))
  const revoke = [
    ...(surplus.length > 0 ? [`revoke all privileges on ${on} from ${of}`] : []),
    ...(has.includes(grantOption) ? [`revoke grant option on ${on} from ${of}`] : []),
  ]
  const given = wanted === undefined ? undefined : wanted === 'Owner' ? 'all privileges' : columns[wanted].map(c => words[c]).join(', ')
  const grant = given !== undefined && (missing || surplus.length > 0) ? [`grant ${given} on ${on} to ${of}`] : []
  return { statements: [...revoke, ...grant], loses: revoke.length > 0 }
}
