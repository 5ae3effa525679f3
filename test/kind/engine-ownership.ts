/**
 * Whose the Docker engine is, and whether it may be stopped. We stop an engine only if we started that very process and nothing runs in
 * it any more, whoever that would belong to. Pure.
 */

/** What is noted when an engine is started; it lies beside the engine's data, in the cache that all clones share. */
export interface EngineNote {
  pid: number
  /** Kernel's start time of that process: a pid alone may come to mean another program. */
  startedAt: string
  /** The checkout that started it, for people. */
  startedBy: string
}

export interface ObservedEngine {
  answers: boolean
  note: EngineNote | undefined
  /** Start time of the process that has the noted pid now, if there is one. */
  startOfNotedPid: string | undefined
  /** Names of running containers. */
  containers: readonly string[]
  /** Pids of other processes that are about to run something in it. */
  users: readonly number[]
}

export type StopDecision = { do: 'stop'; pid: number } | { do: 'keep'; because: string } | { do: 'forget' } | { do: 'nothing' }

export function decideStop(engine: ObservedEngine): StopDecision {
  const { note } = engine
  if (note === undefined) return engine.answers ? { do: 'keep', because: 'this project did not start it' } : { do: 'nothing' }
  if (engine.startOfNotedPid !== note.startedAt) {
    return engine.answers ? { do: 'keep', because: 'the one that this project started is gone and another one runs' } : { do: 'forget' }
  }
  if (!engine.answers) return { do: 'keep', because: 'it does not answer, so what runs in it is not known' }
  if (engine.containers.length > 0) return { do: 'keep', because: `it still runs ${engine.containers.join(', ')}` }
  if (engine.users.length > 0) return { do: 'keep', because: `process ${engine.users.join(' and ')} is using it` }
  return { do: 'stop', pid: note.pid }
}
