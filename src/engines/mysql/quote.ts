/**
 * The only place where a name or a text becomes part of a statement. A literal is right where the session has NO_BACKSLASH_ESCAPES, as the
 * agent's has (connection.ts): then a quote is all that can end it.
 */

/** ``a``b`` */
export const identifier = (name: string): string => `\`${storable(name).replaceAll('`', '``')}\``

/** `'a''b'` */
export const literal = (text: string): string => `'${storable(text).replaceAll("'", "''")}'`

/** A statement with each `?` made the text that is for it. */
export function filled(sql: string, texts: readonly string[]): string {
  const [first, ...rest] = sql.split('?')
  if (rest.length !== texts.length) throw new RangeError(`${texts.length} texts for ${rest.length} places in a statement`)
  return [first, ...rest.map((part, n) => literal(texts[n]!) + part)].join('')
}

/** The account of a tenant's login: from any host. */
export const account = (user: string): string => `${literal(user)}@'%'`

/** A database in a GRANT is a pattern: what would stand for any character is made to stand for itself. */
export const pattern = (database: string): string => database.replace(/[\\_%]/g, c => `\\${c}`)

function storable(text: string): string {
  if (text.includes('\0') || !text.isWellFormed()) throw new RangeError('no statement can hold a NUL or half a surrogate pair')
  return text
}
