/**
 * Walks over the specs that the CRDs allow and those that they do not, on a real API server. What is walked follows from the CRDs in crds/ and the table
 * in statements/; the seed decides on order and values. A walk that fails says with which TROVE_WALK it is walked again, alone.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allMoves, deal, type WalkPlan, walkOf } from './plan.ts'
import { writesWithin } from './rest.ts'
import { settings } from './settings.ts'
import { type OpenStage, openStage } from './stage.ts'
import { begin, end, nameOf, take, walk } from './walk.ts'

/** Generous: nothing here takes long unless it never comes. */
const patienceMs = 20_000
/** Once a walk has failed, a shorter one that fails as well is looked for during so long. */
const shrinkingMs = 60_000

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
  test.each(chosen)('walk $number', { timeout: 600_000 }, async ({ dealt, number }) => {
    let failedAt: number | undefined
    let walked = false
    const property = fc.asyncProperty(walkOf(dealt), async plan => {
      // To let the rest of them pass ends the search.
      if (failedAt !== undefined && performance.now() - failedAt > shrinkingMs) return
      // And with a path fast-check goes on to all that lies beside it.
      if (walked && only?.path !== undefined) return
      walked = true
      try {
        await walk(stage, await stage.newTenant(), plan, move => made.add(move))
      } catch (error) {
        failedAt ??= performance.now()
        throw error
      }
    })
    const path = only?.path === undefined ? {} : { path: only.path, endOnFailure: true }
    const result = await fc.check(property, { seed: seed + number, numRuns: 1, ...path })
    if (!result.failed) return
    const again = `${settings.also}TROVE_WALK=${[seed, number, result.counterexamplePath].join(':')}`
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

test('every move that the CRDs give rise to was made', { timeout: 300_000 }, async () => {
  if (only !== undefined) return
  const missed = () => moves.filter(move => !made.has(nameOf(move)))
  // Where there was nothing to do, as in a walk that has no user left: from another start there is.
  for (let start = seed; missed().length > 0 && start < seed + 3; start++) {
    const steps = missed().map(move => ({ move, seed: start, back: true }))
    await walk(stage, await stage.newTenant(), { start, steps }, move => made.add(move))
  }
  expect(missed()).toEqual([])
})

test('with something wrong in every object the operator comes to rest, and stays there', async () => {
  const w = await begin(stage, await stage.newTenant(), 0)
  const wrong = ['Instance.spec.volume.size', 'DatabaseUser.spec.access', 'Datastore.spec.defaultVersion']
  for (const field of wrong) expect(await take(w, { move: { how: 'wrong', field }, seed: 0, back: false }), field).toBe(true)
  await take(w, { move: { how: 'change', field: 'DatastoreVersion.spec.image' }, seed: 1, back: false })
  // Long enough for two readings of every binding, which are set to two seconds here.
  expect(await writesWithin(stage.rig, 5000, w.tenant, w.view.instance)).toEqual([])
  await end(w)
})
