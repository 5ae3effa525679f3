/** `npm run bench -- NAME [--json FILE] [OPTION…]`: measures, prints a table for people and, with --json, figures by name for machines. */
import { writeFileSync } from 'node:fs'
import { configuration } from './configuration.ts'
import { ready } from './ready.ts'
import { scale } from './scale.ts'

/** Every bench, by name, with the options that it takes. Each gives its figures as an object that goes into the JSON file as it is. */
const benches: Record<string, { run: (options: readonly string[]) => Promise<object>; options: readonly string[] }> = {
  configuration: { run: configuration, options: [] },
  ready: { run: ready, options: [] },
  scale: { run: scale, options: ['--quick'] },
}

// What it has started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const [name, ...rest] = process.argv.slice(2)
const bench = benches[name ?? '']
const at = rest.indexOf('--json')
const [, json] = at < 0 ? [] : rest.splice(at, 2)
if (bench === undefined || (at >= 0 && json === undefined) || rest.some(option => !bench.options.includes(option))) {
  const usages = Object.entries(benches).map(([bench, { options }]) => [bench, '[--json FILE]', ...options.map(o => `[${o}]`)].join(' '))
  console.error(`usage: npm run bench -- ${usages.join('\n       npm run bench -- ')}`)
  process.exit(2)
}
const figures = await bench.run(rest)
if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`)
