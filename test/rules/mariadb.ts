/** MariaDB tells all of it in information_schema.system_variables. */
import type { ParameterRule } from '../../src/engines/parameters/rule.ts'
import { familyRules, type Variable } from './mysql-family.ts'

interface Row {
  name: string
  scope: 'GLOBAL' | 'SESSION' | 'SESSION ONLY'
  type: string
  min: string | null
  max: string | null
  step: string | null
  values: string | null
  readOnly: 'YES' | 'NO'
  argument: string | null
  default: string | null
}

const query = `select json_object('name', lower(variable_name), 'scope', variable_scope, 'type', variable_type, 'min', numeric_min_value,
  'max', numeric_max_value, 'step', numeric_block_size, 'values', enum_value_list, 'readOnly', read_only, 'argument', command_line_argument,
  'default', default_value) from information_schema.system_variables;`

export function mariadbRules(image: string): Promise<ParameterRule[]> {
  return familyRules(
    image,
    'mariadbd',
    directory => `mariadb-install-db --no-defaults --datadir=${directory}/data --skip-test-db --auth-root-authentication-method=normal`,
    async asked => (await asked.query<Row>(query)).map(variable),
  )
}

function variable({ name, scope, type, min, max, step, values, readOnly, argument, default: default_ }: Row): Variable {
  const words = values?.split(',') ?? []
  const kind = kindOf(type, words)
  const numeric = kind === 'integer' || kind === 'float'
  return {
    // What is read only and no argument either is a fact.
    settable: scope !== 'SESSION ONLY' && !(readOnly === 'YES' && argument === null),
    rule: {
      name,
      type: kind,
      ...(numeric && min !== null && { min }),
      ...(numeric && max !== null && { max }),
      ...(kind === 'integer' && step !== null && step !== '0' && step !== '1' && { step }),
      ...((kind === 'enum' || kind === 'flags') && { values: type === 'FLAGSET' ? switches(words) : words }),
      restartRequired: readOnly === 'YES',
      ...(default_ !== null && { default: default_ }),
    },
  }
}

/** Words that the server does not list, as those for character sets, are whatever its installation has. */
function kindOf(type: string, words: readonly string[]): ParameterRule['type'] {
  if (type === 'BOOLEAN') return 'boolean'
  if (type === 'DOUBLE') return 'float'
  if (type.includes('INT')) return 'integer'
  if (words.length === 0) return 'string'
  return type === 'ENUM' ? 'enum' : 'flags'
}

const switches = (words: readonly string[]) =>
  words.flatMap(word => (word === 'default' ? word : ['on', 'off', 'default'].map(to => `${word}=${to}`)))
