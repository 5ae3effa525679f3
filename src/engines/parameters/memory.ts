/** How much memory a server takes as a whole by what it is told. Pure. */
import { equal } from './equal.ts'
import type { Parameters } from './layers.ts'
import { readInteger } from './number.ts'
import type { ParameterCatalogue } from './rule.ts'

/** In bytes, Infinity if there is no bound. What is not set, or set to find its size by itself, counts nothing. */
export function memoryOf({ rules, notation, memory }: ParameterCatalogue, parameters: Parameters): number {
  const sizes = memory.map(({ name, unbounded }) => {
    const value = parameters[name]
    const rule = rules.find(rule => rule.name === name)
    if (value === undefined || rule === undefined) return 0
    if (unbounded !== undefined && equal(rule, notation, value, unbounded)) return Number.POSITIVE_INFINITY
    const read = readInteger(rule, notation, value)
    return read === undefined || read.amount < 0n ? 0 : Number(read.amount * (notation.units(rule)?.bare ?? 1n))
  })
  return sizes.reduce((sum, size) => sum + size, 0)
}
