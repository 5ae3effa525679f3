/**
 * Decides about one Database. Pure. What is to be in the engine is said to the guest by the Instance's controller alone; this one keeps the
 * object's finalizer and reports what the guest made of it.
 */
import type { Database } from '../../api/database.ts'
import { type Fault, fault } from '../../errors.ts'
import { judgeClaims } from '../claims.ts'
import { isReadyNow, notReady, ready, type Said } from '../conditions.ts'
import { type GuestView, isCaughtUp, lacks } from '../guest-view.ts'
import { finalizers } from '../names.ts'
import { faultOfAgent } from '../reported-fault.ts'

export interface ItemPlan {
  do: 'addFinalizer' | 'removeFinalizer' | 'nothing'
  said: Said[]
}

const nothing = (said: Said[]): ItemPlan => ({ do: 'nothing', said })
const wait = (stands: Fault): ItemPlan => nothing(notReady(stands))

/** `siblings` are all Databases of the same Instance, this one included. */
export function planDatabase(database: Database, siblings: readonly Database[], view: GuestView): ItemPlan {
  const { instance, guest, engine } = view
  const { name, instanceRef, deletionPolicy } = database.spec
  const held = database.metadata.finalizers?.includes(finalizers.database) ?? false
  const refused = engine && judgeDatabase(database, siblings, engine)
  const entry = guest?.spec.databases?.find(d => d.name === name)
  const result = guest?.status?.databases?.find(d => d.name === name)

  if (database.metadata.deletionTimestamp !== undefined) {
    if (!held) return nothing([])
    const letGo: ItemPlan = { do: 'removeFinalizer', said: [] }
    if (instance === undefined || instance.metadata.deletionTimestamp !== undefined) return letGo
    // A Guest that is being made anew will speak of it: there is an engine that may have it.
    if (guest === undefined && instance.status?.volume?.claimUID === undefined) return letGo
    if (refused !== undefined) return letGo
    if (deletionPolicy === 'Retain') return entry === undefined ? letGo : wait(fault('Deleting', { step: 'the database is kept' }))
    if (guest !== undefined && entry?.ensure === 'Absent' && result?.state === 'Absent' && isCaughtUp(guest)) return letGo
    return wait(result?.state === 'Failed' ? faultOfAgent(result) : fault('Deleting', { step: 'the database is dropped' }))
  }

  if (instance === undefined) return wait(fault('InstanceNotFound', { instance: instanceRef.name }))
  if (refused !== undefined) return wait(refused)
  const notYet = fault('InstanceNotReady', { instance: instanceRef.name })
  if (instance.metadata.deletionTimestamp !== undefined || engine === undefined) return wait(notYet)
  if (!held) return { do: 'addFinalizer', said: notReady(notYet) }
  if (guest === undefined || entry?.ensure !== 'Present') return wait(notYet)
  const outdated = lacks(guest, 'databases')
  if (outdated !== undefined) return wait(outdated)
  if (result?.state === 'Failed') return wait(faultOfAgent(result))
  // Neither something else that is asked of the guest nor an agent that begins anew makes what was true less so.
  if (isReadyNow(database) || (result?.state === 'Ready' && isCaughtUp(guest)))
    return nothing([ready('Ready', `database "${name}" is there`)])
  return wait(notYet)
}

function judgeDatabase(database: Database, siblings: readonly Database[], engine: NonNullable<GuestView['engine']>): Fault | undefined {
  if (!engine.capabilities.databases) return fault('NotSupported', { engine: engine.engine, capability: 'databases' })
  return judgeClaims(siblings, { check: s => engine.checkDatabase(s), what: 'databases' }).get(database.metadata.uid)
}
