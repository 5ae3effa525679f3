/**
 * What an Instance is configured with, and where each value comes from. Pure, and made by the operator's own code from objects that a tenant can
 * read; whether the engine runs with just this, the hash in the Instance's status tells.
 */
import type { ConfigurationGroup } from '../../api/configurationgroup.ts'
import type { Datastore } from '../../api/datastore.ts'
import type { DatastoreVersion } from '../../api/datastoreversion.ts'
import type { Flavor } from '../../api/flavor.ts'
import type { Layers } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import { catalogueOf } from '../../engines/parameters/catalogue.ts'
import { isOwned } from '../../engines/parameters/rule.ts'
import { settingsOfGroup } from '../../operator/configurationgroup/judge.ts'
import { renderLayers } from '../../operator/instance/configuration.ts'
import { type Engines, findVersion, flavorOf } from '../../operator/instance/decide.ts'
import { settingsOf } from '../../operator/instance/settle.ts'
import { judgeMemory } from '../../operator/judge-settings.ts'
import { sizeOf } from '../../operator/size.ts'

export interface Found {
  instance: Instance
  datastore: Datastore
  versions: readonly DatastoreVersion[]
  flavor: Flavor
  group?: ConfigurationGroup
}

export interface Setting {
  name: string
  value: string
  origin: string
  /** The engine has it only from its next start on. */
  waits: boolean
}

export interface Configuration {
  settings: Setting[]
  /** Whether the engine runs with what it is asked for, but for what waits for a restart. */
  isApplied: boolean
  /** Whether just this is what it is said to run with. It may be asked for something else: what came a moment ago, or defaults of another release. */
  inForce: boolean
  /** What else the Instance says of its configuration. */
  says: string
  /** Whose settings are not there, or not acceptable: what the Instance took of them last is in force, and not among these. */
  notShown: string[]
}

/** `all` adds what nobody sets, as the engine has it by itself. Throws an Error in words for people. */
export function configurationOf({ instance, datastore, versions, flavor, group }: Found, engines: Engines, all: boolean): Configuration {
  const { name, namespace } = instance.metadata
  const version = instance.status?.datastore?.version
  if (version === undefined)
    throw new Error(`Instance "${name}" is not provisioned yet: kubectl get instances.trove.dev ${name} -n ${namespace} says why`)
  const engine = engines[datastore.spec.engine]
  if (engine === undefined) throw new Error(`this kubectl-trove has no engine "${datastore.spec.engine}": it is older than the operator`)
  const size = { engine, version, flavor: flavorOf(flavor) }
  const offered = findVersion(versions, version)
  const ref = instance.spec.configurationRef
  const judged = {
    version: offered && settingsOf(offered, engine).settings,
    group: ref && settingsOfGroup(ref.name, group, { datastore: datastore.metadata.name, ...size }).settings,
  }
  const defaults = engine.defaults(sizeOf(size))
  // Of two that need too much memory together the Instance keeps something that only its Guest tells.
  const fits = judgeMemory('', size, { defaults, version: judged.version ?? {}, group: judged.group ?? {} }) === undefined
  const { version: ofVersion, group: ofGroup } = fits ? judged : {}
  const layers: Layers = { defaults, version: ofVersion ?? {}, group: ofGroup ?? {} }
  const { hash } = renderLayers(instance, size, layers)

  const catalogue = catalogueOf(engine.parameters, version)
  const rules = (catalogue?.rules ?? []).filter(rule => catalogue !== undefined && !isOwned(catalogue, rule.name) && !rule.fixed)
  const waiting = new Set(instance.status?.configuration?.restartRequired)
  const own = rules
    .filter(rule => rule.default !== undefined && rule.aliasOf === undefined && (all || waiting.has(rule.name)))
    .map(rule => [rule.name, rule.default!] as const)
  const settings = new Map<string, Setting>()
  const lay = (origin: string, values: Iterable<readonly [string, string]>) => {
    for (const [name, value] of values) settings.set(name, { name, value, origin, waits: waiting.has(name) })
  }
  lay('the engine', own)
  lay(`Trove, for Flavor ${flavor.metadata.name}`, Object.entries(layers.defaults))
  const [versionName, groupName] = [`DatastoreVersion ${offered?.metadata.name ?? version}`, `ConfigurationGroup ${ref?.name}`]
  lay(versionName, Object.entries(ofVersion ?? {}))
  lay(groupName, Object.entries(ofGroup ?? {}))
  lay('Trove, for itself', Object.entries(engine.enforced))
  const said = instance.status?.conditions?.find(c => c.type === 'ConfigurationApplied')
  return {
    settings: [...settings.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    notShown: [...(ofVersion === undefined ? [versionName] : []), ...(ref !== undefined && ofGroup === undefined ? [groupName] : [])],
    isApplied: said?.status === 'True' || said?.reason === 'RestartRequired',
    inForce: instance.status?.configuration?.hash === hash,
    says: said === undefined ? 'Unknown' : said.status === 'True' ? said.reason : `${said.reason}: ${said.message}`,
  }
}
