/** What the `ready` bench found, as figures by name. Pure. */
import type { EngineName } from '../../../src/api/datastore.ts'
import type { AgentMemory } from '../memory.ts'
import { median } from '../statistics.ts'
import type { Subject } from './subjects.ts'

/** Milliseconds of two that were measured right after one another. */
export interface Pair {
  bare: number
  instance: number
}

export interface EngineFigures {
  version: string
  /** The median of the pairs' ratios, and not the ratio of medians: what slows one pair slows both its sides. */
  ratio: number
  ratios: number[]
  bareMs: number
  instanceMs: number
  differenceMs: number
  agentPssMiB: number
}

export interface Figures {
  /** The worst of the engines'. */
  ratio: number
  agentPssMiB: number
  operatorRssMiB: number
  engines: Partial<Record<EngineName, EngineFigures>>
}

const round2 = (n: number) => Math.round(n * 100) / 100

/** Agents are told apart by the names of their Guests, which begin with the engine's. */
export function figuresOf(
  subjects: readonly Subject[],
  pairsOf: ReadonlyMap<EngineName, readonly Pair[]>,
  agents: readonly AgentMemory[],
  operatorRssMiB: number,
): Figures {
  const figures = ({ engine, version }: Subject): EngineFigures => {
    const pairs = pairsOf.get(engine) ?? []
    const ratios = pairs.map(({ bare, instance }) => instance / bare)
    return {
      version,
      ratio: round2(median(ratios)),
      ratios: ratios.map(round2),
      bareMs: median(pairs.map(({ bare }) => bare)),
      instanceMs: median(pairs.map(({ instance }) => instance)),
      differenceMs: median(pairs.map(({ bare, instance }) => instance - bare)),
      agentPssMiB: round2(median(agents.filter(({ guest }) => guest.startsWith(`${engine}-`)).map(({ pss }) => pss))),
    }
  }
  const engines = subjects.map(subject => [subject.engine, figures(subject)] as const)
  return {
    ratio: Math.max(...engines.map(([, { ratio }]) => ratio)),
    agentPssMiB: round2(agents.reduce((sum, { pss }) => sum + pss, 0) / agents.length),
    operatorRssMiB: round2(operatorRssMiB),
    engines: Object.fromEntries(engines),
  }
}
