/**
 * Walks over the specs that the CRDs allow and those that they do not, on a real API server. What is walked follows from the CRDs in crds/ and the table
 * in statements.ts; the seed decides on order and values.
 */
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allMoves, deal, type WalkPlan, walkOf } from './plan.ts'
import { settings } from './settings.ts'
import { type OpenStage, openStage } from './stage.ts'
import { nameOf, walk } from './walk.ts'

/** Generous: nothing here takes long unless it never comes. */
const patienceMs = 20_000
/** Once a walk has failed, a shorter one that fails as well is looked for during so long. */
const shrinkingMs = 90_000

const { seed, times, stepsPerWalk, only } = settings
const moves = allMoves(times)
const walks = deal(moves, seed, stepsPerWalk).map((dealt, number) => ({ dealt, number }))
const chosen = only === undefined ? walks : walks.filter(w => w.number === only.walk)

let stage: OpenStage
beforeAll(async () => {
  stage = await openStage(patienceMs)
  await stage.rig.startOperator()
})
afterAll(() => stage?.stop())

const made = new Set<string>()

describe.concurrent(`seed ${seed}`, () => {
  test.each(chosen)('walk $number', { timeout: 300_000 }, async ({ dealt, number }) => {
    const property = fc.asyncProperty(walkOf(dealt), async plan => walk(stage, await stage.newTenant(), plan, move => made.add(move)))
    const path = only?.path === undefined ? {} : { path: only.path, endOnFailure: true }
    const result = await fc.check(property, { seed: seed + number, numRuns: 1, interruptAfterTimeLimit: shrinkingMs, ...path })
    if (!result.failed) return
    const again = `TROVE_WALK=${[seed, number, result.counterexamplePath].join(':')}`
    expect.fail(`${(result.errorInstance as Error).message}\nThis walk again: ${again}\n${fc.stringify(result.counterexample)}`)
  })
})

/** Walks that found something: what was mended stays so. */
const found: [string, WalkPlan['steps']][] = [
  [
    'a new password while a database is missing reaches the binding',
    [
      { move: { how: 'wrong', field: 'DatabaseUser.spec.access' }, seed: 0, back: false },
      { move: { how: 'change', field: 'DatabaseUser.spec.passwordGeneration' }, seed: 0, back: true },
    ],
  ],
]

test.each(found)('%s', async (_, steps) => {
  const did: string[] = []
  await walk(stage, await stage.newTenant(), { start: 0, steps }, move => did.push(move))
  expect(did).toEqual(steps.map(step => step && nameOf(step.move)))
})

test('every move that the CRDs give rise to was made', () => {
  if (only !== undefined) return
  expect(moves.map(nameOf).filter(move => !made.has(move))).toEqual([])
})

test('when all have come to their end the operator writes nothing', async () => {
  await pause(1000)
  const before = (await stage.rig.writes()).length
  await pause(2000)
  expect((await stage.rig.writes()).slice(before)).toEqual([])
})
