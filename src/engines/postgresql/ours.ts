/**
 * What is ours in the engine. Every role that the agent makes bears a mark, a comment made in one transaction with it; only a superuser can
 * comment on a role, so no tenant forges one. A database is ours if its owner is its own marked role. Nothing else is ever adopted or touched.
 */
import { fault, TroveError } from '../../errors.ts'
import { identifier, literal } from './quote.ts'

export const databaseMark = 'trove.dev/database'
export const userMark = 'trove.dev/user'

export function markedRole(name: string, attributes: string, mark: string): string[] {
  return [`CREATE ROLE ${identifier(name)} ${attributes}`, `COMMENT ON ROLE ${identifier(name)} IS ${literal(mark)}`]
}

export function nameTaken(kind: 'Database' | 'Role', name: string): TroveError {
  return new TroveError(fault('NameTaken', { kind, name, owner: 'somebody who made it in the engine itself' }))
}

export function statementFailed(what: string, why: string, cause?: unknown): TroveError {
  return new TroveError(fault('StatementFailed', { what, why }), { cause })
}

/** Runs a piece of work; what the engine refuses in it becomes a fault that says what was being done. */
export async function told<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof TroveError) throw error
    throw statementFailed(what, error instanceof Error ? error.message : String(error), error)
  }
}
