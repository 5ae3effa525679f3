/**
 * Which walks there are. Every move that the CRDs give rise to is dealt to some walk, in an order and with values that the seed decides, so that the
 * same seed gives the same walks and no field is ever left out by chance.
 */
import fc from 'fast-check'
import { type Field, fieldsOf, walkedKinds } from './schema.ts'
import { statements } from './statements/table.ts'

export type Move =
  /** A value that the API server takes and that makes sense. */
  | { how: 'change'; field: string }
  /** Every kind of value that the API server must refuse. */
  | { how: 'refused'; field: string }
  /** A value that is good in itself and wrong where it stands. */
  | { how: 'wrong'; field: string }
  /** An object deleted. */
  | { how: 'remove'; field: 'Database' | 'DatabaseUser' }

export interface Step {
  move: Move
  /** Decides on the object and the value. */
  seed: number
  /** Whether it is taken back at once, or only at the end of the walk. */
  back: boolean
}

export interface WalkPlan {
  /** Decides on what is there at first. */
  start: number
  /** Steps that shrinking took out are undefined. */
  steps: readonly (Step | undefined)[]
}

export const allFields: ReadonlyMap<string, Field> = new Map(
  walkedKinds.flatMap(kind => fieldsOf(kind).map(field => [field.id, field] as const)),
)

export const isFixed = ({ rules }: Field) => rules.some(({ rule }) => rule.rule === 'self == oldSelf' || rule.rule.startsWith('has(self.'))

/** Throws unless the table says of each field what it must reach. */
export function requireStatements(fields: Iterable<string>): void {
  const unstated = [...fields].filter(id => statements[id] === undefined)
  if (unstated.length === 0) return
  throw new Error(`nothing says what ${unstated.join(', ')} must reach: add an entry to test/integration/transitions/statements/`)
}

/** Every move once, those that reach children as often as said, and those that are wrong half as often. */
export function allMoves(times: number): Move[] {
  requireStatements(allFields.keys())
  const moves: Move[] = []
  for (const [field, f] of allFields) {
    moves.push({ how: 'refused', field })
    if (statements[field]!.wrong !== undefined) moves.push(...Array(Math.ceil(times / 2)).fill({ how: 'wrong', field }))
    if (!isFixed(f)) moves.push(...Array(times).fill({ how: 'change', field }))
  }
  for (const field of ['Database', 'DatabaseUser'] as const) moves.push(...Array(times).fill({ how: 'remove', field }))
  return moves
}

/** Hands the moves out to walks of about this many steps. */
export function deal(moves: readonly Move[], seed: number, stepsPerWalk: number): Move[][] {
  const [shuffled = []] = fc.sample(fc.shuffledSubarray([...moves], { minLength: moves.length }), { seed, numRuns: 1 })
  const walks = Math.ceil(shuffled.length / stepsPerWalk)
  return Array.from({ length: walks }, (_, walk) => shuffled.filter((_, at) => at % walks === walk))
}

/** So that a walk that failed is printed without ado. */
const plain = { noNullPrototype: true }

/** A walk of these moves. Its shrinking leaves steps out: practically never does the generator itself. */
export function walkOf(moves: readonly Move[]): fc.Arbitrary<WalkPlan> {
  const step = (move: Move): fc.Arbitrary<Step | undefined> =>
    fc.option(fc.record({ move: fc.constant(move), seed: fc.nat(), back: fc.boolean() }, plain), { nil: undefined, freq: 2 ** 30 })
  return fc.record({ start: fc.nat(), steps: fc.tuple(...moves.map(step)) }, plain)
}
