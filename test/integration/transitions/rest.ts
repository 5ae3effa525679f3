/**
 * When is a walk's corner of the cluster at rest? Once everything was judged for what is asked now, every statement of the table holds, and the operator
 * has then written nothing there for a while, as the API server's audit log has it. What does not come to rest in time says why.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { faults } from '../../../src/faults.ts'
import { guestName } from '../../../src/operator/names.ts'
import { guestsNamespace } from '../operator/fake-node.ts'
import type { Rig } from '../operator/rig.ts'
import { type Memory, statements } from './statements.ts'
import type { Tenant, View, Walked, Watches } from './view.ts'

/** A promise that was not kept. */
export class Broken extends Error {}

export interface Stage {
  rig: Rig
  watches: Watches
  /** How long anything may take. */
  patienceMs: number
}

/** So long nothing is written by an operator that has come to rest. */
const quietMs = 250

export async function rest({ rig, watches, patienceMs }: Stage, tenant: Tenant, memory: Memory, after: string): Promise<View> {
  const deadline = Date.now() + patienceMs
  let why = ''
  while (Date.now() < deadline) {
    const seen = watches.view(tenant)
    const problem = missing(seen) ?? unsettled(seen as View) ?? unkept(seen as View, memory)
    if (problem === undefined) {
      const written = await writesWithin(rig, tenant, seen as View)
      if (written.length === 0) return watches.view(tenant) as View
      why = `the operator still writes: ${written.join(', ')}`
    } else {
      why = problem
      await pause(25)
    }
  }
  throw new Broken(`${after}: not at rest within ${patienceMs} ms: ${why}`)
}

/** What the operator writes to the tenant's and the guest's objects during the time in which it should write nothing. */
async function writesWithin(rig: Rig, { namespace, name }: Tenant, { instance }: View): Promise<string[]> {
  const before = (await rig.writes()).length
  await pause(quietMs)
  const ours = [` ${namespace}/`, ` ${guestsNamespace}/${guestName(instance)}`, ` undefined/${name}`]
  return (await rig.writes()).slice(before).filter(write => ours.some(part => write.includes(part)))
}

function missing(view: Partial<View>): string | undefined {
  const needed = ['instance', 'datastore', 'flavor', 'guest', 'claim', 'pod', 'networkPolicy'] as const
  const absent = needed.find(part => view[part] === undefined)
  return absent && `there is no ${absent}`
}

/** What has not been judged for its present generation, or is on its way somewhere. */
function unsettled({ instance, databases, users, datastore, versions, flavor, guest, all }: View): string | undefined {
  for (const [key, { metadata }] of Object.entries(all))
    if (metadata.deletionTimestamp !== undefined) return `${key} is still being deleted`
  if (guest.status?.observedGeneration !== guest.metadata.generation) return 'the guest has not caught up'
  const walked: Walked[] = [instance, ...databases, ...users, datastore, ...versions, flavor]
  for (const { kind, metadata, status } of walked) {
    const said = `${kind} ${metadata.name}`
    const ready = status?.conditions?.find(c => c.type === 'Ready')
    if (status?.observedGeneration !== metadata.generation || ready === undefined)
      return `the status of ${said} is not of its present generation`
    if (status?.conditions?.some(c => c.observedGeneration !== metadata.generation))
      return `a condition of ${said} is not of its present generation`
    const isCode = Object.hasOwn(faults, ready.reason)
    if (ready.status !== 'True' && !isCode) return `${said} is not Ready for a reason without a code: ${ready.reason}`
    if (ready.status !== 'True' && faults[ready.reason as keyof typeof faults].heals) return `${said} is ${ready.reason}: ${ready.message}`
  }
  const ready = instance.status?.conditions?.find(c => c.type === 'Ready')
  return ready?.status === 'True' ? undefined : `the Instance is ${ready?.reason}: ${ready?.message}`
}

function unkept(view: View, memory: Memory): string | undefined {
  for (const [field, statement] of Object.entries(statements)) {
    for (const { what, found, wanted } of statement.holds(view, memory)) {
      if (JSON.stringify(found) !== JSON.stringify(wanted)) {
        return `${field} ${statement.says}. But ${what} is ${JSON.stringify(found)} and must be ${JSON.stringify(wanted)}`
      }
    }
  }
  return undefined
}
