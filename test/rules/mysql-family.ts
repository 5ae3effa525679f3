/**
 * How a server of the MySQL family is asked: by SQL, and by a start that ends at its help. That start reads its arguments as it would read a
 * configuration file, and prints what it would run with.
 */
import type { ParameterRule } from '../../src/engines/parameters/rule.ts'
import { agreed, rows } from './server.ts'

export interface Variable {
  rule: ParameterRule
  /** Neither of one session alone nor a fact that is shown as a variable. */
  settable: boolean
}

export interface Asked {
  query<Row>(sql: string): Promise<Row[]>
  /** What starts with these arguments would run with, one answer a line for each line of arguments; empty where it is refused. */
  starts(wanted: string, tries: readonly string[]): Promise<string[]>
}

/** The name as a variable has it. */
export const variable = (option: string): string => option.toLowerCase().replaceAll('-', '_')

export function familyRules(
  image: string,
  server: 'mysqld' | 'mariadbd',
  initialise: (directory: string) => string,
  learn: (asked: Asked) => Promise<Variable[]>,
): Promise<ParameterRule[]> {
  const client = `${server === 'mysqld' ? 'mysql' : 'mariadb'} --no-defaults -S server.sock -u root -N -B --raw`
  return agreed(
    image,
    directory => `${initialise(directory)} && exec ${server} --no-defaults --datadir=${directory}/data --socket=${directory}/server.sock`,
    directory => `cd ${directory} && ${client} -e 'select 1'`,
    async ({ directory, shell }) => {
      const help = `${server} --no-defaults --datadir=${directory}/data --verbose --help`
      const asked: Asked = {
        query: async <Row>(sql: string) => rows<Row>(await shell(`cd ${directory} && ${client} <<'end'\n${sql}\nend`)),
        starts: async (wanted, tries) => {
          const output = await shell(`start() {
  ${help} "$@" >out 2>err
  grep -q 'Error while setting value' err || grep -E '${wanted}' out | tr '\\n' '\\t'
  echo
}
cd ${directory}
${tries.map(line => `start ${line}`).join('\n')}`)
          return output.split('\n').slice(0, tries.length)
        },
      }
      const options = optionsOf(await shell(`${help} 2>/dev/null`))
      const variables = await learn(asked)
      const rules = variables.map(({ rule, settable }): ParameterRule => {
        const { name, type } = rule
        const option = options.get(name)
        // An option without a value is one that does something, as --version does, unless the variable is a switch.
        return settable && (option === 'valued' || (option === 'bare' && type === 'boolean'))
          ? rule
          : { name, type, restartRequired: true, fixed: true }
      })
      return await withImplied(rules, asked)
    },
  )
}

/** Of the help's first part, where each option is described: `  -h, --datadir=name`. */
function optionsOf(help: string): Map<string, 'valued' | 'bare'> {
  const found = help.matchAll(/^ {2}(?:-.,)? *--([A-Za-z0-9-]+)(\[?=)?/gm)
  return new Map([...found].map(([, option = '', value]) => [variable(option), value === undefined ? 'bare' : 'valued']))
}

/** Each flag alone, as a live server takes it: some are refused although they are listed, and some are printed as several. */
async function withImplied(rules: readonly ParameterRule[], { query }: Asked): Promise<ParameterRule[]> {
  const asked = rules.filter(rule => rule.type === 'flags' && rule.fixed === undefined && !rule.restartRequired && !isSwitch(rule))
  const calls = asked.flatMap(({ name, values = [] }) => values.map(value => `call told('${name}', '${value}', @@global.${name});`))
  const answers = await query<{ name: string; value: string; now: string }>(`create database told; use told;
delimiter //
create procedure told(name text, value text, was text) begin
  declare exit handler for sqlexception do 0;
  set @value = value, @was = was;
  set @statement = concat('set global ', name, ' = @value');
  prepare statement from @statement; execute statement;
  set @statement = concat('select json_object("name", "', name, '", "value", @value, "now", @@global.', name, ')');
  prepare statement from @statement; execute statement;
  set @statement = concat('set global ', name, ' = @was');
  prepare statement from @statement; execute statement;
end//
delimiter ;
${calls.join('\n')}
drop database told;`)
  return rules.map(rule => {
    if (!asked.includes(rule)) return rule
    const taken = answers.filter(({ name }) => name === rule.name)
    const implies = taken.filter(({ value, now }) => value !== now).map(({ value, now }) => [value, now])
    return {
      ...rule,
      values: taken.map(({ value }) => value),
      ...(implies.length > 0 && { implies: Object.fromEntries(implies) as Record<string, string> }),
    }
  })
}

const isSwitch = ({ values }: ParameterRule) => values?.some(value => value.includes('=')) ?? false
