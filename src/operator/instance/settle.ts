/** Which settings of its version and of its group an Instance is to have. Pure. */
import type { ConfigurationGroup } from '../../api/configurationgroup.ts'
import type { DatastoreVersion } from '../../api/datastoreversion.ts'
import type { Layers } from '../../api/guest.ts'
import type { InstanceSpec } from '../../api/instance.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import type { Parameters } from '../../engines/parameters/layers.ts'
import type { Fault } from '../../errors.ts'
import { settingsOfGroup } from '../configurationgroup/judge.ts'
import { type Judged, judgeMemory, judgeSettings, memoryNeeded, type Server } from '../judge-settings.ts'
import { sizeOf } from '../size.ts'

/** In the engine's own form. What is absent is not there, or not acceptable: its layer stays as it is. */
export interface Taken {
  /** What the version sets. */
  settings?: Parameters
  /** What the Instance's group sets. */
  groupSettings?: Parameters
}

export interface Settled {
  taken: Taken
  /** Why it is not all that is asked for. */
  fault?: Fault
}

const nameOf = ({ metadata }: DatastoreVersion) => `spec.defaults of DatastoreVersion "${metadata.name}"`

/** The settings of a version, or what is wrong with them. */
export const settingsOf = (version: DatastoreVersion, engine: OperatorEngine): Judged =>
  judgeSettings(nameOf(version), version.spec.defaults ?? {}, engine, version.spec.version)

/**
 * All that is asked for if there is the memory for it; else the group's settings over those of the version that are in force, else the version's
 * under those of the group that are, else nothing new. `inForce` is what there is of this version already.
 */
export function settle(
  { configurationRef }: InstanceSpec,
  found: DatastoreVersion | undefined,
  group: ConfigurationGroup | undefined,
  server: Server & { datastore: string },
  inForce: Layers = { defaults: server.engine.defaults(sizeOf(server)) },
): Settled {
  const laidBy = ({ settings = inForce.version ?? {}, groupSettings = inForce.group ?? {} }: Taken): Layers => ({
    defaults: inForce.defaults,
    version: settings,
    group: groupSettings,
  })
  const judge = (of: string, some: Taken) => judgeMemory(of, server, laidBy(some))
  const ofVersion = found && settingsOf(found, server.engine)
  // It has to do without a group that makes room for it: not every Instance has one, and it can be taken away.
  const tooLarge = ofVersion?.settings && judge(nameOf(found!), { settings: ofVersion.settings, groupSettings: {} })
  // An Instance without a group has none of its settings.
  const ofGroup: Judged = configurationRef === undefined ? { settings: {} } : settingsOfGroup(configurationRef.name, group, server)

  const version: Taken = ofVersion?.settings === undefined || tooLarge !== undefined ? {} : { settings: ofVersion.settings }
  const groups: Taken = ofGroup.settings === undefined ? {} : { groupSettings: ofGroup.settings }
  const both = { ...version, ...groups }
  // What is too large already, for it was not always judged, is no reason to take nothing that makes it no larger.
  const most = memoryNeeded(server, inForce)
  const taken = [both, groups, version].find(some => judge('', some) === undefined || memoryNeeded(server, laidBy(some)) <= most) ?? {}
  const groupName = `ConfigurationGroup "${configurationRef?.name}"`
  const fault =
    ofGroup.fault ??
    (taken.groupSettings === undefined ? judge(groupName, groups) : undefined) ??
    ofVersion?.fault ??
    tooLarge ??
    (found && judge(taken.settings === undefined ? nameOf(found) : groupName, both))
  return { taken, ...(fault !== undefined && { fault }) }
}
