/** Which names etcd and Trove leave to tenants. They reach etcd in JSON, which can say every one. */
import type { DatabaseUserSpec } from '../../api/databaseuser.ts'
import { type Fault, fault } from '../../errors.ts'

/** etcd's own name for whoever may do everything. */
export const administrator = 'root'

/** etcd has no limit. This is what a DatabaseUser promises. */
const maxBytes = 63

export function checkUser({ name }: Pick<DatabaseUserSpec, 'name'>): Fault | undefined {
  if (name === administrator) return fault('IdentifierReserved', { name })
  const bytes = Buffer.byteLength(name)
  if (bytes > maxBytes) return fault('IdentifierTooLong', { name, bytes, max: maxBytes })
  if (name === '' || !name.isWellFormed() || /\p{Cc}/u.test(name))
    return fault('IdentifierInvalid', { name, why: 'it has a control character or half of one' })
  return undefined
}
