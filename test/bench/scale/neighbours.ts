/**
 * What ten sick guests of a hundred do to the others. Theirs is the worst that a guest can do: its engine crashes over and over, its agent
 * tells of it as often as it ever does, and its kubelet takes the operator's request for the engine's log and never answers.
 */

import { setTimeout as pause } from 'node:timers/promises'
import type { GuestStatus } from '../../../src/api/guest.ts'
import { median } from '../statistics.ts'
import { type Bed, startedOperator } from './bed.ts'
import { guestOf, latencies } from './latency.ts'
import { caughtUp } from './program.ts'

export interface Neighbours {
  quietMs: number
  ratio: number
}

export async function neighbours(bed: Bed, names: readonly string[], sick: number, rounds: number, samples: number): Promise<Neighbours> {
  const operator = await startedOperator(bed)
  await caughtUp(operator, names.length)
  const [ill, well] = [names.slice(0, sick), names.slice(sick)]
  const quiet: number[] = []
  const beset: number[] = []
  await latencies(bed, well, 50)
  for (let round = 0; round < rounds; round++) {
    quiet.push(...(await latencies(bed, well, samples)))
    const cure = await infect(bed, ill)
    beset.push(...(await latencies(bed, well, samples)))
    await cure()
  }
  await operator.kill()
  const quietMs = median(quiet)
  return { quietMs, ratio: median(beset) / quietMs }
}

/** After the third crash an agent waits for so long before it starts the engine again, and longer each time after that. */
const everyMs = 2000

/** Resolves once all of them are as sick as they get. */
async function infect(bed: Bed, names: readonly string[]): Promise<() => Promise<void>> {
  const end = new AbortController()
  const guests = names.map(name => guestOf(bed, name))
  const crashed = (times: number): Partial<GuestStatus> => ({
    operatingStatus: 'CRASHED',
    fault: { code: 'EngineCrashed', message: `the engine has ended ${times} times` },
  })
  await Promise.all(guests.map(guest => bed.node.report(guest, crashed(3))))
  const telling = (async () => {
    for (let turn = 0; !end.signal.aborted; turn++) {
      await pause(everyMs / guests.length)
      await bed.node.report(guests[turn % guests.length]!, crashed(4 + Math.floor(turn / guests.length)))
    }
  })()
  await pause(2_000)
  return async () => {
    end.abort()
    await telling
    for (const guest of guests) await bed.node.heal(guest)
    await bed.active(names)
  }
}
