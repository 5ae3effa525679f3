/** PostgreSQL tells nearly all of it in pg_settings. That a number must be a multiple of another only what reads a setting and ends tells. */
import type { ParameterRule } from '../../src/engines/parameters/rule.ts'
import { agreed, rows, type Server } from './server.ts'

interface Setting {
  name: string
  vartype: 'bool' | 'integer' | 'real' | 'enum' | 'string'
  unit: string | null
  min_val: string | null
  max_val: string | null
  enumvals: string[] | null
  context: string
  boot_val: string | null
  flags: string[]
}

const types = { bool: 'boolean', integer: 'integer', real: 'float', enum: 'enum', string: 'string' } as const

export function postgresqlRules(image: string): Promise<ParameterRule[]> {
  const client = 'psql -h "$PWD" -U postgres -XAt'
  return agreed(
    image,
    directory => `initdb -D ${directory}/data -U postgres -A trust && exec postgres -D ${directory}/data -k ${directory}`,
    directory => `cd ${directory} && ${client} -c "select 1"`,
    async ({ directory, shell }) => {
      const query = 'select to_json(s) from (select *, pg_settings_get_flags(name) as flags from pg_settings) as s'
      const rules = rows<Setting>(await shell(`cd ${directory} && ${client} -c '${query}'`)).map(rule)
      const multiples = await multiplesOf(rules, { directory, shell })
      return rules.map(rule => {
        const multipleOf = multiples.get(rule.name)
        return multipleOf === undefined ? rule : { ...rule, multipleOf }
      })
    },
  )
}

/** How far from its default a number may be next, where that is more than 1. */
async function multiplesOf(rules: readonly ParameterRule[], { directory, shell }: Server): Promise<Map<string, string>> {
  const asked = rules.filter(({ type, fixed, max, default: value }) => type === 'integer' && !fixed && Number(value) + 64 <= Number(max))
  const output = await shell(`
next() {
  for more in 1 2 4 8 16 32 64; do
    postgres -D ${directory}/data -C "$1" -c "$1=$(($2 + more))" >/dev/null 2>&1 && echo "$1 $more" && return
  done
}
${asked.map(({ name, default: value }) => `next ${name} ${value}`).join('\n')}
true`)
  const found = output.split('\n').map((line): [string, string] => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? ''])
  return new Map(found.filter(([, more]) => more !== '' && more !== '1'))
}

function rule({ name, vartype, unit, min_val, max_val, enumvals, context, boot_val, flags }: Setting): ParameterRule {
  const type = types[vartype]
  // What cannot be reset belongs to one transaction.
  if (context === 'internal' || flags.includes('NO_RESET_ALL')) return { name, type, restartRequired: true, fixed: true }
  return {
    name,
    type,
    ...(min_val !== null && { min: min_val }),
    ...(max_val !== null && { max: max_val }),
    ...(enumvals !== null && { values: enumvals }),
    ...(unit !== null && { unit }),
    restartRequired: context === 'postmaster',
    ...(boot_val !== null && { default: boot_val }),
  }
}
