/** A sample of the fault plans, the same in every run. `npm run faults` tries them all. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bed, makeBed } from './bed.ts'
import { type Candidate, inOrderOfChance, type Result, ratioOf, runCampaign, type Tally } from './campaign.ts'
import { dump } from './dump.ts'
import type { Plan } from './plans.ts'
import { workloads } from './workloads.ts'

const seed = 'sample'

/** How many of each kind, over all workloads. */
const sample: Record<Plan['fault'], number> = {
  'crash before': 4,
  'crash after': 4,
  'applied but answered 500': 3,
  'answer cut short': 1,
  'read cut short': 1,
  'list cut short': 1,
  'stale list': 6,
  'lost event': 5,
  gone: 1,
  'gone in the stream': 1,
  'watch lines cut': 1,
  'gone on a page': 1,
  'no bookmarks': 1,
  'history ends at a bookmark': 1,
  relist: 1,
  'skewed clock': 2,
  replaced: 2,
  deleted: 2,
  edited: 2,
  'asked for something else': 2,
  'leader cut off': 1,
  'lease deleted': 1,
  'leader stopped': 1,
  // A minute and more: with all the others only.
  storm: 0,
  'stalled watches': 0,
}

let bed: Bed
let tallies: Tally[]
const failures: Result[] = []

beforeAll(async () => {
  bed = await makeBed()
  tallies = await runCampaign(bed, {
    workloads: workloads.filter(w => w.sampled === undefined),
    seed,
    lanes: 4,
    lanesForWaiting: 2,
    choose: all => {
      const byFault = Map.groupBy(all, (t: Candidate) => t.plan.fault)
      return [...byFault].flatMap(([fault, some]) => inOrderOfChance(seed, some).slice(0, sample[fault]))
    },
    onResult: result => {
      if (result.violations.length > 0) failures.push(result)
    },
  })
}, 600_000)
afterAll(() => bed?.stop())

test.each(workloads.filter(w => w.sampled === undefined).map(w => w.name))('%s: no fault breaks a promise', name => {
  const broken = failures.filter(f => f.workload === name)
  const told = broken.map(f => ({ plan: f.plan, broken: f.violations.map(v => `${v.oracle}: ${v.what}`), file: dump(f) }))
  expect(told).toEqual([])
})

test('there are at least three plans for each write, and the faults that were chosen took place', () => {
  for (const tally of tallies) expect(ratioOf(tally), tally.workload).toBeGreaterThanOrEqual(1)
  const results = tallies.flatMap(t => t.results)
  expect(results.filter(r => r.hit).length / results.length).toBeGreaterThan(0.9)
})
