/** `npm run bench -- NAME [--json FILE]`: measures, prints a table for people and, with --json, figures by name for machines. */
import { writeFileSync } from 'node:fs'
import { ready } from './ready.ts'

/** Every bench, by name. Each gives its figures as an object that goes into the JSON file as it is. */
const benches: Record<string, () => Promise<object>> = { ready }

const [name, ...rest] = process.argv.slice(2)
const run = benches[name ?? '']
const json = rest[0] === '--json' ? rest[1] : undefined
if (run === undefined || (rest.length > 0 && json === undefined)) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')} [--json FILE]`)
  process.exit(2)
}
const figures = await run()
if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`)
