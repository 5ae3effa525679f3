/**
 * Decides about one entry of the catalog (Datastore, DatastoreVersion or Flavor). Pure. An entry that Instances use is held by a finalizer when
 * it is deleted. Its status is readable by every tenant, so it counts its users and names none of them.
 */
import type { Condition } from '../../api/fields.ts'
import { type Fault, fault } from '../../errors.ts'
import { mergeConditions, notReady, ready, type Said } from '../conditions.ts'
import { finalizers } from '../names.ts'

export interface Entry {
  metadata: { name: string; generation?: number; deletionTimestamp?: string; finalizers?: string[] }
  status?: { conditions?: Condition[] | undefined } | undefined
}

export interface EntryPlan {
  do: 'addFinalizer' | 'removeFinalizer' | 'nothing'
  status?: { observedGeneration: number; users: number; conditions: Condition[] }
  /** For the platform team: who holds the deletion up. Only when that is new. */
  heldBy?: Fault
}

/** `users` are the Instances that use the entry, as namespace/name; `query` lists them for whoever may; `wrong` is what is wrong with the entry itself. */
export function planEntry(entry: Entry, users: readonly string[], query: string, wrong: Fault | undefined, now: Date): EntryPlan {
  const { generation = 0, deletionTimestamp, finalizers: there } = entry.metadata
  const held = there?.includes(finalizers.inUse) ?? false
  const leaving = deletionTimestamp !== undefined
  if (leaving && !held) return { do: 'nothing' }
  if (leaving && users.length === 0) return { do: 'removeFinalizer' }

  const inUse = leaving ? fault('InUse', { count: users.length, users: `\`${query}\` lists them` }) : undefined
  const stands = inUse ?? wrong
  const said: Said[] = stands === undefined ? [ready('Available', 'Instances may use it')] : notReady(stands)
  const before = entry.status?.conditions?.find(c => c.type === 'InUse')
  if (inUse !== undefined) said.push({ type: 'InUse', status: 'True', reason: inUse.code, message: inUse.message })
  return {
    do: !leaving && !held ? 'addFinalizer' : 'nothing',
    status: {
      observedGeneration: generation,
      users: users.length,
      conditions: mergeConditions(entry.status?.conditions, said, { generation, now }),
    },
    ...(leaving && before === undefined && { heldBy: fault('InUse', { count: users.length, users: some(users) }) }),
  }
}

const some = (users: readonly string[]) =>
  users.length <= 10 ? users.join(', ') : `${users.slice(0, 10).join(', ')} and ${users.length - 10} more`
