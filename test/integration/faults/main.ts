/**
 * `npm run faults [-- --seed S] [--workload NAME]… [--plan TEXT]… [--lanes N]`: every fault plan of every workload, or those whose name holds the text.
 * Ends with 1 if any promise was broken. The seed is printed; the same seed gives the same plans, and the same pace.
 */
import { parseArgs } from 'node:util'
import { makeBed } from './bed.ts'
import { inOrderOfChance, type Result, runCampaign, type Tally } from './campaign.ts'
import { dump } from './dump.ts'
import { workloads } from './workloads.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: Date.now().toString(36) },
    workload: { type: 'string', multiple: true, default: [] },
    plan: { type: 'string', multiple: true, default: [] },
    lanes: { type: 'string', default: '6' },
    verbose: { type: 'boolean', default: false },
  },
})
const wanted = (names: readonly string[], name: string) => names.length === 0 || names.some(n => name.includes(n))
const chosen = workloads.filter(w => values.workload.length === 0 || values.workload.includes(w.name))
if (chosen.length === 0) throw new Error(`no such workload; there are ${workloads.map(w => w.name).join(', ')}`)

for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(130))
process.setMaxListeners(0)
console.log(`seed ${values.seed}`)
const started = performance.now()
const bed = await makeBed()
let done = 0
const show = (result: Result, of: number) => {
  if (of > 0) done += 1
  if (of > 0 && done % 100 === 0) console.log(`  … ${done} of ${of} after ${Math.round((performance.now() - started) / 1000)} s`)
  const { workload, plan, violations, hit, evidence } = result
  // A fault that found nothing to strike has proven nothing.
  if (!hit) console.log(`  missed  ${workload}: ${plan}`)
  if (violations.length === 0) {
    if (values.verbose && hit) console.log(`  passed  ${workload}: ${plan} (${(evidence.ms / 1000).toFixed(1)} s)`)
    return
  }
  console.log(`  FAILED  ${workload}: ${plan}`)
  for (const { oracle, what } of violations.slice(0, 6)) console.log(`    ${oracle}: ${what}`)
  console.log(`    all of it: ${dump(result)}`)
}
const tallies = await runCampaign(bed, {
  workloads: chosen,
  seed: values.seed,
  lanes: Number(values.lanes),
  lanesForWaiting: 4 * Number(values.lanes),
  choose: all =>
    chosen.flatMap(workload => {
      const some = all.filter(t => t.workload === workload && wanted(values.plan, t.plan.name))
      return inOrderOfChance(values.seed, some).slice(0, workload.sampled)
    }),
  onResult: show,
})
await bed.stop()

const line = (t: Tally) => {
  const failed = t.results.filter(r => r.violations.length > 0).length
  const missed = t.results.filter(r => !r.hit).length
  const ratio = (t.generated / (3 * t.writes)).toFixed(2)
  return `${t.workload.padEnd(18)} ${String(t.writes).padStart(4)} writes  ${String(t.generated).padStart(4)} plans  ratio ${ratio}  ${t.results.length - failed} passed, ${failed} failed, ${missed} missed`
}
console.log(`\n${tallies.map(line).join('\n')}`)
const failed = tallies.flatMap(t => t.results).filter(r => r.violations.length > 0).length
const passed = tallies.flatMap(t => t.results).length - failed
console.log(`\n${passed} passed, ${failed} failed in ${Math.round((performance.now() - started) / 1000)} s, seed ${values.seed}`)
process.exitCode = failed === 0 ? 0 : 1
