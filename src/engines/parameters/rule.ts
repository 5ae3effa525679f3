/**
 * What is known of an engine's parameters: its own catalogue as data, made from a live server of each version (`npm run rules`), and what else
 * is needed to read what a person writes for one.
 */

export interface ParameterRule {
  /** As the server spells it. */
  readonly name: string
  /** `flags` is a list of `values`, each at most once. */
  readonly type: 'boolean' | 'integer' | 'float' | 'enum' | 'flags' | 'string'
  /** Inclusive, in `unit`. Decimal strings, because bounds of 64 bits exceed doubles. */
  readonly min?: string
  readonly max?: string
  /** The server refuses what is no multiple of this. */
  readonly multipleOf?: string
  /** The server rounds a value down to a multiple of this. */
  readonly step?: string
  /** The largest percentage that may stand for a number. */
  readonly percent?: string
  /** What enum and flags take, in the server's spelling. */
  readonly values?: readonly string[]
  /** Of flags: what the server prints for one, where that is not just the same. */
  readonly implies?: Readonly<Record<string, string>>
  /** What a bare number means: B, 8kB, ms ... */
  readonly unit?: string
  /** A running server cannot change it for everybody. */
  readonly restartRequired: boolean
  /** A configuration file cannot set it at all: it is compiled in, a fact, or belongs to one session. */
  readonly fixed?: true
  /** The same parameter under an older name. */
  readonly aliasOf?: string
  /** What the server has by itself, as it prints it. Absent where that depends on the machine. */
  readonly default?: string
}

/** How an engine writes what all engines have. */
export interface Notation {
  /** A name as the engine matches it: two that come out the same are one parameter. */
  name(written: string): string
  readonly on: string
  readonly off: string
  /** Between flags. */
  readonly separator: ',' | ' '
  /** The units that a number of this rule may bear. */
  units(rule: ParameterRule): Units | undefined
  /** Whether a number stays in the unit that it was written in, as where the server prints units too. */
  readonly keepsUnits: boolean
}

export interface Units {
  /** Each unit as it is written, and how much it is of the smallest of its kind; from the smallest on. */
  readonly named: Readonly<Record<string, bigint>>
  /** How much a bare number's unit is of the same. */
  readonly bare: bigint
  /** Whether kB and KB are the same. */
  readonly anyCase: boolean
}

/** A parameter that Trove sets itself, or that would break what it promises. */
export interface Owned {
  /** The name as the rules have it, or a pattern for several. */
  readonly name: string | RegExp
  /** Why, as a clause that can stand after a colon. */
  readonly why: string
}

/** A setting on which it rests that what was acknowledged survives a crash. */
export interface Durable {
  readonly name: string
  /** The values that give nothing up. The first is what is advised. */
  readonly safe: readonly [string, ...string[]]
}

/** A setting whose value is memory that the server takes as a whole, or lets data fill. */
export interface Memory {
  readonly name: string
  /** The value that stands for no bound at all, where there is one. */
  readonly unbounded?: string
}

/** All that is needed to judge settings for one version of an engine. */
export interface ParameterCatalogue {
  /** The engine and its version, for messages. */
  readonly server: string
  readonly rules: readonly ParameterRule[]
  readonly notation: Notation
  readonly owned: readonly Owned[]
  readonly durable: readonly Durable[]
  /** Together they have to fit into the flavor. */
  readonly memory: readonly Memory[]
  /** Why a name that is in no rule cannot be one, where the engine knows better than that there is none. */
  readonly unknown?: (name: string) => string | undefined
}

/** By whichever of its names. */
export function isOwned({ notation, owned }: Pick<ParameterCatalogue, 'notation' | 'owned'>, written: string): boolean {
  const name = notation.name(written)
  return owned.some(one => isFor(one, name))
}

/** `name` is as the engine matches it. */
export const isFor = (owned: Owned, name: string): boolean => (typeof owned.name === 'string' ? owned.name === name : owned.name.test(name))
