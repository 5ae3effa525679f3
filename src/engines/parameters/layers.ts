/** Settings of an engine by name, each value as the engine itself would print it and without quotes. */
import type { Layers } from '../../api/guest.ts'

export type Parameters = Readonly<Record<string, string>>

/** What comes later wins: the default formulas, then what the version sets, then what the group does. By name, for a map comes back from the API server in an order of its own. */
export function laid({ defaults, version, group }: Layers): Parameters {
  return Object.fromEntries(Object.entries({ ...defaults, ...version, ...group }).sort(([a], [b]) => (a < b ? -1 : 1)))
}
