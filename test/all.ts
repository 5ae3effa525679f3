/**
 * `npm test`: every tier, each run even if one before it failed, and at the end what failed, with its reason, and a last line `N passed,
 * N failed`. What mostly computes runs beside what mostly waits. It brings up a cluster of its own, apart from the quickstart's, and takes it
 * down again unless called with --keep. With --full (`npm run test:full`) what is measured over a time is measured for longer, the rules of
 * every version are compared with its server, and the example engine is put to the conformance suite.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { fullVariable } from './full.ts'

interface Tally {
  passed: number
  failed: number
  skipped: number
  /** What failed, and why, in a few lines each: the end of a long output is what one reads first, or all that one is given. */
  why: string[]
}

/** What is read of vitest's JSON report. */
interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  testResults: {
    name: string
    message: string
    status: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
  }[]
}

interface Tier {
  name: string
  execute(): Promise<Tally>
}

const root = join(import.meta.dirname, '..')
const reports = join(root, '.trove', 'reports')
const keep = process.argv.includes('--keep')
const full = process.argv.includes('--full')
const variants = full ? { [fullVariable]: '1' } : {}

interface Run {
  ok: boolean
  /** Its exit status, or the signal that ended it. */
  how: string
  /** The last lines that it printed, for where nothing else says why it failed. */
  end: string[]
}

const endLength = 60

/** Runs a command. Every line that it prints is passed on, with the name of the tier before it. */
async function run(name: string, command: string, args: string[]): Promise<Run> {
  const env = { ...process.env, ...variants, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` }
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env })
  const end: string[] = []
  const say = (line: string) => {
    console.log(`${name.padEnd(width)} │ ${line}`)
    if (line.trim() !== '' && end.push(line) > endLength) end.shift()
  }
  for (const output of [child.stdout, child.stderr]) createInterface({ input: output }).on('line', say)
  return await new Promise(resolve => {
    child.on('error', error => {
      say(error.message)
      resolve({ ok: false, how: error.name, end })
    })
    child.on('close', (code, signal) => resolve({ ok: code === 0, how: `${signal ?? code}`, end }))
  })
}

/** The reason of a failure that has no other: how the output ended. */
const lastWords = (what: string, { how, end }: Run) =>
  `${what} ended with ${how}. The last that it said:\n${brief(end.join('\n'), endLength)}`

/** A step that passes or fails as a whole. */
const step = (name: string, command: string, ...args: string[]): Tier => ({
  name,
  async execute() {
    const ran = await run(name, command, args)
    return ran.ok
      ? { passed: 1, failed: 0, skipped: 0, why: [] }
      : { passed: 0, failed: 1, skipped: 0, why: [lastWords(`${name}: \`${command} ${args.join(' ')}\``, ran)] }
  },
})

/** A tier of vitest, counted test by test. A tier that ran nothing, or died before it could report, is a failure. */
const tier = (name: string): Tier => ({
  name,
  async execute() {
    const report = join(reports, `${name}.json`)
    rmSync(report, { force: true })
    const ran = await run(name, 'vitest', [
      'run',
      '--project',
      name,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ])
    try {
      const r = JSON.parse(readFileSync(report, 'utf8')) as Report
      const failed = ran.ok && r.numPassedTests > 0 ? r.numFailedTests : Math.max(1, r.numFailedTests)
      const why = failures(r)
      // Of an error outside of every test a report has no word, and of a hook's not always one.
      if (failed > 0 && (why.length === 0 || r.testResults.some(failedOutside))) why.push(lastWords(name, ran))
      return { passed: r.numPassedTests, failed, skipped: r.numPendingTests, why }
    } catch {
      return { passed: 0, failed: 1, skipped: 0, why: [lastWords(`${name}, without a report,`, ran)] }
    }
  },
})

const failedOutside = (file: Report['testResults'][number]): boolean =>
  file.status === 'failed' && file.assertionResults.every(test => test.status !== 'failed')

/** What a report says of each test that failed, and of each file that failed outside its tests. */
function failures(report: Report): string[] {
  return report.testResults.flatMap(file => {
    const failed = file.assertionResults.filter(test => test.status === 'failed')
    const of = relative(root, file.name)
    if (failedOutside(file)) return [`${of}, outside of its tests\n${brief(file.message)}`]
    return failed.map(test => `${of}: ${test.fullName}\n${brief(test.failureMessages.join('\n'))}`)
  })
}

/** The first lines of a message, each of a length that can be read. */
const brief = (message: string, lines = 12) =>
  message
    .split('\n')
    .slice(0, lines)
    .map(line => `    ${line.slice(0, 400)}`)
    .join('\n')

/** With --full also on a cluster of its own. */
const exampleEngine = step('example-engine', 'node', 'test/example-engine/main.ts', ...(full ? ['--cluster'] : []))

/** The rules of each engine's newest version, or with --full of every one, as its server has them. */
const rules = step('rules', 'node', 'test/rules/main.ts', '--check', ...(full ? [] : ['--newest']))

/** One stage after another; in each the lanes side by side; in a lane one tier after another, cheapest first. */
const stages: Tier[][][] = [
  [[step('check', 'npm', 'run', '--silent', 'check')]],
  // Before anything runs beside it: on a fresh machine this builds for a quarter of an hour.
  [[step('cluster', 'node', 'test/kind/main.ts', '--name', 'test', 'up')]],
  [
    [tier('unit'), step('launcher', 'node', 'test/launcher/main.ts'), rules, tier('integration'), tier('quickstart'), exampleEngine],
    [tier('e2e-alone')],
  ],
  [[tier('e2e'), tier('conformance'), tier('uninstall')]],
]
const width = Math.max(...stages.flat(2).map(({ name }) => name.length))

mkdirSync(reports, { recursive: true })
const total: Tally = { passed: 0, failed: 0, skipped: 0, why: [] }
const lines: string[] = []
const execute = async ({ name, execute }: Tier) => {
  const started = performance.now()
  const tally = await execute()
  const line = `${name.padEnd(width)} ${tally.passed} passed, ${tally.failed} failed (${Math.round((performance.now() - started) / 1000)} s)`
  console.log(line)
  lines.push(line)
  total.passed += tally.passed
  total.failed += tally.failed
  total.skipped += tally.skipped
  total.why.push(...tally.why)
}
for (const lanes of stages)
  await Promise.all(
    lanes.map(async tiers => {
      for (const one of tiers) await execute(one)
    }),
  )
if (!keep) await run('cluster', 'node', ['test/kind/main.ts', '--name', 'test', 'down'])
for (const reason of total.why) console.log(`\nFAILED ${reason}`)
console.log(`\n${lines.join('\n')}\n`)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed === 0 ? 0 : 1
