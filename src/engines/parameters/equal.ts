/**
 * Whether two ways of writing a parameter's value are the same to the server, one of them as it prints it: units, case, order of flags and
 * rounding aside. Text is the same only as it stands, for only the server knows what else it might mean.
 */
import { readFloat, readInteger } from './number.ts'
import type { Notation, ParameterRule } from './rule.ts'
import { readValue } from './value.ts'

export function equal(rule: ParameterRule, notation: Notation, a: string, b: string): boolean {
  if (a === b) return true
  switch (rule.type) {
    case 'integer': {
      const [one, other] = [readInteger(rule, notation, a)?.amount, readInteger(rule, notation, b)?.amount]
      return one !== undefined && other !== undefined && rounded(rule, one) === rounded(rule, other)
    }
    case 'float': {
      const [one, other] = [readFloat(rule, notation, a)?.amount, readFloat(rule, notation, b)?.amount]
      // Some servers print six digits, others six decimals.
      return one !== undefined && other !== undefined && Math.abs(one - other) <= 5e-6 * Math.abs(one) + 5e-7
    }
    case 'flags':
      return setOf(rule, notation, a) === setOf(rule, notation, b)
    default: {
      const one = readValue(rule, notation, a)
      return one !== undefined && one === readValue(rule, notation, b)
    }
  }
}

const rounded = ({ step }: ParameterRule, amount: bigint) => (step === undefined ? amount : amount - (amount % BigInt(step)))

/** All flags that are set, those that others bring with them included; of switches all, those that are not named as they are by default. */
function setOf(rule: ParameterRule, { separator }: Notation, text: string): string {
  const implied = text.split(separator).flatMap(flag => rule.implies?.[flag.trim()]?.split(separator) ?? flag.trim())
  const isSwitch = rule.values?.some(value => value.includes('=')) ?? false
  if (!isSwitch) return [...new Set(implied.filter(Boolean))].sort().join(separator)
  const defaults = switches(rule.default?.split(separator) ?? [])
  const named = switches(implied.filter(flag => flag.includes('=') && !flag.endsWith('=default')))
  return JSON.stringify(Object.entries({ ...defaults, ...named }).sort())
}

const switches = (flags: readonly string[]) => Object.fromEntries(flags.map(flag => flag.split('='))) as Record<string, string>
