/** Changes the settings of a running server, one by one, and reads them back. */
import type { Configured } from '../guest-engine.ts'
import { equal } from '../parameters/equal.ts'
import type { Parameters } from '../parameters/layers.ts'
import type { ParameterCatalogue } from '../parameters/rule.ts'
import type { Connection } from './connection.ts'
import type { Dialect } from './dialect.ts'
import { enforced } from './enforced.ts'
import { identifier, literal } from './quote.ts'

/** ER_INCORRECT_GLOBAL_LOCAL_VAR: what it names is read only in a running server. */
const readOnly = 1238

/** The catalogue is that of the server's version, where there are rules for it: by them the server's own rounding is told from another value. */
export async function configure(
  admin: Connection,
  { engine, changed }: Dialect,
  catalogue: ParameterCatalogue | undefined,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<Configured> {
  // Not strict: a size is rounded to what the server can have, and that is not a mistake.
  await admin.run(["set session sql_mode = 'NO_BACKSLASH_ESCAPES'"], signal)
  const ours = enforced(engine)
  const rules = new Map(catalogue?.rules.map(rule => [rule.name, rule]))
  const isInForce = (variables: Variables, name: string, value: string) => {
    const is = variables.get(name)
    if (is === undefined) return false
    const rule = rules.get(name)
    if (catalogue !== undefined && rule !== undefined && equal(rule, catalogue.notation, is, value)) return true
    return same(is, value) || (name === 'innodb_buffer_pool_size' && isPoolFor(Number(value), variables))
  }
  const restartRequired = new Set<string>()
  const wrong = new Map<string, string>()
  /** What the server made of text that it took. Only it knows how it prints that: `utf8` is `utf8mb3`. */
  const taken = new Map<string, string | undefined>()
  const isAsAsked = (variables: Variables, name: string, value: string) =>
    isInForce(variables, name, value) || (taken.has(name) && taken.get(name) === variables.get(name))
  const change = async (name: string, value: string | undefined) => {
    const outcome = await set(admin, name, value, signal)
    if (outcome === 'readOnly') restartRequired.add(name)
    else if (outcome !== 'done') wrong.set(name, outcome)
    else if (rules.get(name)?.type === 'string') taken.set(name, (await globals(admin, signal, name)).get(name))
  }
  const bringAbout = async () => {
    wrong.clear()
    // First what nobody asks for: some variables are there under two names, and the one that is asked for has the last word.
    const others = (await admin.query<{ name: string }>(changed, [], signal)).map(({ name }) => name.toLowerCase())
    for (const name of others) if (parameters[name] === undefined && ours[name] === undefined) await change(name, undefined)
    const before = await globals(admin, signal)
    // Some of ours are options of the command line only. Of others the server says itself that it has no such variable.
    const wanted = Object.entries({ ...parameters, ...ours }).filter(([name]) => ours[name] === undefined || before.has(name))
    // What was taken is not set again: a character set would take the collation with it.
    for (const [name, value] of wanted) if (!isAsAsked(before, name, value)) await change(name, value)
    // One may have moved another that was as it should be.
    const now = await globals(admin, signal)
    for (const [name, value] of wanted) {
      if (restartRequired.has(name) || wrong.has(name) || isAsAsked(now, name, value)) continue
      wrong.set(name, `it is ${now.get(name) ?? 'not there'}, not ${value}`)
    }
  }
  await bringAbout()
  // One may have been bounded by another that was changed after it.
  if (wrong.size > 0) await bringAbout()
  const notApplied = [...wrong].map(([name, what]) => `${name}: ${what}`)
  // What is ours and read only is as it was at the start, in the server's own words: no restart makes it another.
  const waiting = [...restartRequired].filter(name => ours[name] === undefined).sort()
  return { restartRequired: waiting, ...(notApplied.length > 0 && { notApplied }) }
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

type Variables = ReadonlyMap<string, string>

/** All, or those that are called so. */
async function globals(admin: Connection, signal: AbortSignal, name = '%'): Promise<Variables> {
  const rows = await admin.query<{ Variable_name: string; Value: string }>('show global variables like ?', [name], signal)
  return new Map(rows.map(row => [row.Variable_name.toLowerCase(), row.Value]))
}

/** A number is no text to these servers. */
const asWritten = (value: string): string => (/^-?\d+(\.\d+)?$/.test(value) ? value : literal(value))

/** MySQL rounds its pool up, to as many whole chunks for each of its instances; no rule has how many those are. */
function isPoolFor(asked: number, variables: Variables): boolean {
  const [pool, chunk, instances] = ['size', 'chunk_size', 'instances'].map(name => Number(variables.get(`innodb_buffer_pool_${name}`)))
  return pool! >= asked && pool! - asked < chunk! * instances!
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase() || (a !== '' && b !== '' && Number(a) === Number(b)) || truth(a) === truth(b)
}

/** One value for either word, and another for everything that is neither. */
const truth = (value: string): boolean | symbol => (/^(on|1)$/i.test(value) ? true : /^(off|0)$/i.test(value) ? false : Symbol())
