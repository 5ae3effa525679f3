/**
 * MySQL tells names, types and bounds in performance_schema, and by a refused SET what is read only. Words of an enum and the multiple
 * that a number is rounded to are told by starts that end at the help.
 */
import type { ParameterRule } from '../../src/engines/parameters/rule.ts'
import { type Asked, familyRules, variable } from './mysql-family.ts'

interface Row {
  name: string
  scope: 'GLOBAL' | 'SESSION' | 'SESSION_ONLY'
  type: 'Integer' | 'Numeric' | 'String' | 'Enumeration' | 'Boolean' | 'Set'
  min: string
  max: string
  value: string | null
}

const query = `select json_object('name', variable_name, 'scope', variable_scope, 'type', data_type, 'min', m.min_value, 'max', m.max_value,
  'value', g.variable_value) from performance_schema.variables_metadata m left join performance_schema.global_variables g using (variable_name);`

export function mysqlRules(image: string): Promise<ParameterRule[]> {
  return familyRules(
    image,
    'mysqld',
    directory => `mysqld --no-defaults --initialize-insecure --datadir=${directory}/data`,
    async asked => {
      const found = await asked.query<Row>(query)
      const readOnly = await readOnlyOf(asked, found)
      const printed = await helpOf(asked)
      const listed = await wordsOf(
        asked,
        found.filter(({ name, type }) => printed.has(name) && /^(String|Enumeration|Set)$/.test(type)),
      )
      // A number of the server that does not fit into its bits ends the start.
      const steps = await stepsOf(
        asked,
        found.filter(({ name, type }) => printed.has(name) && type === 'Integer' && name !== 'server_id'),
      )
      return found.map(({ name, scope, type, min, max, value }) => {
        const words = listed.get(name)
        // A word that stands for several is one of a set, whatever the table calls it.
        const several = words?.some(word => word.includes(',')) ?? false
        const values = words && [...new Set(words.flatMap(word => word.split(',')))]
        const kind = kindOf(several ? 'Set' : type, values)
        const step = steps.get(name)
        return {
          settable: scope !== 'SESSION_ONLY',
          rule: {
            name,
            type: kind,
            ...(kind === 'integer' && { min: BigInt(min) > BigInt(max) ? asNegative(min) : min, max }),
            ...(kind === 'float' && { min: asDouble(min), max: asDouble(max) }),
            ...(step !== undefined && { step }),
            ...(values !== undefined && { values }),
            restartRequired: readOnly.has(name),
            // Where the help has another, the server has computed it.
            ...(value !== null && sameValue(value, printed.get(name)) && { default: value }),
          },
        }
      })
    },
  )
}

function kindOf(type: Row['type'], values: readonly string[] | undefined): ParameterRule['type'] {
  if (type === 'Boolean') return 'boolean'
  if (type === 'Integer') return 'integer'
  if (type === 'Numeric') return 'float'
  if (values === undefined) return 'string'
  return type === 'Set' ? 'flags' : 'enum'
}

/** A negative bound of 32 bits is printed without its sign, and then is above the other. */
const asNegative = (bound: string) => String(BigInt(bound) - 2n ** 32n)

/** Some bounds of doubles are printed as the integer that has the same bits. */
function asDouble(bound: string): string {
  if (BigInt(bound) < 2n ** 52n) return bound
  return String(new Float64Array(BigInt64Array.of(BigInt(bound)).buffer)[0])
}

function sameValue(value: string, printed: string | undefined): boolean {
  const words: Record<string, string> = { TRUE: 'ON', FALSE: 'OFF', '(No default value)': '' }
  return printed === undefined || value === (words[printed] ?? printed) || (value !== '' && Number(value) === Number(printed))
}

async function readOnlyOf({ query }: Asked, found: readonly Row[]): Promise<Set<string>> {
  // Set to what it is, a variable is refused for what it is; a procedure makes of the refusal a row.
  const sets = found.map(({ name }) => `call told('${name}');`)
  const refused = await query<{ name: string }>(`create database told; use told;
delimiter //
create procedure told(name text) begin
  declare exit handler for 1238 select json_object('name', name);
  declare exit handler for sqlexception do 0;
  set @statement = concat('set global ', name, ' = @@global.', name);
  prepare statement from @statement; execute statement;
end//
delimiter ;
${sets.join('\n')}
drop database told;`)
  return new Set(refused.map(({ name }) => name))
}

/** The values that the help ends with: what the server would run with, before it computes anything. */
async function helpOf({ starts }: Asked): Promise<Map<string, string>> {
  const [line = ''] = await starts('^[A-Za-z0-9-]+ +[^ ].*$', [''])
  return entries(line)
}

function entries(line: string): Map<string, string> {
  const pairs = line.split('\t').map(entry => /^([A-Za-z0-9-]+) +(.*)$/.exec(entry))
  return new Map(pairs.flatMap(pair => (pair === null ? [] : [[variable(pair[1] ?? ''), pair[2] ?? '']])))
}

/** An enum refuses a word that it does not have and takes a number for its nth word; a set takes the number with its nth bit. */
async function wordsOf({ starts }: Asked, found: readonly Row[]): Promise<Map<string, string[]>> {
  const option = ({ name }: Row) => name.replaceAll('_', '-')
  const ask = async (tries: readonly [Row, string][]) => {
    const lines = await starts(
      '^[A-Za-z0-9-]+ +[^ ].*$',
      tries.map(([row, value]) => `--${option(row)}=${value}`),
    )
    return lines.map((line, i) => entries(line).get(tries[i]?.[0].name ?? ''))
  }
  const unknown = await ask(found.map(row => [row, 'no-such-word']))
  const enums = found.filter((_, i) => unknown[i] === undefined)
  const words = new Map<string, string[]>()
  for (let nth = 0, open = enums; open.length > 0 && nth < 64; nth++) {
    const answers = await ask(open.map(row => [row, String(row.type === 'Set' ? 2n ** BigInt(nth) : nth)]))
    open = open.filter((row, i) => {
      const word = answers[i]
      if (word !== undefined && !word.includes('=')) words.set(row.name, [...(words.get(row.name) ?? []), word])
      return word !== undefined && !word.includes('=')
    })
  }
  for (const { name, value } of enums) {
    const names = [...(value ?? '').matchAll(/([^,=]+)=/g)].map(([, word]) => word)
    if (names.length > 0) words.set(name, [...names.flatMap(word => ['on', 'off', 'default'].map(to => `${word}=${to}`)), 'default'])
  }
  return words
}

/**
 * Several values of each number at once, and what they become: if each becomes the next lower multiple of what all have in common, that is the
 * step. What is lowered for another reason, because the server may open no more files, is no multiple of that.
 */
async function stepsOf({ starts }: Asked, found: readonly Row[]): Promise<Map<string, string>> {
  const wanted = [997n, 853n, 701n, 557n, 401n, 251n].map(thousandth => {
    const values = found.map(({ name, min, max }): [string, bigint] => {
      const [low, high] = [BigInt(min), BigInt(max) < 2n ** 31n ? BigInt(max) : 2n ** 31n]
      // Odd, so that most steps change it.
      return [name, high > low ? (low + ((high - low) * thousandth) / 1000n) | 1n : high]
    })
    return new Map(values)
  })
  const lines = await starts(
    '^[A-Za-z0-9-]+ +-?[0-9]+$',
    wanted.map(values => [...values].map(([name, value]) => `--${name.replaceAll('_', '-')}=${value}`).join(' ')),
  )
  const seen = lines.map(entries)
  const steps = found.map(({ name }): [string, bigint] => {
    const pairs = wanted.flatMap((values, i) => {
      const [value, now] = [values.get(name), seen[i]?.get(name)]
      return value === undefined || now === undefined ? [] : [{ value, now: BigInt(now) }]
    })
    if (new Set(pairs.map(({ now }) => now)).size < 3 || pairs.every(({ value, now }) => value === now)) return [name, 1n]
    const step = pairs.reduce((common, { now }) => divisor(common, now), 0n)
    return [name, step > 1n && pairs.every(({ value, now }) => now === value - (value % step)) ? step : 1n]
  })
  return new Map(steps.filter(([, step]) => step > 1n).map(([name, step]) => [name, String(step)]))
}

const divisor = (a: bigint, b: bigint): bigint => (b === 0n ? a : divisor(b, a % b))
