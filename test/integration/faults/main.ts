/**
 * `npm run faults [-- --seed S] [--workload NAME]… [--plan TEXT]… [--lanes N] [--verbose]`: every fault plan of every workload, or those whose name
 * holds the text; `--verbose` tells of those that passed as well. Ends with 1 if any promise was broken, if a workload has too few plans that struck, or if
 * nothing was tried. The seed is printed; the same seed gives the same plans, and the same pace.
 */
import { parseArgs } from 'node:util'
import { makeBed } from './bed.ts'
import { inOrderOfChance, type Outcome, outcomeOf, type Result, ratioOf, runCampaign, type Tally } from './campaign.ts'
import { dump } from './dump.ts'
import { workloads } from './workloads.ts'

function options() {
  try {
    return parseArgs({
      options: {
        seed: { type: 'string', default: Date.now().toString(36) },
        workload: { type: 'string', multiple: true, default: [] },
        plan: { type: 'string', multiple: true, default: [] },
        lanes: { type: 'string', default: '6' },
        verbose: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    console.error(
      `${(error as Error).message}\n→ npm run faults [-- --seed S] [--workload NAME]… [--plan PART OF A NAME]… [--lanes N] [--verbose]`,
    )
    process.exit(2)
  }
}

const { values } = options()
const isWanted = (plan: string) => values.plan.length === 0 || values.plan.some(text => plan.includes(text))
const names = workloads.map(w => w.name)
const unknown = values.workload.filter(name => !names.includes(name))
if (unknown.length > 0) {
  console.error(`no workload ${unknown.join(', ')}; there are ${names.join(', ')}`)
  process.exit(2)
}
const chosen = workloads.filter(w => values.workload.length === 0 || values.workload.includes(w.name))

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130))
console.log(`seed ${values.seed}`)
const started = performance.now()
const bed = await makeBed()
let done = 0
const generatedNames: string[] = []
const show = (result: Result, of: number) => {
  if (of > 0) done += 1
  if (of > 0 && done % (of > 300 ? 100 : 20) === 0)
    console.log(`  … ${done} of ${of} after ${Math.round((performance.now() - started) / 1000)} s`)
  const { workload, plan, violations, evidence } = result
  const outcome = outcomeOf(result)
  if (outcome === 'missed') console.log(`  missed  ${workload}: ${plan}`)
  if (outcome === 'passed' && values.verbose) console.log(`  passed  ${workload}: ${plan} (${(evidence!.ms / 1000).toFixed(1)} s)`)
  if (outcome !== 'failed') return
  console.log(`  FAILED  ${workload}: ${plan}`)
  for (const { oracle, what } of violations.slice(0, 6)) console.log(`    ${oracle}: ${what}`)
  console.log(`    all of it: ${dump(result)}`)
}
const tallies = await runCampaign(bed, {
  workloads: chosen,
  seed: values.seed,
  lanes: Number(values.lanes),
  lanesForWaiting: 4 * Number(values.lanes),
  choose: all => {
    generatedNames.push(...all.map(t => t.plan.name))
    return chosen.flatMap(workload => {
      const some = all.filter(t => t.workload === workload && isWanted(t.plan.name))
      return inOrderOfChance(values.seed, some).slice(0, workload.sampled)
    })
  },
  onResult: show,
})
await bed.stop()

const count = (results: readonly Outcome[]) => {
  const of = (outcome: string) => results.filter(r => outcomeOf(r) === outcome).length
  return `${of('passed')} passed, ${of('failed')} failed, ${of('missed')} missed`
}
const line = (tally: Tally) => {
  const { workload, writes, generated, results } = tally
  const tried = `${results.length} trials: ${count(results)}`
  return `${workload.padEnd(18)} ${String(writes).padStart(4)} writes  ${String(generated).padStart(4)} plans  ratio ${ratioOf(tally).toFixed(2)}  ${tried}`
}
const results = tallies.flatMap(t => t.results)
console.log(`\n${tallies.map(line).join('\n')}`)
console.log(`\n${count(results)} in ${Math.round((performance.now() - started) / 1000)} s, seed ${values.seed}`)
const few = tallies.filter(t => !(ratioOf(t) >= 1)).map(t => t.workload)
if (few.length > 0) console.log(`too few plans: ${few.join(', ')}`)
if (done === 0) {
  const sorts = new Set(generatedNames.map(name => name.split(',')[0]))
  console.log(`nothing was tried: no plan’s name holds ${values.plan.join(' or ')}; there are ${[...sorts].join(', ')}`)
}
process.exitCode = few.length > 0 || done === 0 || results.some(r => outcomeOf(r) === 'failed') ? 1 : 0
