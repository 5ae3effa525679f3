/** Settings of an engine by name, each value as the engine itself would print it and without quotes. */
import type { Layers } from '../../api/guest.ts'

export type Parameters = Readonly<Record<string, string>>

/** What comes later wins: the default formulas, then what the version sets. */
export const laid = ({ defaults, version }: Layers): Parameters => ({ ...defaults, ...version })
