/**
 * `npm test`: every tier in order, cheapest first, each run even if one before it failed, and a last line `N passed, N failed`.
 * It brings up a cluster of its own, apart from the quickstart's, and takes it down again unless called with --keep. With --full
 * (`npm run test:full`) what is measured over a time is measured for longer.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fullVariable } from './full.ts'

interface Tally {
  passed: number
  failed: number
  skipped: number
}

const root = join(import.meta.dirname, '..')
const reports = join(root, '.trove', 'reports')
const keep = process.argv.includes('--keep')
const variants = process.argv.includes('--full') ? { [fullVariable]: '1' } : {}

/** Runs a command with its output passed through. */
function run(command: string, args: string[]): boolean {
  const env = { ...process.env, ...variants, PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}` }
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env }).status === 0
}

/** A step that passes or fails as a whole. */
function step(command: string, args: string[]): Tally {
  return run(command, args) ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 }
}

/** A tier of vitest, counted test by test. A tier that ran nothing, or died before it could report, is a failure. */
function tier(project: string): Tally {
  const report = join(reports, `${project}.json`)
  rmSync(report, { force: true })
  const ok = run('vitest', ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
  try {
    const r = JSON.parse(readFileSync(report, 'utf8')) as { numPassedTests: number; numFailedTests: number; numPendingTests: number }
    const failed = ok && r.numPassedTests > 0 ? r.numFailedTests : Math.max(1, r.numFailedTests)
    return { passed: r.numPassedTests, failed, skipped: r.numPendingTests }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const tiers: [string, () => Tally][] = [
  ['check', () => step('npm', ['run', '--silent', 'check'])],
  ['unit', () => tier('unit')],
  ['launcher', () => step('node', ['test/launcher/main.ts'])],
  ['integration', () => tier('integration')],
  ['e2e', () => tier('e2e')],
  ['e2e-alone', () => tier('e2e-alone')],
  ['uninstall', () => tier('uninstall')],
]

mkdirSync(reports, { recursive: true })
const total: Tally = { passed: 0, failed: 0, skipped: 0 }
const lines: string[] = []
for (const [name, execute] of tiers) {
  const started = performance.now()
  console.log(`\n=== ${name}`)
  const tally = execute()
  lines.push(`${name.padEnd(12)} ${tally.passed} passed, ${tally.failed} failed (${Math.round((performance.now() - started) / 1000)} s)`)
  total.passed += tally.passed
  total.failed += tally.failed
  total.skipped += tally.skipped
}
if (!keep) run('node', ['test/kind/main.ts', '--name', 'test', 'down'])
console.log(`\n${lines.join('\n')}\n`)
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
process.exitCode = total.failed === 0 ? 0 : 1
