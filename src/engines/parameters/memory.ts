/** How much memory a server takes as a whole by what it is told. Pure. */
import type { Parameters } from './layers.ts'
import { readInteger } from './number.ts'
import type { ParameterCatalogue } from './rule.ts'

/** In bytes. What is not set, or set to find its size by itself, counts nothing. */
export function memoryOf({ rules, notation, memory }: ParameterCatalogue, parameters: Parameters): number {
  const sizes = rules.flatMap(rule => {
    const value = parameters[rule.name]
    const read = memory.includes(rule.name) && value !== undefined ? readInteger(rule, notation, value) : undefined
    return read === undefined || read.amount < 0n ? [] : [Number(read.amount * (notation.units(rule)?.bare ?? 1n))]
  })
  return sizes.reduce((sum, size) => sum + size, 0)
}
