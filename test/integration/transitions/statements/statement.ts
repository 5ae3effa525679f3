/** One line of the table: what a field must reach, where that is seen, and what else a change of it may move. Each is one promise; `says` is it in words. */
import type { FaultCode } from '../../../../src/errors.ts'
import { groupNames, type Tenant, type View, type Walked } from '../view.ts'

/** What changes that cannot be taken back have left, as a walk counts them. */
export interface Memory {
  /** The largest size that was asked for and could be given, in bytes. */
  granted: number
  /** The last restart that was asked for, how many there were, and what the last one took up. */
  restart: string | undefined
  restarts: number
  image: string
  pullSecrets: readonly string[]
  /** How many Instances there are that use the walk's part of the catalog. */
  instances: number
}

export interface Found {
  what: string
  found: unknown
  wanted: unknown
}

/** A value that is good in itself and wrong where it stands. */
export interface Wrong {
  value: unknown
  code: FaultCode
  /** The condition whose reason the code is. Default Ready. */
  condition?: string
  /** Paths at which others that refer to it may tell of it. */
  tells?: readonly string[]
  /** Said by an object of its own beside the others, for on those the field cannot be changed, or is not looked at any more. */
  twin?: { kind: 'Instance' | 'ConfigurationGroup' | 'Database' | 'DatabaseUser' | 'DatastoreVersion'; spec?: object }
}

export interface Statement {
  says: string
  holds(v: View, m: Memory): Found[]
  /** Paths of the snapshot below which something may differ after a change. */
  moves(o: Walked, v: View): string[]
  /** Such of them as stay different once the field has its old value again, each for the reason that `says` gives. */
  stays?(o: Walked, v: View, before: Walked): string[]
  /** Such as stay different until the next restart. */
  untilRestart?: readonly string[]
  /** What the field has at first. Default: anything that the schema takes. */
  start?(at: { tenant: Tenant; name: string }, seed: number): unknown
  /** Another value that means something here; the present one if there is none. Default: anything that the schema takes. */
  value?(v: View, m: Memory, o: Walked, seed: number): unknown
  /** Where the server must refuse to take back this value, the code that it says. */
  refusesBack?(value: unknown, m: Memory): FaultCode | undefined
  wrong?(v: View, o: Walked): Wrong[]
}

export const is = (what: string, found: unknown, wanted: unknown): Found => ({ what, found, wanted })
export const reasonOf = (o: Walked, type = 'Ready') => o.status?.conditions?.find(c => c.type === type)?.reason
export const database = (v: View) => v.pod.spec?.containers.find(c => c.name === 'database')
export const oneOf = <T>(values: readonly T[], seed: number): T => values[seed % values.length] as T
export const nothing = () => []
/** What cannot be changed moves nothing. */
export const fixed = { moves: nothing }

/** A new Instance is refused for its version before anything else. */
export const unlessInactive = (v: View, code: FaultCode): FaultCode => (v.versions[0]!.spec.active ? code : 'DatastoreVersionInactive')

/** And for the version's settings before its own group, and before anything is provisioned. */
export const unlessWrong = (v: View, code: FaultCode): FaultCode => (isWrong(v.versions[0]!.spec.defaults) ? 'ConfigurationInvalid' : code)

/** Where the settings that a guest is asked for are seen. */
export const configurationOfGuest = ['Guest.spec.configuration', 'Guest.status.configuration', 'Instance.status.configuration']

/** What waits for the next restart, by the agent's word. */
export const waiting = (v: View): readonly string[] => v.guest.status?.configuration?.restartRequired ?? []

/** Where it is seen how many Instances are how far with a group. */
export const countsOfGroups = groupNames.map(name => `ConfigurationGroup ${name}.status.instances`)

/** Where it is seen that something waits for the next restart. */
export const waitingSeen = [
  'Guest.status.configuration.restartRequired',
  'Instance.status.configuration.restartRequired',
  'Instance.status.conditions[ConfigurationApplied]',
  'Instance.status.phase',
  ...countsOfGroups,
]

/** What the engine last started with is noted when the settings change, whichever way, unless it is just what is asked for. */
export const lastGood = 'Guest.spec.configuration.lastGood'

/** Settings that no engine has, as the table states what is wrong with them. */
export const noSuchSetting = { no_such_setting: 1 }
export const isWrong = (settings: object = {}) => 'no_such_setting' in settings
/** As PostgreSQL prints it. */
export const printed = (settings: object) =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value === false ? 'off' : value === true ? 'on' : String(value)}`)
    .sort()
