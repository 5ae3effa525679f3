/**
 * What a newer operator may ask of a database, a user or root and this agent does not know. A value that is not known is never taken for the nearest
 * one that is: between them lies everything that the database holds.
 */
import type { Privilege } from '../../api/databaseuser.ts'
import type { GuestDatabase, GuestRoot, GuestUser } from '../../api/guest.ts'

const ensures: Record<GuestDatabase['ensure'], true> = { Present: true, Absent: true }
const privileges: Record<Privilege, true> = { Owner: true, ReadWrite: true, ReadOnly: true }

/** The first value that is not known, in words. */
export function unknownIn(spec: GuestDatabase | GuestUser | GuestRoot): string | undefined {
  if (!Object.hasOwn(ensures, spec.ensure)) return `ensure "${spec.ensure}"`
  // who must go, goes with whatever rights
  const access = spec.ensure === 'Present' && 'access' in spec ? spec.access : undefined
  const whole = spec.ensure === 'Present' && 'privilege' in spec ? [spec] : []
  const strange = [...(access ?? []), ...whole].find(({ privilege }) => privilege !== undefined && !Object.hasOwn(privileges, privilege))
  return strange && `privilege "${strange.privilege}"`
}
