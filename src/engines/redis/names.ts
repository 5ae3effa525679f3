/** Which names the server and Trove leave to tenants, and what the server's record of its users can hold: it separates words by spaces, and lines. */
import type { DatabaseUserSpec } from '../../api/databaseuser.ts'
import { type Fault, fault } from '../../errors.ts'
import { rootName } from '../root.ts'

/** The agent's own login. */
export const administrator = 'trove'

/** Exists for the length of one transaction, in which the server spells out what is asked for. */
export const probe = 'trove.probe'

const reserved = new Set(['default', rootName])

/** The server has no limit. This is what a DatabaseUser promises. */
const maxBytes = 63

export function checkUser({ name }: Pick<DatabaseUserSpec, 'name'>): Fault | undefined {
  if (reserved.has(name) || name.startsWith(administrator)) return fault('IdentifierReserved', { name })
  const bytes = Buffer.byteLength(name)
  if (bytes > maxBytes) return fault('IdentifierTooLong', { name, bytes, max: maxBytes })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (name === '' || /[\x00-\x20\x7f]/.test(name)) return fault('IdentifierInvalid', { name, why: 'it has a space or a control character' })
  return undefined
}
