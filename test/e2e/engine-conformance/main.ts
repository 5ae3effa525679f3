/**
 * `npm run conformance [-- ENGINE] [--catalog debian|official]`: puts every version of every engine, or of one, to the list of behaviours. After a
 * run of all that passed, the table of engines in README.md says what it found.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { engines, everyVersion, officialCatalog, oneEngine } from './subjects.ts'
import { type Report, withTable } from './table.ts'

const usage = `usage: npm run conformance [-- ENGINE] [--catalog debian|official]
  ENGINE   one of ${engines().join(', ')}`

function options(): { engine: string | undefined; catalog: string } {
  const { values, positionals } = parseArgs({ options: { catalog: { type: 'string', default: 'debian' } }, allowPositionals: true })
  const [engine, ...rest] = positionals
  if (rest.length > 0 || (engine !== undefined && !engines().some(known => known === engine)))
    throw new Error(`no engine ${positionals.join(' ')}`)
  if (!['debian', 'official'].includes(values.catalog)) throw new Error(`no catalog ${values.catalog}`)
  return { engine, catalog: values.catalog }
}

function main(): number {
  const { engine, catalog } = options()
  const root = join(import.meta.dirname, '..', '..', '..')
  const report = join(root, '.trove', 'reports', 'conformance.json')
  mkdirSync(join(root, '.trove', 'reports'), { recursive: true })
  const env = {
    ...process.env,
    [everyVersion]: '1',
    ...(engine !== undefined && { [oneEngine]: engine }),
    ...(catalog === 'official' && { [officialCatalog]: '1' }),
  }
  const files = engine === undefined ? [] : [`engine-conformance/${engine}.test.ts`]
  const args = ['run', '--project', 'conformance', ...files, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync(join(root, 'node_modules', '.bin', 'vitest'), args, { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) return status ?? 1
  const found = JSON.parse(readFileSync(report, 'utf8')) as Report
  for (const { title } of found.testResults.flatMap(file => file.assertionResults)) if (title.startsWith('UNPROVEN')) console.log(title)
  if (engine !== undefined || catalog === 'official') return 0
  const readme = join(root, 'README.md')
  const before = readFileSync(readme, 'utf8')
  const after = withTable(before, found)
  if (after !== before) writeFileSync(readme, after)
  console.log(after === before ? 'the table of engines in README.md says the same' : 'the table of engines in README.md is another now')
  return 0
}

try {
  process.exitCode = main()
} catch (error) {
  console.error(`${(error as Error).message}\n${usage}`)
  process.exitCode = 2
}
