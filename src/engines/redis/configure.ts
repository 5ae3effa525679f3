/** Changes the settings of a running server, one by one, and reads them back. */
import type { Configured } from '../guest-engine.ts'
import { equal } from '../parameters/equal.ts'
import type { Parameters } from '../parameters/layers.ts'
import { isOwned, type ParameterCatalogue, type ParameterRule } from '../parameters/rule.ts'
import type { Connection } from './connection.ts'

/** A server's own words for a setting that only a start can change. */
const immutable = /can't set immutable config/

interface Difference {
  name: string
  wanted: string
  rule?: ParameterRule
}

/**
 * The catalogue is that of the server's version: it does not say itself what its defaults are. Where there is none, what is asked for is set, and what is
 * no longer asked for stays until the next start.
 */
export async function configure(
  admin: Connection,
  catalogue: ParameterCatalogue | undefined,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<Configured> {
  const before = await settings(admin, signal)
  const differing = catalogue === undefined ? unlike(parameters, before) : unlikeByRule(catalogue, parameters, before)
  const restartRequired: string[] = []
  const wrong: string[] = []
  const done: Difference[] = []
  for (const difference of differing) {
    const { name, wanted } = difference
    try {
      await admin.command(['CONFIG', 'SET', name, wanted], signal)
      done.push(difference)
    } catch (error) {
      signal.throwIfAborted()
      const why = error instanceof Error ? error.message : String(error)
      if (immutable.test(why)) restartRequired.push(name)
      else wrong.push(`${name}: ${why}`)
    }
  }
  const now = await settings(admin, signal)
  for (const { name, wanted, rule } of done) {
    const is = now.get(name)
    // Of text only the server knows what it prints it as: `Ex` is `xE`.
    if (catalogue === undefined || rule === undefined || rule.type === 'string' || is === undefined) continue
    if (!equal(rule, catalogue.notation, is, wanted)) wrong.push(`${name}: it is ${is}, not ${wanted}`)
  }
  return { restartRequired: restartRequired.sort(), ...(wrong.length > 0 && { notApplied: wrong }) }
}

const unlike = (parameters: Parameters, before: ReadonlyMap<string, string>): Difference[] =>
  Object.entries(parameters).flatMap(([name, wanted]) => (before.get(name) === wanted ? [] : [{ name, wanted }]))

function unlikeByRule(catalogue: ParameterCatalogue, parameters: Parameters, before: ReadonlyMap<string, string>): Difference[] {
  const { rules, notation } = catalogue
  return rules.flatMap(rule => {
    const { name } = rule
    const is = before.get(name)
    const wanted = parameters[name] ?? (isOwned(catalogue, name) || rule.fixed ? undefined : rule.default)
    if (is === undefined || wanted === undefined || rule.aliasOf !== undefined || equal(rule, notation, is, wanted)) return []
    return [{ name, wanted, rule }]
  })
}

async function settings(admin: Connection, signal: AbortSignal): Promise<Map<string, string>> {
  const answer = (await admin.command(['CONFIG', 'GET', '*'], signal)) as string[]
  return new Map(Array.from({ length: answer.length / 2 }, (_, n) => [String(answer[2 * n]), String(answer[2 * n + 1])]))
}
