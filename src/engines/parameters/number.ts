/**
 * Numbers as the engines' configuration files have them: exact whatever their size, with a unit where the engine knows units. A number that the
 * server would cut or round to what nobody wrote is refused.
 */
import type { Notation, ParameterRule, Units } from './rule.ts'

/** A number as it is printed again, and how much it is in the unit of a bare one. */
export interface Read<Amount> {
  text: string
  amount: Amount
}

// No leading zero: some engines would read the number to the base of 8.
const whole = /^(?<sign>[+-]?)(?<integer>0|[1-9]\d{0,30})(?:\.(?<fraction>\d{1,20}))? ?(?<unit>[A-Za-z]*)$/
const real = /^(?<number>[+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][+-]?\d{1,3})?) ?(?<unit>[A-Za-z]*)$/
const percentage = /^(0|[1-9]\d{0,8})%$/

export function readInteger(rule: ParameterRule, notation: Notation, written: string): Read<bigint> | undefined {
  const { sign = '', integer = '', fraction = '', unit: named = '' } = whole.exec(written)?.groups ?? {}
  if (integer === '') return undefined
  const units = notation.units(rule)
  const unit = named === '' ? undefined : unitOf(units, named)
  if (named !== '' && unit === undefined) return undefined
  const [factor, bare] = [unit?.size ?? units?.bare ?? 1n, units?.bare ?? 1n]
  const digits = BigInt(`${sign}${integer}${fraction}`) * factor
  const divisor = 10n ** BigInt(fraction.length) * bare
  if (digits % divisor !== 0n) return undefined
  const amount = digits / divisor
  if (rule.min !== undefined && amount < BigInt(rule.min)) return undefined
  if (rule.max !== undefined && amount > BigInt(rule.max)) return undefined
  if (amount % BigInt(rule.multipleOf ?? 1) !== 0n) return undefined
  if (unit === undefined || !notation.keepsUnits) return { text: String(amount), amount }
  return { text: fraction === '' ? `${BigInt(sign + integer)}${unit.name}` : inLargestUnit(amount * bare, units!), amount }
}

/** As the server prints it, such as 1536MB for 1.5GB. */
function inLargestUnit(size: bigint, { named, bare }: Units): string {
  const exact = Object.entries(named).findLast(([, unit]) => size % unit === 0n)
  return exact === undefined ? String(size / bare) : `${size / exact[1]}${exact[0]}`
}

export function readFloat(rule: ParameterRule, notation: Notation, written: string): Read<number> | undefined {
  const { number = '', unit: named = '' } = real.exec(written)?.groups ?? {}
  if (number === '') return undefined
  const units = notation.units(rule)
  const unit = named === '' ? undefined : unitOf(units, named)
  if (named !== '' && unit === undefined) return undefined
  const value = Number(number)
  const amount = unit === undefined ? value : (value * Number(unit.size)) / Number(units!.bare)
  if (!Number.isFinite(amount) || amount < Number(rule.min ?? -Infinity) || amount > Number(rule.max ?? Infinity)) return undefined
  // Never -0, which only looks like another value.
  const text = String(value + 0)
  return { text: unit === undefined ? text : `${text}${unit.name}`, amount }
}

/** The percentage that stands for a number. */
export function readPercentage(rule: ParameterRule, written: string): string | undefined {
  const digits = percentage.exec(written)?.[1]
  return digits !== undefined && rule.percent !== undefined && BigInt(digits) <= BigInt(rule.percent) ? written : undefined
}

function unitOf(units: Units | undefined, written: string): { name: string; size: bigint } | undefined {
  const same = (name: string) => name === written || (units?.anyCase === true && name.toLowerCase() === written.toLowerCase())
  const found = Object.entries(units?.named ?? {}).find(([name]) => same(name))
  return found === undefined ? undefined : { name: found[0], size: found[1] }
}
