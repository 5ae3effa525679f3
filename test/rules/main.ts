/**
 * `npm run rules -- [ENGINE[:VERSION]] [--newest] [--check]`: writes what each engine's servers say of their parameters into src/engines; with
 * `--newest` those of each engine's newest version alone. With `--check` it writes nothing and fails with the differences.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ParameterRule } from '../../src/engines/parameters/rule.ts'
import { run } from '../kind/command.ts'
import type { DatastoreVersion } from '../kind/images/datastores.ts'
import { dockerImage } from '../kind/images.ts'
import { SetupError } from '../kind/setup-error.ts'
import { stepLog } from '../kind/steps.ts'
import { mariadbRules } from './mariadb.ts'
import { mysqlRules } from './mysql.ts'
import { postgresqlRules } from './postgresql.ts'
import { redisRules } from './redis.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

interface Generated {
  datastore: DatastoreVersion
  /** Of its engine, below src/engines. */
  folder: string
  rules(image: string): Promise<ParameterRule[]>
}

/** Of each engine the oldest version first. */
const all: readonly Generated[] = [
  { datastore: 'postgresql:15', folder: 'postgresql', rules: postgresqlRules },
  { datastore: 'postgresql:17', folder: 'postgresql', rules: postgresqlRules },
  { datastore: 'mariadb:10.11', folder: 'mysql', rules: mariadbRules },
  { datastore: 'mariadb:11.8', folder: 'mysql', rules: mariadbRules },
  { datastore: 'mysql:9.7', folder: 'mysql', rules: mysqlRules },
  { datastore: 'redis:7.0', folder: 'redis', rules: image => redisRules(image, 'redis') },
  { datastore: 'redis:8.0', folder: 'redis', rules: image => redisRules(image, 'redis') },
  { datastore: 'valkey:8.1', folder: 'redis', rules: image => redisRules(image, 'valkey') },
]

/** What differs between versions stands where it always stands. */
const order = 'name type aliasOf min max multipleOf step percent unit values implies restartRequired fixed default'.split(' ')

/** One rule a line, by name, so that a new version's differences can be read. Where an installation has its files is no server's default. */
function written(rules: readonly ParameterRule[]): string {
  const lines = rules
    .toSorted((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1))
    .map(rule => {
      const isPath = rule.type === 'string' && /(^|:)\//.test(rule.default ?? '')
      const entries = Object.entries(rule).filter(([key]) => !(isPath && key === 'default'))
      return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))))
    })
  return `[\n${lines.join(',\n')}\n]\n`
}

async function main(args: readonly string[]): Promise<number> {
  const log = stepLog()
  const check = args.includes('--check')
  const wanted = args.filter(arg => arg !== '--check' && arg !== '--newest')
  const engine = ({ datastore }: Generated) => datastore.split(':')[0]
  const offered = args.includes('--newest') ? all.filter(one => all.findLast(other => engine(other) === engine(one)) === one) : all
  const names = (one: Generated) => [one.datastore, engine(one)]
  const unknown = wanted.filter(name => !offered.some(one => names(one).includes(name)))
  if (unknown.length > 0) throw new SetupError(`no rules are made for ${unknown.join(', ')}`, offered.map(one => one.datastore).join(', '))
  const chosen = offered.filter(one => wanted.length === 0 || wanted.some(name => names(one).includes(name)))
  let differing = 0
  for (const { datastore, folder, rules } of chosen) {
    const label = join('src/engines', folder, 'rules', `${datastore.replace(':', '-')}.json`)
    const file = join(root, label)
    const image = await dockerImage(datastore, log)
    const text = written(await log.step(`ask ${datastore} about its parameters`, () => rules(image)))
    if (check) {
      const { code, stdout, stderr } = await run('diff', ['-u', '--label', label, '--label', `${label} as the server has it`, file, '-'], {
        input: text,
      })
      if (code !== 0) differing++
      process.stdout.write(code === 0 ? '' : `${stdout}${stderr}`)
    } else {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
    }
  }
  if (check)
    log.note(differing === 0 ? 'all as the servers have it' : `not as the servers have it: ${differing} of ${chosen.length}; npm run rules`)
  return differing === 0 ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`${error.message}${error.remedy === undefined ? '' : `\n→ ${error.remedy}`}`)
  process.exitCode = 1
}
