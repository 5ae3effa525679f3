/**
 * Redis and Valkey tell names and values by CONFIG GET, and the rest by what they refuse: a start with one mistaken argument ends at once and says
 * what would have been accepted. The port that stands last is always mistaken, so that a start with an acceptable argument ends as soon.
 */
import type { ParameterRule } from '../../src/engines/parameters/rule.ts'
import { agreed, type Server } from './server.ts'

const int64 = { min: '-9223372036854775808', max: '9223372036854775807' }
const uint64max = '18446744073709551615'

type Values = ReadonlyMap<string, string>

export function redisRules(image: string, engine: 'redis' | 'valkey'): Promise<ParameterRule[]> {
  const client = `${engine}-cli -s server.sock`
  // What is given here is no default of the server.
  const given = ['unixsocket', 'enable-protected-configs']
  return agreed(
    image,
    directory => `: >server.conf; exec ${engine}-server ${directory}/server.conf --unixsocket server.sock --enable-protected-configs yes`,
    directory => `cd ${directory} && [ "$(${client} ping)" = PONG ]`,
    async server => {
      const defaults = settings(await server.shell(`cd ${server.directory} && ${client} --json config get '*'`))
      const names = [...defaults.keys()]
      const answers = (value: string | ((name: string) => string)) => refusals(server, engine, names, value)
      const word = await answers('no-such-word')
      const [percent, ...extremes] = [
        await answers('1000000%'),
        await answers(int64.min),
        await answers(uint64max),
        await answers(int64.max),
      ]
      const two = await answers(name => listed(word, name)?.slice(-2).join(' ') ?? '')
      const immutable = await immutables(server, client, defaults)

      const rules = names.map((name): ParameterRule => {
        const rest = { restartRequired: immutable.has(name), ...(!given.includes(name) && { default: defaults.get(name) ?? '' }) }
        const why = word.get(name) ?? ''
        if (why.includes("must be 'yes' or 'no'")) return { name, type: 'boolean', ...rest }
        const values = listed(word, name)
        if (values !== undefined) return { name, type: two.get(name) === '' ? 'flags' : 'enum', values, ...rest }
        const memory = why.includes('must be a memory')
        if (!memory && !why.includes("couldn't be parsed into an integer")) return { name, type: 'string', ...rest }
        const bounds = extremes
          .map(refused => /must be between (-?\d+) and (-?\d+)/.exec(refused.get(name) ?? ''))
          .find(found => found !== null)
        const limit = /percentage argument must be less or equal to (\d+)/.exec(percent.get(name) ?? '')?.[1]
        return {
          name,
          type: 'integer',
          // Where no bound was met there is none but the number's own.
          min: bounds?.[1] ?? (memory ? '0' : int64.min),
          max: bounds?.[2] ?? (memory ? uint64max : int64.max),
          ...(limit !== undefined && { percent: limit }),
          ...(memory && { unit: 'B' }),
          ...rest,
        }
      })
      const aliases = await aliasesOf(server, client, rules, defaults)
      return rules.map(rule => {
        const aliasOf = aliases.get(rule.name)
        return aliasOf === undefined ? rule : { ...rule, aliasOf }
      })
    },
  )
}

const settings = (json: string): Values => new Map(Object.entries(JSON.parse(json) as Record<string, string>))

const listed = (words: Values, name: string) => /must be one of the following: (.*)$/.exec(words.get(name) ?? '')?.[1]?.split(', ')

/** Why each parameter refuses the value at a start; empty where it accepts it. */
async function refusals(
  server: Server,
  engine: string,
  names: readonly string[],
  value: string | ((name: string) => string),
): Promise<Values> {
  const tries = names.map(name => `try ${name} '${typeof value === 'string' ? value : value(name)}'`)
  const output = await server.shell(`
try() {
  printf '%s\\t' $1
  timeout 10 ${engine}-server --$1 "$2" --port 99999999 2>&1 </dev/null | grep -A1 '^>>>' | tr '\\n' ' '
  echo
}
${tries.join('\n')}`)
  return new Map(
    output
      .trimEnd()
      .split('\n')
      .map(line => line.split('\t'))
      .map(([name = '', why = '']) => [name, why.includes('99999999') ? '' : why.trim()]),
  )
}

/** What says so when it is set to what it is. */
async function immutables(server: Server, client: string, defaults: Values): Promise<Set<string>> {
  const output = await server.shell(
    [
      `cd ${server.directory}`,
      ...[...defaults].map(([name, value]) => `echo "${name} $(${client} config set ${name} '${value}' 2>&1 | tr '\\n' ' ')"`),
    ].join('\n'),
  )
  const lines = output.split('\n').filter(line => line.includes("can't set immutable config"))
  return new Set(lines.map(line => line.split(' ')[0] ?? ''))
}

/**
 * Two names are one parameter if setting one changes both; the server writes the one that is not the alias into its file. Asked of the types
 * that a person tunes: to set any text to another would cut the server off from us.
 */
async function aliasesOf(server: Server, client: string, rules: readonly ParameterRule[], defaults: Values): Promise<Values> {
  const others = rules.flatMap(rule => {
    const other = rule.restartRequired ? undefined : otherValue(rule, defaults.get(rule.name) ?? '')
    return other === undefined ? [] : [{ name: rule.name, other }]
  })
  const output = await server.shell(
    [
      `cd ${server.directory}`,
      ...others.flatMap(({ name, other }) => [
        `${client} config set ${name} '${other}' >/dev/null`,
        `echo "${name}\t$(${client} --json config get '*')\t$(${client} config rewrite >/dev/null; cut -d ' ' -f 1 server.conf | tr '\\n' ' ')"`,
        `${client} config set ${name} '${defaults.get(name) ?? ''}' >/dev/null`,
      ]),
    ].join('\n'),
  )
  const aliases = new Map<string, string>()
  for (const line of output.trimEnd().split('\n')) {
    const [name = '', json = '{}', written = ''] = line.split('\t')
    const now = settings(json)
    const changed = [...now].filter(([key, value]) => defaults.get(key) !== value).map(([key]) => key)
    const [original, ...more] = changed.filter(key => written.split(' ').includes(key))
    if (changed.includes(name) && changed.length > 1 && original !== undefined && original !== name && more.length === 0)
      aliases.set(name, original)
  }
  return aliases
}

function otherValue({ type, values, min, max }: ParameterRule, value: string): string | undefined {
  if (type === 'boolean') return value === 'yes' ? 'no' : 'yes'
  if (type === 'enum') return values?.find(other => other !== value)
  if (type !== 'integer' || !/^-?\d+$/.test(value)) return undefined
  const number = BigInt(value)
  return String(number < BigInt(max ?? value) ? number + 1n : number > BigInt(min ?? value) ? number - 1n : number)
}
