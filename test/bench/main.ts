/**
 * `npm run bench -- NAME [--json FILE] [OPTION…]`: measures, prints a table for people and then the figures by name as one line of JSON,
 * for machines. --json writes them to a file as well.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { SetupError } from '../kind/setup-error.ts'
import { configuration } from './configuration.ts'
import { ready } from './ready.ts'
import { scale } from './scale.ts'

interface Bench {
  run(options: Record<string, string | boolean | undefined>): Promise<object>
  /** What it takes beside --json: a word is what the option's value is called, and none stands for a switch. */
  options: Readonly<Record<string, string | undefined>>
}

/** Every bench, by name. Each gives its figures as an object that is printed as it is. */
const benches: Record<string, Bench> = {
  configuration: { run: configuration, options: {} },
  ready: { run: ready, options: { engine: 'NAME', pairs: 'N' } },
  scale: { run: scale, options: { quick: undefined } },
}

// What it has started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const [name, ...rest] = process.argv.slice(2)
const bench = benches[name ?? '']
const { json, ...options } = asked() ?? usage()
try {
  const figures = await bench!.run(options)
  console.log(JSON.stringify(figures))
  if (typeof json === 'string') writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`)
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`${error.message}${error.remedy === undefined ? '' : `\n→ ${error.remedy}`}`)
  process.exitCode = 1
}

function asked(): Record<string, string | boolean | undefined> | undefined {
  if (bench === undefined) return undefined
  const known = Object.entries({ json: 'FILE', ...bench.options }).map(([option, value]) => {
    return [option, { type: value === undefined ? ('boolean' as const) : ('string' as const) }]
  })
  try {
    return parseArgs({ args: rest, options: Object.fromEntries(known) as Record<string, { type: 'boolean' | 'string' }> }).values
  } catch {
    return undefined
  }
}

function usage(): never {
  const usages = Object.entries(benches).map(([bench, { options }]) => {
    const words = Object.entries(options).map(([option, value]) => `[--${option}${value === undefined ? '' : ` ${value}`}]`)
    return [bench, '[--json FILE]', ...words].join(' ')
  })
  console.error(`usage: npm run bench -- ${usages.join('\n       npm run bench -- ')}`)
  process.exit(2)
}
