/** Changes the settings of a running server, one by one, and reads them back. */
import { fault, TroveError } from '../../errors.ts'
import { equal } from '../parameters/equal.ts'
import type { Parameters } from '../parameters/layers.ts'
import { isOwned, type ParameterCatalogue } from '../parameters/rule.ts'
import type { Connection } from './connection.ts'

/** The catalogue is that of the server's version: it does not say itself what its defaults are. */
export async function configure(
  admin: Connection,
  catalogue: ParameterCatalogue,
  parameters: Parameters,
  signal: AbortSignal,
): Promise<{ restartRequired: string[] }> {
  const before = await settings(admin, signal)
  const { rules, notation } = catalogue
  const differing = rules.flatMap(rule => {
    const is = before.get(rule.name)
    const wanted = parameters[rule.name] ?? (isOwned(catalogue, rule.name) || rule.fixed ? undefined : rule.default)
    if (is === undefined || wanted === undefined || rule.aliasOf !== undefined || equal(rule, notation, is, wanted)) return []
    return [{ rule, wanted }]
  })
  const restartRequired = differing.filter(({ rule }) => rule.restartRequired).map(({ rule }) => rule.name)
  const wrong: string[] = []
  for (const { rule, wanted } of differing.filter(({ rule }) => !rule.restartRequired)) {
    try {
      await admin.command(['CONFIG', 'SET', rule.name, wanted], signal)
    } catch (error) {
      signal.throwIfAborted()
      wrong.push(`${rule.name}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const now = await settings(admin, signal)
  for (const { rule } of differing) {
    const isUnmoved = now.get(rule.name) === before.get(rule.name)
    if (isUnmoved && !rule.restartRequired && !wrong.some(text => text.startsWith(`${rule.name}:`)))
      wrong.push(`${rule.name}: it still is ${now.get(rule.name)}`)
  }
  if (wrong.length > 0) throw new TroveError(fault('ConfigurationNotApplied', { why: wrong.join('; ') }))
  return { restartRequired: restartRequired.sort() }
}

async function settings(admin: Connection, signal: AbortSignal): Promise<Map<string, string>> {
  const answer = (await admin.command(['CONFIG', 'GET', '*'], signal)) as string[]
  return new Map(Array.from({ length: answer.length / 2 }, (_, n) => [String(answer[2 * n]), String(answer[2 * n + 1])]))
}
