/**
 * When is a walk's corner of the cluster at rest? Once everything was judged for what is asked now, every statement of the table holds, and the operator
 * has then written nothing there for a while, as the API server's audit log has it. What does not come to rest in time says why.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Instance } from '../../../src/api/instance.ts'
import { faults } from '../../../src/faults.ts'
import { guestName } from '../../../src/operator/names.ts'
import { guestsNamespace } from '../operator/fake-node.ts'
import type { Rig } from '../operator/rig.ts'
import type { Memory } from './statements/statement.ts'
import { statements } from './statements/table.ts'
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
  const deadline = performance.now() + patienceMs
  let why = ''
  while (performance.now() < deadline) {
    const seen = watches.view(tenant)
    const problem = problemOf(seen, memory)
    if (problem === undefined) {
      const written = await writesWithin(rig, quietMs, tenant, seen.instance!)
      const still = watches.view(tenant)
      why = written.length > 0 ? `the operator still writes: ${written.join(', ')}` : (problemOf(still, memory) ?? '')
      if (why === '') return still as View
    } else {
      why = problem
      await pause(25)
    }
  }
  throw new Broken(`${after}: not at rest within ${patienceMs} ms: ${why}`)
}

const problemOf = (seen: ReturnType<Watches['view']>, memory: Memory) =>
  missing(seen) ?? unsettled(seen as View) ?? unkept(seen as View, memory)

/** What the operator writes to the objects of a walk during so long, in which it should write nothing. */
export async function writesWithin(rig: Rig, ms: number, { namespace, name }: Tenant, instance: Instance): Promise<string[]> {
  const before = (await rig.writes()).length
  await pause(ms)
  const ours = [` ${namespace}/`, ` ${guestsNamespace}/${guestName(instance)}`, ` undefined/${name}`]
  return (await rig.writes()).slice(before).filter(write => ours.some(part => write.includes(part)))
}

function missing(view: Partial<View>): string | undefined {
  const needed = ['instance', 'datastore', 'flavor', 'guest', 'claim', 'pod', 'networkPolicy'] as const
  const absent = needed.find(part => view[part] === undefined)
  return absent && `there is no ${absent}`
}

/** What has not been judged for its present generation, or is on its way somewhere. */
function unsettled({ instance, groups, databases, users, datastore, versions, flavor, guest, all }: View): string | undefined {
  for (const [key, { metadata }] of Object.entries(all))
    if (metadata.deletionTimestamp !== undefined) return `${key} is still being deleted`
  if (guest.status?.observedGeneration !== guest.metadata.generation) return 'the guest has not caught up'
  const walked: Walked[] = [instance, ...groups, ...databases, ...users, datastore, ...versions, flavor]
  for (const { kind, metadata, status } of walked) {
    const said = `${kind} ${metadata.name}`
    const ready = status?.conditions?.find(c => c.type === 'Ready')
    if (status?.observedGeneration !== metadata.generation || ready === undefined)
      return `the status of ${said} is not of its present generation`
    if (status?.conditions?.some(c => c.observedGeneration !== metadata.generation))
      return `a condition of ${said} is not of its present generation`
    const problem = ready.status === 'True' ? undefined : whyNotReady(said, ready)
    if (problem !== undefined) return problem
    const also = status?.conditions?.filter(c => c.type === 'Stalled' || c.type === 'Reconciling').map(c => `${c.type} ${c.reason}`)
    const expected = ready.status === 'True' ? [] : [`Stalled ${ready.reason}`]
    if (JSON.stringify(also) !== JSON.stringify(expected)) return `${said} is ${ready.reason}, and says ${also?.join(', ') || 'no more'}`
  }
  const ready = instance.status?.conditions?.find(c => c.type === 'Ready')
  // A version that it cannot have is told by an Instance whose database is well.
  if (ready?.reason === 'DowngradeImpossible' && instance.status?.phase === 'ACTIVE') return undefined
  return ready?.status === 'True' ? undefined : `the Instance is ${ready?.reason}: ${ready?.message}`
}

/** At rest nothing is on its way: what is not Ready waits for a person, and says for what. */
function whyNotReady(said: string, { reason, message }: { reason: string; message: string }): string | undefined {
  if (!Object.hasOwn(faults, reason)) return `${said} is not Ready for a reason without a code: ${reason}`
  return faults[reason as keyof typeof faults].heals ? `${said} is ${reason}: ${message}` : undefined
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
