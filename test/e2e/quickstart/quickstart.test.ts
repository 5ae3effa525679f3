/** The quickstart as a newcomer runs it, in a copy of this checkout, which has cluster names of its own. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { up } from '../../kind/cluster.ts'
import { type Outcome, run } from '../../kind/command.ts'
import { namesFor, thisCheckout } from '../../kind/names.ts'
import { stepLog } from '../../kind/steps.ts'

const notCopied = new Set(['node_modules', '.git', '.trove', 'dist'])

/** The checkout without what it made for itself. Entry by entry, because cpSync copies no folder into itself. */
function newcomersCopy(): string {
  const checkout = thisCheckout()
  // Without this note the copy would begin with `npm ci`, in a node_modules that is not its own.
  expect(existsSync(join(checkout, 'node_modules', '.installed-for-lock')), '`npm test` installs what the quickstart needs').toBe(true)
  const copy = join(checkout, '.trove', 'newcomer')
  // The state of a cluster that a killed run left stays: --down needs it.
  mkdirSync(copy, { recursive: true })
  for (const entry of readdirSync(copy)) if (entry !== '.trove') rmSync(join(copy, entry), { recursive: true, force: true })
  for (const entry of readdirSync(checkout).filter(name => !notCopied.has(name)))
    cpSync(join(checkout, entry), join(copy, entry), { recursive: true })
  symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** Titles of the steps that took so long, each with what was said before it ended. */
function slowSteps(said: string): { title: string; before: string }[] {
  return [...said.matchAll(/^ {2}✓ (.*) \((\d+\.\d) s\)$/gm)]
    .filter(([, , seconds]) => Number(seconds) >= 2.5)
    .map(match => ({ title: match[1]!, before: said.slice(0, match.index) }))
}

const makes = /^ {2}[…✓] (create|build|install|start|load trove\.local\/node|load \S+ into) .*$/m

test('npm run quickstart gets a newcomer to a row in a table, again when repeated, and --down takes it away', {
  timeout: 900_000,
}, async () => {
  // Somebody else's cluster in the same engine, which has to outlive this one.
  const { nodeName: neighbour } = await up('test', stepLog())
  const copy = newcomersCopy()
  const demo = namesFor(copy, 'demo')
  const decoy = join(copy, 'decoy-kubeconfig')
  const contents = 'apiVersion: v1\nkind: Config\ncurrent-context: mine # not to be touched\n'
  const command = (line: string, timeoutMs = 60_000) => run('bash', ['-c', line], { cwd: copy, env: { KUBECONFIG: decoy }, timeoutMs })
  const succeeds = (outcome: Outcome): string => {
    expect(outcome.code, `${outcome.stdout}${outcome.stderr}`).toBe(0)
    return outcome.stdout
  }
  const containers = async () => succeeds(await run('docker', ['ps', '--all', '--format', '{{.Names}}'])).split('\n')
  const down = () => command('npm run quickstart -- --down', 120_000)
  onTestFinished(async () => {
    await down()
    rmSync(copy, { recursive: true, force: true })
  })
  // What a run that was killed left.
  succeeds(await down())
  writeFileSync(decoy, contents)

  const first = succeeds(await command('npm run quickstart', 300_000))
  expect(first).toMatch(/^ {2}✓ create trove-/m)
  expect(first).toContain('it read: 1 visit(s), the last by a tenant')
  const table = first.split('$ kubectl get instances,databases,databaseusers -n demo')[1] ?? ''
  expect(table).toMatch(/\/orders .*\bACTIVE\b.*\bHEALTHY\b/)
  expect(table).toMatch(/database\S*\/shop /)
  expect(table).toMatch(/databaseuser\S*\/app /)
  for (const { title, before } of slowSteps(first)) expect(before, `progress of "${title}"`).toContain(`\n  … ${title}\n`)

  const worthTrying = (first.split('Or begin with')[1] ?? '').match(/npm run --silent cluster -- kubectl .*/g) ?? []
  expect(worthTrying).toHaveLength(2)
  for (const line of worthTrying) expect(succeeds(await command(line)).trim(), line).not.toBe('')

  const second = succeeds(await command('npm run quickstart', 300_000))
  expect(second).toContain('it read: 2 visit(s), the last by a tenant')
  expect(second).not.toMatch(makes)

  expect(await containers()).toContain(demo.node)
  const gone = succeeds(await down())
  expect(gone).toContain(`${demo.cluster} is gone`)
  expect(gone).toMatch(/^kept: the build cache in /m)
  expect(gone).toMatch(new RegExp(`^the Docker engine goes on: (it still runs .*${neighbour}|this project did not start it)`, 'm'))
  expect(await containers()).not.toContain(demo.node)
  expect(existsSync(demo.stateDir)).toBe(false)
  succeeds(await down())
  expect(readFileSync(decoy, 'utf8')).toBe(contents)
})
