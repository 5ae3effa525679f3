/**
 * Decides about an object that Instances refer to: an entry of the catalog, or a group of settings. Pure. While Instances use it, a finalizer holds
 * it back when it is deleted, and it says so.
 */
import type { Condition } from '../api/fields.ts'
import type { Instance } from '../api/instance.ts'
import { type Fault, fault } from '../errors.ts'
import { mergeConditions, notReady, ready, type Said } from './conditions.ts'
import { finalizers } from './names.ts'

/** One that nothing is decided for yet has taken up nothing, and holds nothing: it may be waiting for just what is held. */
export const isUser = ({ status }: Instance): boolean => status?.datastore !== undefined

export interface Held {
  metadata: { name: string; generation?: number; deletionTimestamp?: string; finalizers?: string[] }
  status?: { conditions?: Condition[] | undefined } | undefined
}

export interface HeldPlan {
  do: 'addFinalizer' | 'removeFinalizer' | 'nothing'
  /** Absent once there is nothing left to say. */
  conditions?: Condition[]
  /** Who holds the deletion up, by name. Only when that is new. */
  heldBy?: Fault
}

/** `users` are the names of the Instances that use the object; `shown` is what its condition may say of them; `wrong` is what is wrong with the object itself. */
export function planHeld(object: Held, users: readonly string[], shown: string, wrong: Fault | undefined, now: Date): HeldPlan {
  const { generation = 0, deletionTimestamp, finalizers: there } = object.metadata
  const held = there?.includes(finalizers.inUse) ?? false
  const leaving = deletionTimestamp !== undefined
  if (leaving && !held) return { do: 'nothing' }
  if (leaving && users.length === 0) return { do: 'removeFinalizer' }

  const inUse = leaving ? fault('InUse', { count: users.length, users: shown }) : undefined
  const stands = inUse ?? wrong
  const said: Said[] = stands === undefined ? [ready('Available', 'Instances may use it')] : notReady(stands)
  const before = object.status?.conditions?.find(c => c.type === 'InUse')
  if (inUse !== undefined) said.push({ type: 'InUse', status: 'True', reason: inUse.code, message: inUse.message })
  return {
    do: !leaving && !held ? 'addFinalizer' : 'nothing',
    conditions: mergeConditions(object.status?.conditions, said, { generation, now }),
    ...(leaving && before === undefined && { heldBy: fault('InUse', { count: users.length, users: some(users) }) }),
  }
}

/** As many names as a message has room for, and what lists them all. */
export function some(users: readonly string[], query?: string): string {
  if (users.length <= 10) return users.join(', ')
  return `${users.slice(0, 10).join(', ')} and ${users.length - 10} more${query === undefined ? '' : ` (\`${query}\` lists all)`}`
}
