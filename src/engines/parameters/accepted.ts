/** Says in a few words what a parameter takes, for whoever wrote something else. */
import type { Notation, ParameterRule } from './rule.ts'
import { maxTextLength } from './value.ts'

/** Reads on after "must be". */
export function accepted(rule: ParameterRule, notation: Notation): string {
  const { type, min, max, multipleOf, percent, values = [] } = rule
  const range = min !== undefined && max !== undefined ? ` from ${min} to ${max}` : ''
  switch (type) {
    case 'boolean':
      return `${notation.on} or ${notation.off}`
    case 'integer':
      return `a ${multipleOf === undefined ? 'whole number' : `multiple of ${multipleOf}`}${range}${withUnits(rule, notation)}${percent === undefined ? '' : `, or a percentage up to ${percent}%`}`
    case 'float':
      return `a number${range}${withUnits(rule, notation)}`
    case 'enum':
      return `one of ${listed(values)}`
    case 'flags':
      return `a list, ${notation.separator === ',' ? 'with commas' : 'with spaces'}, of any of ${listed(values)}`
    case 'string':
      return `text in quotes, in one line of at most ${maxTextLength} characters`
  }
}

function withUnits(rule: ParameterRule, notation: Notation): string {
  const names = Object.keys(notation.units(rule)?.named ?? {})
  const bare = rule.unit === undefined ? '' : ` in units of ${rule.unit}`
  return names.length === 0 ? bare : `${bare}, or with a unit (${names.join(', ')})`
}

/** Some have dozens. */
const most = 30

const listed = (values: readonly string[]) =>
  [...values.slice(0, most).map(value => (value === '' ? '""' : value)), ...(values.length > most ? ['...'] : [])].join(', ')
