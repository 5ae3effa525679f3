/** The walks are worth something only if they find an operator out that is wrong. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plant } from '../planted.ts'
import { type Mutant, mutants } from './mutants.ts'
import { type WalkPlan, walkOf } from './plan.ts'
import { Broken } from './rest.ts'
import { settings } from './settings.ts'
import { type OpenStage, openStage } from './stage.ts'
import { walk } from './walk.ts'

/**
 * Short, for what a mutant breaks seldom comes later; but twice as long as the operator itself waits for what may yet come before it calls it
 * Stalled. An operator that is only slow would be taken for a mutant, and so must say the right thing.
 */
const patienceMs = 10_000
const mostWalks = 3

let stage: OpenStage
beforeAll(async () => {
  stage = await openStage(patienceMs)
})
afterAll(() => stage?.stop())

const planted = mutants.slice(0, settings.mutants)

test.each(planted)('it is found out: $name', { timeout: 180_000 }, async mutant => {
  const { checkout, remove } = await plant([mutant])
  try {
    await stage.rig.startOperator({}, checkout)
    expect(await firstBroken(plansFor(mutant))).toMatch(mutant.found)
  } finally {
    await stage.rig.killOperator()
    await remove()
  }
})

test('and the operator as it is passes the very walks', { timeout: 180_000 }, async () => {
  await stage.rig.startOperator()
  expect(await Promise.all(planted.map(mutant => firstBroken(plansFor(mutant).slice(0, 1))))).toEqual(planted.map(() => passed))
})

const passed = 'nothing was found'
const plansFor = ({ moves }: Mutant) => fc.sample(walkOf(moves), { seed: 1, numRuns: mostWalks })

async function firstBroken(plans: readonly WalkPlan[]): Promise<string> {
  for (const plan of plans) {
    try {
      await walk(stage, await stage.newTenant(), plan, () => {})
    } catch (error) {
      if (error instanceof Broken) return error.message
      throw error
    }
  }
  return passed
}
