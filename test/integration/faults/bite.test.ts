/** Every deliberate bug is caught, and by the promise that it breaks. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { full } from '../../full.ts'
import { type Bed, makeBed } from './bed.ts'
import { type Prepared, prepare, tryPlan } from './campaign.ts'
import { buildMutant, mutants } from './mutants.ts'
import { oracles } from './oracles.ts'
import { workloads } from './workloads.ts'

const seed = 'bite'
let bed: Bed
const references = new Map<string, Promise<Prepared>>()

/** What the operator without the bug comes to. */
const prepared = (name: string): Promise<Prepared> => {
  const known = references.get(name) ?? prepare(bed, workloads.find(w => w.name === name)!, seed)
  references.set(name, known)
  return known
}

beforeAll(async () => {
  bed = await makeBed()
})
afterAll(() => bed?.stop())

test('there is a bug for each promise', () =>
  expect(Object.keys(oracles).filter(name => mutants.every(m => m.caughtBy !== name))).toEqual([]))

test.concurrent.each(mutants.filter(m => full || !m.slow).map(m => [m.bug, m] as const))('%s', { timeout: 900_000 }, async (_, mutant) => {
  const { workload, reference, plans } = await prepared(mutant.workload)
  const { plan: wanted } = mutant
  const faults = wanted === undefined ? [undefined] : plans.filter(wanted).reverse()
  expect(faults, 'the fault that brings it to light is no longer generated').not.toEqual([])
  const { program, remove } = await buildMutant(mutant)
  const broken = new Set<string>()
  try {
    for (const plan of faults.slice(0, 6)) {
      const { slow, patienceMs = 15_000 } = mutant
      const { violations } = await tryPlan(bed, workload, plan, reference, { seed, program, ...(!slow && { patienceMs }) })
      for (const { oracle } of violations) broken.add(oracle)
      if (broken.has(mutant.caughtBy)) break
    }
    expect([...broken]).toContain(mutant.caughtBy)
  } finally {
    await remove()
  }
})
