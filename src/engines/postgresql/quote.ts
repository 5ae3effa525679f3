/**
 * The only place where a name or a text becomes part of a statement. Both refuse what PostgreSQL would change or cut on the way (a NUL, half
 * a surrogate pair, too long an identifier), because then the statement would speak of something else than was meant.
 */
import { fault, TroveError } from '../../errors.ts'
import { maxIdentifierBytes } from './names.ts'

/** `"a""b"` */
export function identifier(name: string): string {
  assertStorable(name)
  const bytes = Buffer.byteLength(name)
  if (bytes > maxIdentifierBytes) throw new TroveError(fault('IdentifierTooLong', { name, bytes, max: maxIdentifierBytes }))
  if (name === '') throw new RangeError('PostgreSQL has no empty identifier')
  return `"${name.replaceAll('"', '""')}"`
}

/** `'a''b'`, or ` E'a\\b'` where a backslash could be read in two ways: right whatever standard_conforming_strings says. */
export function literal(text: string): string {
  assertStorable(text)
  const quoted = text.replaceAll("'", "''")
  return text.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

function assertStorable(text: string): void {
  if (text.includes('\0') || !text.isWellFormed()) throw new RangeError('PostgreSQL cannot store a NUL or half a surrogate pair')
}
