/** How long from the moment an agent sends a changed report until the Instance's status shows it. */
import { setTimeout as pause } from 'node:timers/promises'
import { guestName } from '../../../src/operator/names.ts'
import type { Bed } from './bed.ts'
import { tenant } from './names.ts'

/** In milliseconds: one change at a time, of one guest after another. */
export async function latencies(bed: Bed, names: readonly string[], samples: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < samples; i++) {
    // A stride that is prime to any count of guests that is used here, so that neighbours in time are not neighbours in name.
    times.push(await reaction(bed, names[(i * 37) % names.length]!))
    await pause(10)
  }
  return times
}

export const guestOf = (bed: Bed, name: string) => guestName(bed.instances.get(`${tenant}/${name}`)!)

/** Milliseconds until one Instance shows that its volume is fuller or emptier than it was. */
export async function reaction(bed: Bed, name: string): Promise<number> {
  const key = `${tenant}/${name}`
  const before = bed.instances.get(key)?.status?.volume?.used
  const usedPercent = before === '5%' ? 10 : 5
  const began = performance.now()
  const shown = bed.until(() => bed.instances.get(key)?.status?.volume?.used === `${usedPercent}%`)
  await Promise.all([bed.node.report(guestOf(bed, name), { volume: { initialised: true, usedPercent } }), shown])
  return performance.now() - began
}
