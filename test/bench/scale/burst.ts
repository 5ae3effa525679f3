/** Many Instances at once: how long until the last of them is ACTIVE, for the operator and for the bare client, one after the other and again. */

import { setTimeout as pause } from 'node:timers/promises'
import { by, eventsOf, isCounted, type Write } from './audit.ts'
import { type Bed, namesOf, startedOperator } from './bed.ts'
import type { Program } from './program.ts'
import { caughtUp, startReplay } from './program.ts'

export interface Burst {
  seconds: number
  /** Everything that the side wrote. */
  writes: Write[]
}

export interface Sides {
  operator: Burst[]
  bare: Burst[]
}

const agents = { operator: 'trove-operator', bare: 'bare-client' }

export async function alternate(bed: Bed, count: number, rounds: number, template: string): Promise<Sides> {
  const sides: Sides = { operator: [], bare: [] }
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['bare', 'operator'] as const) : (['operator', 'bare'] as const)
    for (const side of order) sides[side].push(await burst(bed, count, side, template))
  }
  return sides
}

async function burst(bed: Bed, count: number, side: keyof Sides, template: string): Promise<Burst> {
  const program = await begin(bed, side, template)
  try {
    const names = namesOf(count)
    const since = await bed.audit.mark()
    const began = performance.now()
    await Promise.all([bed.create(names), bed.active(names)])
    const seconds = (performance.now() - began) / 1000
    await settled(since)
    return { seconds, writes: by(agents[side], await since()) }
  } finally {
    await program.kill()
    await bed.wipe()
  }
}

async function begin(bed: Bed, side: keyof Sides, template: string): Promise<Program> {
  if (side === 'bare') return startReplay({ template, kubeconfig: bed.server.kubeconfig })
  const operator = await startedOperator(bed)
  await caughtUp(operator, 0)
  return operator
}

/** Nobody has written anything for a second. */
export async function settled(since: () => Promise<Write[]>): Promise<void> {
  for (let last = -1; ; ) {
    const { length } = (await since()).filter(w => w.resource !== 'leases')
    if (length === last) return
    last = length
    await pause(1000)
  }
}

export const perInstance = (b: Burst, count: number) => ({
  writes: b.writes.filter(isCounted).length / count,
  events: eventsOf(b.writes).length / count,
})
