/** Changes the settings of a running server, one by one, and reads them back. */
import { fault, TroveError } from '../../errors.ts'
import type { Parameters } from '../parameters/layers.ts'
import type { Connection } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { enforced } from './enforced.ts'
import { identifier, literal } from './quote.ts'

/** ER_INCORRECT_GLOBAL_LOCAL_VAR: what it names is read only in a running server. */
const readOnly = 1238

export async function configure(
  admin: Connection,
  { engine, changed }: Dialect,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<{ restartRequired: string[] }> {
  // Not strict: a size is rounded to what the server can have, and that is not a mistake.
  await admin.run(["set session sql_mode = 'NO_BACKSLASH_ESCAPES'"], signal)
  const before = await globals(admin, signal)
  const ours = enforced(engine)
  // Some of ours are options of the command line only. Of others the server says itself that it has no such variable.
  const isKnown = (name: string) => ours[name] === undefined || before.has(name)
  const others = (await admin.query<{ name: string }>(changed, [], signal)).map(({ name }) => name.toLowerCase())
  const wanted = [
    ...Object.entries({ ...parameters, ...ours }).filter(([name, value]) => isKnown(name) && !same(before.get(name), value)),
    ...others.filter(name => parameters[name] === undefined && ours[name] === undefined).map(name => [name, undefined] as const),
  ]
  const restartRequired: string[] = []
  const wrong: string[] = []
  for (const [name, value] of wanted) {
    const outcome = await set(admin, name, value, signal)
    if (outcome === 'readOnly') restartRequired.push(name)
    else if (outcome !== 'done') wrong.push(`${name}: ${outcome}`)
  }
  const now = await globals(admin, signal)
  for (const [name, value] of wanted) {
    // A number that differs was rounded.
    const isUnmoved =
      value !== undefined && !same(now.get(name), value) && (Number.isNaN(Number(now.get(name))) || Number.isNaN(Number(value)))
    if (isUnmoved && !restartRequired.includes(name) && !wrong.some(w => w.startsWith(`${name}:`)))
      wrong.push(`${name}: it still is ${now.get(name) ?? 'not there'}`)
  }
  if (wrong.length > 0) throw new TroveError(fault('ConfigurationNotApplied', { why: wrong.join('; ') }))
  // What is ours and read only is as it was at the start, in the server's own words: no restart makes it another.
  return { restartRequired: restartRequired.filter(name => ours[name] === undefined).sort() }
}

async function set(
  admin: Connection,
  name: string,
  value: string | undefined,
  signal: AbortSignal,
): Promise<'done' | 'readOnly' | (string & {})> {
  try {
    await admin.run([`set global ${identifier(name)} = ${value === undefined ? 'default' : asWritten(value)}`], signal)
    return 'done'
  } catch (error) {
    signal.throwIfAborted()
    return (error as { errno?: number }).errno === readOnly ? 'readOnly' : error instanceof Error ? error.message : String(error)
  }
}

async function globals(admin: Connection, signal: AbortSignal): Promise<Map<string, string>> {
  const rows = await admin.query<{ Variable_name: string; Value: string }>('show global variables', [], signal)
  return new Map(rows.map(row => [row.Variable_name.toLowerCase(), row.Value]))
}

/** A number is no text to these servers. */
const asWritten = (value: string): string => (/^-?\d+(\.\d+)?$/.test(value) ? value : literal(value))

function same(a: string | undefined, b: string): boolean {
  if (a === undefined) return false
  return a.toLowerCase() === b.toLowerCase() || (a !== '' && b !== '' && Number(a) === Number(b)) || truth(a) === truth(b)
}

/** One value for either word, and another for everything that is neither. */
const truth = (value: string): boolean | symbol => (/^(on|1)$/i.test(value) ? true : /^(off|0)$/i.test(value) ? false : Symbol())
