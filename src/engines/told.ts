/** What the agent's work inside an engine comes to when it fails: a fault that says what was being done, in the engine's own words. */
import { fault, TroveError } from '../errors.ts'

export function nameTaken(kind: 'Database' | 'Role' | 'User', name: string): TroveError {
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
