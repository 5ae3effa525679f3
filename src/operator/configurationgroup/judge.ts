/** What is wrong with a ConfigurationGroup, in itself and for one Instance. Pure. None of it stops what runs. */
import type { ConfigurationGroup } from '../../api/configurationgroup.ts'
import type { Datastore } from '../../api/datastore.ts'
import type { DatastoreVersion } from '../../api/datastoreversion.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import { catalogueOf } from '../../engines/parameters/catalogue.ts'
import { type Fault, fault } from '../../errors.ts'
import type { Engines } from '../instance/decide.ts'
import { type Judged, judgeSettings, wrongInAny } from '../judge-settings.ts'

/** What an Instance runs. */
export interface Running {
  datastore: string
  version: string
  engine: OperatorEngine
}

/** The settings that an Instance has of the group that it refers to by `name`, or why it has none. Whether it has the memory for them is another question. */
export function settingsOfGroup(name: string, group: ConfigurationGroup | undefined, { datastore, version, engine }: Running): Judged {
  if (group === undefined) return { fault: fault('ConfigurationGroupNotFound', { group: name }) }
  const { type, version: only } = group.spec.datastore
  if (type !== datastore || (only !== undefined && only !== version)) {
    const meant = only === undefined ? type : `${type} ${only}`
    return { fault: fault('ConfigurationGroupMismatch', { group: name, meant, runs: `${datastore} ${version}` }) }
  }
  return judgeSettings(`ConfigurationGroup "${name}"`, group.spec.values, engine, version)
}

/**
 * `versions` are all of its Datastore. A group that states none must suit every active one, for an Instance that has it may be of any; but one
 * without rules takes no settings from anybody, and is no reason to find fault with those for others.
 */
export function judgeGroup(
  { metadata: { name }, spec }: ConfigurationGroup,
  datastore: Datastore | undefined,
  versions: readonly DatastoreVersion[],
  engines: Engines,
): Fault | undefined {
  const { type, version: only } = spec.datastore
  if (datastore === undefined) return fault('DatastoreNotFound', { datastore: type })
  const engine = engines[datastore.spec.engine]
  if (engine === undefined) return fault('EngineUnknown', { engine: datastore.spec.engine })
  const meant = versions.filter(v => (only === undefined ? v.spec.active : v.spec.version === only)).map(v => v.spec.version)
  if (meant.length === 0) return fault('DatastoreVersionNotFound', { datastore: type, version: only ?? 'any that is active' })
  const withRules = meant.filter(version => catalogueOf(engine.parameters, version) !== undefined)
  const all = [...new Set(withRules.length > 0 ? withRules : meant)].sort()
  const of = all.length === 1 ? `ConfigurationGroup "${name}"` : `ConfigurationGroup "${name}" for versions ${all.join(', ')}`
  return wrongInAny(of, spec.values, engine, all)
}
