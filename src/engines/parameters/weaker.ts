/** Finds the settings that give up some of what a crash would otherwise leave whole. They are allowed, and told of. */
import { equal } from './equal.ts'
import type { ParameterCatalogue } from './rule.ts'

export interface Weaker {
  readonly name: string
  readonly value: string
  readonly safe: string
}

/** What is not set is as the engine's defaults have it, and those are safe. */
export function weaker({ rules, notation, durable }: ParameterCatalogue, parameters: Readonly<Record<string, string>>): Weaker[] {
  return durable.flatMap(({ name, safe }) => {
    const value = parameters[name]
    const rule = rules.find(rule => rule.name === name)
    if (value === undefined || rule === undefined || safe.some(kept => equal(rule, notation, kept, value))) return []
    return [{ name, value, safe: safe[0] }]
  })
}
