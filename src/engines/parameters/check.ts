/**
 * Judges the settings that a person asks for, before any server sees them. What is accepted comes out under the server's own names and in its own
 * notation, and all that is wrong is told at once. Judging what came out again changes nothing.
 */
import { accepted } from './accepted.ts'
import { isFor, type ParameterCatalogue, type ParameterRule } from './rule.ts'
import { readValue, type Written } from './value.ts'

/** What is wrong with one setting: `why` reads on after the parameter's name, and tells the value and what would be accepted. */
export interface ParameterFault {
  readonly parameter: string
  readonly why: string
}

export interface CheckedParameters {
  parameters: Record<string, string>
  faults: ParameterFault[]
}

export function checkParameters(values: Readonly<Record<string, Written>>, catalogue: ParameterCatalogue): CheckedParameters {
  const rules = rulesOf(catalogue)
  const taken = new Map<ParameterRule, { written: string; value: string }>()
  const faults: ParameterFault[] = []
  for (const [written, value] of Object.entries(values)) {
    const found = judge(written, value, catalogue, rules)
    const other = 'rule' in found ? taken.get(found.rule) : undefined
    if ('why' in found) faults.push({ parameter: shown(written), why: found.why })
    else if (other !== undefined)
      faults.push({ parameter: shown(written), why: `is the same parameter as ${shown(other.written)}: state one of them` })
    else taken.set(found.rule, { written, value: found.value })
  }
  const accepted = [...taken].map(([{ name }, { value }]): [string, string] => [name, value])
  // A map in YAML has no order, and the same settings are to make the same file.
  return { parameters: Object.fromEntries(accepted.sort(([a], [b]) => (a < b ? -1 : 1))), faults }
}

const known = new WeakMap<ParameterCatalogue, ReadonlyMap<string, ParameterRule>>()

/** By their names as the engine matches them. Hundreds of Instances are judged by one catalogue. */
function rulesOf(catalogue: ParameterCatalogue): ReadonlyMap<string, ParameterRule> {
  const found = known.get(catalogue) ?? new Map(catalogue.rules.map(rule => [catalogue.notation.name(rule.name), rule]))
  known.set(catalogue, found)
  return found
}

type Judged = { rule: ParameterRule; value: string } | { why: string }

function judge(written: string, value: Written, catalogue: ParameterCatalogue, rules: ReadonlyMap<string, ParameterRule>): Judged {
  const { notation, owned, server } = catalogue
  const name = notation.name(written)
  const stated = rules.get(name)
  const rule = stated?.aliasOf === undefined ? stated : rules.get(notation.name(stated.aliasOf))
  const owner = owned.find(one => isFor(one, name) || (rule !== undefined && isFor(one, notation.name(rule.name))))
  if (owner !== undefined) return { why: `belongs to Trove: ${owner.why}` }
  if (rule === undefined) return { why: catalogue.unknown?.(name) ?? `is no parameter of ${server}` }
  if (rule.fixed) return { why: 'cannot be set for a server: it is compiled in, a fact about it, or of one session' }
  const read = readValue(rule, notation, value)
  return read === undefined ? { why: refusal(rule, catalogue, value) } : { rule, value: read }
}

function refusal(rule: ParameterRule, { notation }: ParameterCatalogue, value: Written): string {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return `must be written in quotes: ${value} is too large to be exact as a number in YAML`
  return `must be ${accepted(rule, notation)}, not ${typeof value === 'string' ? `"${shown(value)}"` : value}`
}

/** What a person wrote, short enough for a message. */
function shown(written: string): string {
  const clean = written.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
  return clean.length <= 64 ? clean : `${clean.slice(0, 63).toWellFormed()}…`
}

/** Less than the 1000 characters that src/errors.ts leaves of a message, for there is advice behind it. */
const mostCharacters = 800

/** All faults in full if they fit into one message; else the names of the rest, and where even those do not fit, how many they are. */
export function describeFaults(faults: readonly ParameterFault[]): string {
  const all = faults.map(({ parameter, why }) => `${parameter} ${why}`)
  const names = faults.map(({ parameter }) => parameter)
  const asNames = (from: number) => `and also wrong: ${names.slice(from).join(', ')}`
  const asNumber = (from: number) => `and ${all.length - from} more`
  for (const rest of [asNames, asNumber]) {
    for (let fit = all.length; fit > 0; fit--) {
      const text = [...all.slice(0, fit), ...(fit < all.length ? [rest(fit)] : [])].join('; ')
      if (text.length <= mostCharacters) return text
    }
  }
  const [first = '', ...others] = all
  const more = others.length > 0 ? `; ${asNumber(1)}` : ''
  return `${first.slice(0, mostCharacters - more.length - 1)}…${more}`
}
