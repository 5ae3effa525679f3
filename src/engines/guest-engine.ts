/**
 * The guest's half of an engine: how to initialise, start and ask it, and how to bring databases and users about. Scripts run inside the
 * engine's own unmodified image, under the volume's lock, with nothing but a POSIX shell; statements go over the local socket.
 * The operator's half is src/engines/operator-engine.ts; the two never import each other.
 */
import type { EngineName } from '../api/datastore.ts'
import type { GuestDatabase, GuestUser } from '../api/guest.ts'
import type { Parameters } from './parameters/layers.ts'

/** Absolute paths inside both containers of the pod. */
export interface EnginePaths {
  /** The engine's data directory. During initialisation it lies in `<engine>.init` and is renamed when complete. */
  data: string
  /** Directory with the rendered configuration files, written by the agent before each script and before `configure`. */
  configuration: string
  /** Directory for the engine's local socket, shared by both containers, mode 0770. */
  sockets: string
}

export interface StartCommand {
  /** POSIX sh, run under the lock, with the configuration installed. Removes stale pid files, then ends in `exec` of the engine. */
  script: string
  /** What stops it cleanly, sent to the engine's process alone. */
  stopSignal: 'INT' | 'TERM'
}

export interface EngineFacts {
  /** The engine's own version, for example 17.12. */
  version: string
}

export interface EngineSession {
  facts(signal: AbortSignal): Promise<EngineFacts>
  /** Brings the database to what is asked. Idempotent; throws TroveError (NameTaken, StatementFailed ...). */
  ensureDatabase(database: GuestDatabase, signal: AbortSignal): Promise<void>
  /** Drops it with its roles, ending its sessions. Absent is fine, and what is not ours is left alone. */
  dropDatabase(database: GuestDatabase, signal: AbortSignal): Promise<void>
  /** Brings the user to what is asked: login, password, and exactly these rights. Idempotent. */
  ensureUser(user: GuestUser, password: string, signal: AbortSignal): Promise<void>
  /** Takes the login away without losing a table. Absent is fine, and what is not ours is left alone. */
  dropUser(user: GuestUser, signal: AbortSignal): Promise<void>
  /** Brings the login `root` about, with every right but to shut the agent out, as far as the engine can keep that from it. Idempotent; NameTaken where somebody else made one. */
  ensureRoot(password: string, signal: AbortSignal): Promise<void>
  /** Lets root in no more and ends its sessions; what it made stays. Absent is fine, and what is not ours is left alone. */
  dropRoot(signal: AbortSignal): Promise<void>
  /**
   * Brings into force what can change in a running engine, with the files in place: `parameters` and nothing else, so that what is no longer among
   * them has its default again. Reads everything back. Throws where nothing can be said of what is in force.
   */
  configure(parameters: Parameters, signal: AbortSignal): Promise<Configured>
  close(): Promise<void>
}

export interface Configured {
  /** Names of what waits for a restart. */
  restartRequired: string[]
  /** What the engine has not taken, each as `name: why`. Absent where all else is in force. */
  notApplied?: string[]
}

export interface GuestEngine {
  readonly engine: EngineName
  /** POSIX sh that fills `paths.data` (which does not exist yet, its parent does). Runs under the lock; a non-zero exit is InitialiseFailed. */
  initialise(paths: EnginePaths): string
  start(paths: EnginePaths): StartCommand
  /**
   * POSIX sh that is run once an engine which took over an older version's data answers, while it runs, with its own tools: what it does not do by
   * itself at its start. It may be run again after its end, and after it was cut off anywhere. Absent: there is nothing to do.
   */
  upgrade?(paths: EnginePaths): string
  /** Opens an administrator's session over the local socket. Rejects until the engine answers. Sessions are short: opened for a piece of work, then closed. */
  connect(paths: EnginePaths, signal: AbortSignal): Promise<EngineSession>
  /** Picks what matters from the engine's own log lines: the last FATAL, PANIC or ERROR. `lines` is hostile input. */
  logFault(lines: readonly string[]): string | undefined
}
