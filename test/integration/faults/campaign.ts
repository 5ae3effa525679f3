/** Many trials at once on one API server: for each workload two clean runs, then a trial for each plan that is chosen. */
import type { Bed } from './bed.ts'
import { inject } from './inject.ts'
import { objectOf } from './journal.ts'
import { isMadeGood } from './meddle.ts'
import { judge, type Reference, type Violation } from './oracles.ts'
import { countsOf } from './oracles-of-outcome.ts'
import { generatePlans, ownWrites, type Plan, type PlanOf } from './plans.ts'
import { hash, shuffled } from './random.ts'
import { type Controls, type Evidence, runTrial } from './trial.ts'
import type { Workload } from './workload.ts'

export interface Campaign {
  workloads: readonly Workload[]
  seed: string
  choose(all: readonly Candidate[]): Candidate[]
  /** How many trials at once, and how many more of those that mostly wait. */
  lanes: number
  lanesForWaiting: number
  /** Told of each trial as it ends, and how many there are beside the clean runs. */
  onResult?: (result: Result, of: number) => void
}

export interface Candidate {
  workload: Workload
  plan: Plan
}

export interface Outcome {
  workload: string
  plan: string
  violations: Violation[]
  /** The fault took place. */
  hit: boolean
}

export interface Result extends Outcome {
  /** Unless the trial itself came to grief. Some megabytes: whoever is told of it may read it, nobody keeps it. */
  evidence?: Evidence
}

/** A fault that found nothing to strike has proven nothing, and broken nothing. */
export const outcomeOf = ({ violations, hit }: Outcome): 'passed' | 'failed' | 'missed' =>
  violations.length > 0 ? 'failed' : hit ? 'passed' : 'missed'

export interface Tally {
  workload: string
  /** In the journal of the clean run, since what is given. */
  writes: number
  generated: number
  results: Outcome[]
}

/** Plans to three for each write; not those that found nothing to strike. To be 1 at least. */
export const ratioOf = ({ writes, generated, results }: Tally): number =>
  (generated - results.filter(r => outcomeOf(r) === 'missed').length) / (3 * writes)

export async function runCampaign(bed: Bed, c: Campaign): Promise<Tally[]> {
  // Most of the time these wait, to see that nothing is written any more. The longest come first.
  const longestFirst = [...c.workloads].sort((a, b) => Number(b.sampled !== undefined) - Number(a.sampled !== undefined))
  const prepared = await inLanes(2 * c.lanes, longestFirst, async workload => {
    try {
      return await prepare(bed, workload, c.seed)
    } catch (error) {
      return { workload, plans: [], writes: 0, reference: undefined, results: [cameToGrief(workload, cleanName, error)] }
    }
  })
  const tallies = prepared.map(({ workload, plans, results, writes }): Tally => {
    for (const result of results) c.onResult?.(result, 0)
    return { workload: workload.name, writes, generated: plans.length, results: results.map(withoutEvidence) }
  })
  const candidates = prepared.flatMap(({ workload, reference, plans }, i) =>
    plans.map(plan => ({ workload, reference: reference!, plan, tally: tallies[i]! })),
  )
  const chosen = new Set<Candidate>(c.choose(candidates))
  // In an order of chance: the first hundred say something of all.
  const trials = inOrderOfChance(
    c.seed,
    candidates.filter(candidate => chosen.has(candidate)),
  )
  const run = async ({ workload, reference, plan, tally }: (typeof trials)[number]) => {
    const result = await tryPlan(bed, workload, plan, reference, c).catch((error: unknown) => cameToGrief(workload, plan.name, error))
    tally.results.push(withoutEvidence(result))
    c.onResult?.(result, trials.length)
  }
  const [waiting, working] = [trials.filter(mostlyWaits), trials.filter(t => !mostlyWaits(t))]
  await Promise.all([inLanes(c.lanesForWaiting, waiting, run), inLanes(c.lanes, working, run)])
  return tallies
}

const withoutEvidence = ({ evidence: _, ...outcome }: Result): Outcome => outcome

/** The first few of it are a sample that is the same whenever the seed is. */
export const inOrderOfChance = <C extends Candidate>(seed: string, candidates: readonly C[]): C[] =>
  shuffled(seed, candidates, ({ workload, plan }) => `${workload.name} ${plan.name}`)

const cleanName = 'nothing goes wrong'

/** The other trials go on. */
const cameToGrief = (workload: Workload, plan: string, error: unknown): Result => ({
  workload: workload.name,
  plan,
  violations: [{ oracle: 'the trial itself comes to its end', what: (error as Error).stack ?? String(error) }],
  hit: false,
})

export type Prepared = Awaited<ReturnType<typeof prepare>>

/** Two clean runs: what both come to is what every other is measured by. */
export async function prepare(bed: Bed, workload: Workload, seed: string) {
  const run = (name: string) =>
    runTrial(bed, { workload, seed: `${seed} ${workload.name} ${name}`, patienceMs: 60_000, quietMs: longQuietMs, startAgain: true })
  const [first, second] = await Promise.all([run('first'), run('second')])
  const reference: Reference = { end: first.end, counts: countsOf(first), connections: first.connections, memory: first.memory }
  const results = [first, second].map(
    (evidence): Result => ({
      workload: workload.name,
      plan: cleanName,
      violations: judge(evidence, { ...nothingUnusual, reference }),
      hit: true,
      evidence,
    }),
  )
  const plans = generatePlans({ ...first, versions: first.view.versions }).filter(
    plan => !isMeddling(plan) || workload.meddling === undefined || workload.meddling(plan.write),
  )
  return { workload, reference, plans, results, writes: ownWrites(first).length }
}

const nothingUnusual = { meddled: false, replicas: 1, relists: false }

const withStandby = new Set<Plan['fault']>(['leader cut off', 'lease deleted', 'leader stopped'])

/** One of eight. With a standby it would find nothing to do in any case: the other leads. */
const startsAgain = (plan: Plan): boolean => !withStandby.has(plan.fault) && hash(plan.name) % 8 === 0

/** Where it is to be seen that nothing is written any more, late retries and periodic looks included. */
const longQuietMs = 5_000

const mostlyWaits = ({ workload, plan }: Candidate): boolean =>
  workload.waits === true || startsAgain(plan) || withStandby.has(plan.fault) || plan.fault === 'storm' || plan.fault === 'stalled watches'

/** A step's, by fault; and how much more where something rests anyway: a new leader calls no agent late within its first minute. */
const patienceMs: Partial<Record<Plan['fault'], number>> = {
  storm: 150_000,
  'stalled watches': 240_000,
  'leader cut off': 90_000,
  'lease deleted': 90_000,
  'leader stopped': 90_000,
}

const restMs = 90_000

/** A fault that found nothing to strike, for things went another way this time, is tried again. */
const attempts = 3

/** Something else was asked for, or what is gone is left to a person. */
const leadsElsewhere = (plan: Plan): boolean => plan.fault === 'asked for something else' || (isMeddling(plan) && !isMadeGood(plan))

const isMeddling = (plan: Plan): plan is PlanOf<'replaced' | 'deleted' | 'edited'> =>
  plan.fault === 'replaced' || plan.fault === 'deleted' || plan.fault === 'edited'

const relisting = new Set<Plan['fault']>([
  'gone',
  'gone in the stream',
  'watch lines cut',
  'gone on a page',
  'relist',
  'stale list',
  'stalled watches',
])

/** One trial under one fault, or under none. */
export async function tryPlan(
  bed: Bed,
  workload: Workload,
  plan: Plan | undefined,
  reference: Reference,
  o: { seed: string; program?: string; patienceMs?: number },
): Promise<Result> {
  const fault = plan?.fault
  const name = plan?.name ?? cleanName
  const is = (faults: ReadonlySet<Plan['fault']>) => fault !== undefined && faults.has(fault)
  const meddled = plan !== undefined && isMeddling(plan)
  const elsewhere = plan !== undefined && leadsElsewhere(plan)
  const startAgain = plan === undefined || startsAgain(plan)
  const replicas = is(withStandby) ? 2 : 1
  for (let attempt = 1; ; attempt++) {
    const evidence = await runTrial(bed, {
      workload,
      seed: `${o.seed} ${workload.name} ${name} ${attempt}`,
      ...(plan !== undefined && { arm: (controls: Controls) => inject(plan, controls) }),
      patienceMs:
        o.patienceMs ??
        (elsewhere && meddled && workload.sampled === undefined ? 4_000 : ((fault && patienceMs[fault]) ?? 30_000)) +
          (workload.waits ? restMs : 0),
      // Somebody else's hand in tenants' Secrets shows only when they are read again.
      quietMs: startAgain ? longQuietMs : meddled ? 2_600 : 400,
      startAgain,
      replicas,
      ...(!elsewhere && { end: reference.end }),
      ...(o.program !== undefined && { program: o.program }),
    })
    const violations = judge(evidence, {
      ...(!elsewhere && { reference }),
      ...(meddled && plan.fault !== 'edited' && { taken: objectOf(plan.write) }),
      meddled: meddled && elsewhere,
      replicas,
      relists: is(relisting),
      ...(plan?.fault === 'lost event' && { unheard: `${plan.resource} ${plan.object}` }),
    })
    // What was broken without the fault's help counts as well.
    if (evidence.hit || violations.length > 0 || attempt === attempts)
      return { workload: workload.name, plan: name, violations, hit: evidence.hit, evidence }
  }
}

async function inLanes<T, R>(lanes: number, items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const waiting = items.entries()
  const lane = async () => {
    for (const [i, item] of waiting) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}
