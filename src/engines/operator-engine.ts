/**
 * The operator's half of an engine: everything that can be decided without touching the engine. Pure: no I/O, no clock, no randomness.
 * The guest's half is src/engines/guest-engine.ts; the two never import each other.
 */
import type { DatabaseSpec } from '../api/database.ts'
import type { DatabaseUserSpec } from '../api/databaseuser.ts'
import type { EngineName } from '../api/datastore.ts'
import type { Fault } from '../errors.ts'
import type { Catalogues } from './parameters/catalogue.ts'
import type { Parameters } from './parameters/layers.ts'
import type { UpgradePath } from './upgrade-path.ts'

export interface EnginePort {
  name: string
  port: number
  /** Whether tenants connect to it. The first exposed port is the Instance's. */
  exposed: boolean
}

export interface Member {
  name: string
  role: 'Writer'
}

/** What the default formulas are given. */
export interface DefaultsInput {
  version: string
  /** CPU in thousandths of a core, memory in bytes. */
  flavor: { cpuMillis: number; memoryBytes: number }
}

export interface RenderInput extends DefaultsInput {
  self: Member
  /** Every member of the set, self included. A single Instance is a set of one with the role Writer. */
  members: readonly Member[]
  /** All that is to be set beside what is enforced: the defaults, and whatever is laid over them. */
  parameters: Parameters
}

export interface ConfigurationFile {
  name: string
  content: string
}

export interface BindingInput {
  host: string
  port: number
  username: string
  password: string
  /** Absent for a user without access to any database. */
  database?: string
}

export interface OperatorEngine {
  readonly engine: EngineName
  readonly ports: readonly EnginePort[]
  /** What it can do. Asking for anything else is `NotSupported` at once. Without databases a user's rights are one `privilege` for all. */
  readonly capabilities: { readonly databases: boolean; readonly users: boolean; readonly root: boolean }
  /** The database that root's binding names, where a client without one would ask for one of the login's own name. */
  readonly rootDatabase?: string
  /** Revision of the default formulas in `defaults` and `render`. Raise it with every change of a default: running Instances keep theirs until restarted by their user. */
  readonly formulas: number
  /** Smallest flavor memory, in bytes, that the formulas make a working server of. */
  readonly minimumMemory: number
  /** The user that the engine's image runs it as. */
  readonly user: { readonly uid: number; readonly gid: number }
  /** By version, what can be set and how; for one that is not among them nobody can set anything. */
  readonly parameters: Catalogues
  /** Settings that Trove rests on: `render` has them whatever else is asked for. Nobody else can set them, see `parameters`. */
  readonly enforced: Parameters
  /** Settings that others may override, and what they are if nobody does: they scale with the flavor. */
  defaults(input: DefaultsInput): Parameters
  /** The engine's configuration files, whole: what is enforced and `parameters`. No value can break out of its line. */
  render(input: RenderInput): ConfigurationFile[]
  /** Why it cannot take over, in place, the data of an older version. What it can, a DatastoreVersion may offer in `upgradeFrom`. */
  readonly refusesUpgrade: UpgradePath
  checkDatabase(spec: Pick<DatabaseSpec, 'name' | 'characterSet' | 'collate'>): Fault | undefined
  /** By its name alone, which never changes: a user whose access is not acceptable is still the one who has the login. */
  checkUser(spec: Pick<DatabaseUserSpec, 'name'>): Fault | undefined
  /** The engine's own entries of a binding Secret beyond host, port, username, password and database: `uri`. */
  bindingUri(input: BindingInput): string
  /** Picks what ended it from the engine's own log lines. `lines` is hostile input, and so is what is returned. */
  logFault(lines: readonly string[]): string | undefined
}
