/**
 * One change of a ConfigurationGroup that many Instances have: how long until the last of them says that it runs with it, for the operator and for a
 * bare client that makes the same writes, one after the other and again. Then ten real Instances, on the test cluster.
 */

import { fanOut, type Side } from './configuration/fan-out.ts'
import { tenReal } from './configuration/ten-real.ts'
import { makeBed, namesOf } from './scale/bed.ts'
import { median } from './statistics.ts'

const count = 200
const rounds = 5
const goals = { ratio: 2, guestWrites: 1, realSeconds: 10 }
const met = (figure: number, most: number) => `${figure <= most ? 'meets' : 'misses'} the goal of at most ${most}`

export async function configuration(): Promise<object> {
  const names = namesOf(count)
  const bed = await makeBed()
  const sides: Record<Side, { seconds: number; guestWrites: number; statusWrites: number }[]> = { operator: [], bare: [] }
  try {
    const group = await fanOut(bed, names)
    for (let round = 0; round < rounds; round++) {
      const order = round % 2 === 0 ? (['bare', 'operator'] as const) : (['operator', 'bare'] as const)
      for (const side of order) sides[side].push(await group.change(side))
    }
  } finally {
    await bed.stop()
  }
  const seconds = (side: Side) => median(sides[side].map(s => s.seconds))
  const ratio = seconds('operator') / seconds('bare')
  const guestWrites = Math.max(...sides.operator.map(s => s.guestWrites))
  const statusWrites = Math.max(...sides.operator.map(s => s.statusWrites))
  console.log(`
one change for ${count} Instances, ${rounds} rounds each, alternating: median seconds until the last one says that it runs with it
bare client ${seconds('bare').toFixed(2)}, operator ${seconds('operator').toFixed(2)}: ratio ${ratio.toFixed(2)} (${met(ratio, goals.ratio)})
writes of the operator for each Instance: Guest ${guestWrites.toFixed(2)} (${met(guestWrites, goals.guestWrites)}), status ${statusWrites.toFixed(2)}
`)
  const realSeconds = await tenReal()
  console.log(`ten real Instances run with a change after ${realSeconds.toFixed(1)} s (${met(realSeconds, goals.realSeconds)} s)`)
  const round2 = (n: number) => Math.round(n * 100) / 100
  return {
    ratio: round2(ratio),
    guestWrites: round2(guestWrites),
    statusWrites: round2(statusWrites),
    realSeconds: round2(realSeconds),
  }
}
