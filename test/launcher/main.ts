/**
 * The launcher's stress test: `node test/launcher/main.ts [ROUNDS]`. Runs test/launcher/stress.sh under each shell with the launcher as it is
 * put into pods, then stretched, then with each mutant, which must fail. One line per shell and launcher; exit status 1 if any is wrong.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launcherScript } from '../../src/engines/launcher-script.ts'
import { onPath } from '../kind/command.ts'
import { ensurePackages } from '../kind/packages.ts'
import { stepLog } from '../kind/steps.ts'
import { mutants, mutated, stretched } from './mutants.ts'

const shells = ['dash', 'bash', 'busybox'] as const
type Shell = (typeof shells)[number]

/** A mutant is given this many rounds to be found out, and this many seconds until it counts as hung. */
const mutantRounds = 12
const mutantLimit = 4

interface Run {
  title: string
  launcher: string
  rounds: number
  tick: boolean
  limit?: number
  mustFail: boolean
}

async function main(rounds: number): Promise<number> {
  await obtainTools()
  const text = launcherScript()
  const runs: Run[] = [
    { title: 'as shipped', launcher: text, rounds, tick: false, mustFail: false },
    { title: 'stretched', launcher: stretched(text), rounds: Math.ceil(rounds / 2), tick: true, mustFail: false },
    ...mutants.map(mutant => ({
      title: `mutant: ${mutant.name}`,
      launcher: mutated(text, mutant),
      rounds: mutantRounds,
      tick: true,
      limit: mutantLimit,
      mustFail: true,
    })),
  ]
  const folder = mkdtempSync(join(tmpdir(), 'trove-launcher-'))
  try {
    const wrong = await Promise.all(shells.map(shell => runAll(shell, runs, folder)))
    const failed = wrong.reduce((sum, n) => sum + n, 0)
    const total = shells.length * runs.length
    console.log(`${total - failed} passed, ${failed} failed`)
    return failed === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One shell after the other would mostly wait; all runs at once would be judged by the machine's load. */
async function runAll(shell: Shell, runs: readonly Run[], folder: string): Promise<number> {
  let wrong = 0
  for (const [index, run] of runs.entries()) {
    const file = join(folder, `${shell}-${index}.sh`)
    writeFileSync(file, run.launcher)
    const { status, output } = await stress(shell, run, file)
    const verdict = run.mustFail ? status === 1 : status === 0
    if (!verdict) wrong++
    const seen = run.mustFail ? (verdict ? `found out (${output.split('\n')[0]})` : 'NOT FOUND OUT') : verdict ? 'passed' : 'FAILED'
    console.log(`${shell}: ${run.title}, ${run.rounds} rounds: ${seen}`)
    if (!verdict && output !== '') console.log(output)
  }
  return wrong
}

function stress(shell: Shell, run: Run, file: string): Promise<{ status: number | null; output: string }> {
  const args = [join(import.meta.dirname, 'stress.sh'), shell, String(run.rounds), file, ...(run.tick ? ['tick'] : [])]
  const env = { ...process.env, ...(run.limit !== undefined && { LIMIT: String(run.limit) }) }
  return new Promise((resolve, reject) => {
    const child = spawn('bash', args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.on('error', reject)
    // A survivor may hold the pipes open: what it says once the test has ended is nobody's concern.
    child.on('exit', () =>
      setTimeout(() => {
        child.stdout.destroy()
        child.stderr.destroy()
      }, 1000),
    )
    child.on('close', status => resolve({ status, output: output.trim() }))
  })
}

/** Debian packages that bring what is missing. */
async function obtainTools(): Promise<void> {
  const packages = { dash: 'dash', bash: 'bash', busybox: 'busybox', setsid: 'util-linux', flock: 'util-linux' }
  const missing = Object.entries(packages).filter(([tool]) => onPath(tool) === undefined)
  await ensurePackages([...new Set(missing.map(([, name]) => name))], stepLog())
}

process.exitCode = await main(Number(process.argv[2] ?? 50))
