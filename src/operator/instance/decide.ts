/**
 * Resolves what an Instance refers to. Pure. What was decided once (datastore, version, image, formulas, flavor) is recorded in the Guest
 * and on the volume claim and wins over the catalog for good: a default that moves, or an entry that goes, changes nothing that runs.
 */
import type { ConfigurationGroup } from '../../api/configurationgroup.ts'
import type { Datastore, EngineName } from '../../api/datastore.ts'
import type { DatastoreVersion } from '../../api/datastoreversion.ts'
import type { Flavor } from '../../api/flavor.ts'
import type { GuestSpec } from '../../api/guest.ts'
import type { InstanceSpec } from '../../api/instance.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import type { Parameters } from '../../engines/parameters/layers.ts'
import { type Fault, fault } from '../../errors.ts'
import { byAge } from '../claims.ts'
import { type Running, settingsOfGroup } from '../configurationgroup/judge.ts'
import { judgeSettings } from '../judge-settings.ts'
import { annotations } from '../names.ts'
import { formatBytes, parseQuantity } from '../quantity.ts'

export type Engines = Partial<Record<EngineName, OperatorEngine>>

/** What an Instance refers to. */
export interface Catalog {
  datastore?: Datastore
  /** Every DatastoreVersion of that Datastore. */
  versions: readonly DatastoreVersion[]
  flavor?: Flavor
  group?: ConfigurationGroup
}

export interface Decided {
  datastore: string
  engine: OperatorEngine
  version: string
  flavor: GuestSpec['flavor']
  /** What the pod is to run: the recorded image, or at first the catalog's. */
  image: string
  imageDigest?: string
  /** What the catalog says now; a restart that the user asks for takes it up. Absent if the version is no longer there. */
  offered?: { image: string; imagePullSecrets: string[] }
  maxVolumeSize?: string | number
  /** What the version sets, as far as the engine takes it; undefined if the version is no longer there, or sets something that is wrong. */
  settings?: Parameters
  /** The same of the Instance's group: undefined if that is not there, or not acceptable. */
  groupSettings?: Parameters
}

export interface Decision {
  decided?: Decided
  fault?: Fault
  /** Why the Instance's group is not taken. What runs goes on with what it had of it. */
  groupFault?: Fault
}

/** What a volume claim says of the decision: all that is left of it if the Guest is lost. */
export interface Recorded {
  datastore: string
  engine: EngineName
  version: string
  image: string
  imageDigest?: string | undefined
}

export function recordOf(decided: Decided, formulas: number): Record<string, string> {
  return {
    [annotations.datastore]: decided.datastore,
    [annotations.engine]: decided.engine.engine,
    [annotations.version]: decided.version,
    [annotations.image]: decided.image,
    [annotations.formulas]: String(formulas),
  }
}

/** Reads the record back. */
export function readRecord(marks: Record<string, string> | undefined): Recorded | undefined {
  const datastore = marks?.[annotations.datastore]
  const engine = marks?.[annotations.engine]
  const version = marks?.[annotations.version]
  const image = marks?.[annotations.image]
  if (datastore === undefined || engine === undefined || version === undefined || image === undefined) return undefined
  const pinned = marks?.[annotations.imageDigest] ?? ''
  const imageDigest = pinned.startsWith(`${image}@`) ? pinned.slice(image.length + 1) : undefined
  return { datastore, engine: engine as EngineName, version, image, ...(imageDigest !== undefined && { imageDigest }) }
}

/** Put on the claim before a Guest that knows it is let go. Sooner it would be one more write for every Instance. */
export function digestRecord({ image, imageDigest }: Pick<GuestSpec, 'image' | 'imageDigest'>): Record<string, string> {
  return imageDigest === undefined ? {} : { [annotations.imageDigest]: `${image}@${imageDigest}` }
}

export function decide(
  spec: InstanceSpec,
  recorded: Recorded | undefined,
  flavor: GuestSpec['flavor'] | undefined,
  catalog: Catalog,
  engines: Engines,
): Decision {
  return recorded === undefined ? decideFirst(spec, catalog, engines) : decideAgain(spec, recorded, flavor, catalog, engines)
}

const present = <T extends { metadata: { deletionTimestamp?: string } }>(object: T | undefined): T | undefined =>
  object?.metadata.deletionTimestamp === undefined ? object : undefined

/** Nothing is there yet: everything must be found and fit. */
function decideFirst(spec: InstanceSpec, catalog: Catalog, engines: Engines): Decision {
  const datastore = present(catalog.datastore)
  if (datastore === undefined) return { fault: fault('DatastoreNotFound', { datastore: spec.datastore.type }) }
  const { name } = datastore.metadata
  const engine = engines[datastore.spec.engine]
  if (engine === undefined) return { fault: fault('EngineUnknown', { engine: datastore.spec.engine }) }
  const version = spec.datastore.version ?? datastore.spec.defaultVersion
  if (version === undefined) return { fault: fault('NoDefaultVersion', { datastore: name }) }
  const found = present(findVersion(catalog.versions, version))
  if (found === undefined) return { fault: fault('DatastoreVersionNotFound', { datastore: name, version }) }
  if (!found.spec.active) return { fault: fault('DatastoreVersionInactive', { datastore: name, version }) }

  const flavor = present(catalog.flavor)
  if (flavor === undefined) return { fault: fault('FlavorNotFound', { flavor: spec.flavorRef.name }) }
  const { allowedFlavors, maxVolumeSize } = found.spec
  if (allowedFlavors !== undefined && !allowedFlavors.includes(flavor.metadata.name)) {
    const allowed = allowedFlavors.length === 0 ? 'none' : allowedFlavors.join(', ')
    return { fault: fault('FlavorNotAllowed', { flavor: flavor.metadata.name, datastore: name, version, allowed }) }
  }
  if (parseQuantity(flavor.spec.memory) < engine.minimumMemory) {
    return { fault: fault('FlavorTooSmall', { flavor: flavor.metadata.name, needs: formatBytes(engine.minimumMemory) }) }
  }
  const tooLarge = checkVolumeSize(spec.volume.size, maxVolumeSize)
  if (tooLarge !== undefined) return { fault: tooLarge }

  const { settings, fault: wrong } = settingsOf(found, engine)
  if (wrong !== undefined) return { fault: wrong }

  const group = groupOf(spec, present(catalog.group), { datastore: name, version, engine })
  if (group.groupFault !== undefined) return { fault: group.groupFault }

  const { image, imagePullSecrets = [] } = found.spec
  return {
    decided: {
      datastore: name,
      engine,
      version,
      flavor: flavorOf(flavor),
      image,
      offered: { image, imagePullSecrets },
      ...(maxVolumeSize !== undefined && { maxVolumeSize }),
      ...(settings !== undefined && { settings }),
      ...group.decided,
    },
  }
}

/** It was decided before. The catalog only says what a restart would bring. */
function decideAgain(
  spec: InstanceSpec,
  recorded: Recorded,
  flavor: GuestSpec['flavor'] | undefined,
  catalog: Catalog,
  engines: Engines,
): Decision {
  const engine = engines[recorded.engine]
  if (engine === undefined) return { fault: fault('EngineUnknown', { engine: recorded.engine }) }
  const size = flavor ?? (catalog.flavor && flavorOf(catalog.flavor))
  if (size === undefined) return { fault: fault('FlavorNotFound', { flavor: spec.flavorRef.name }) }
  const found = findVersion(catalog.versions, recorded.version)
  const asked = spec.datastore.version
  const settings = found && settingsOf(found, engine).settings
  const { datastore, version } = recorded
  const { groupFault, decided: ofGroup } = groupOf(spec, catalog.group, { datastore, version, engine })
  return {
    decided: {
      datastore,
      engine,
      version,
      flavor: size,
      image: recorded.image,
      ...(recorded.imageDigest !== undefined && { imageDigest: recorded.imageDigest }),
      ...(found !== undefined && { offered: { image: found.spec.image, imagePullSecrets: found.spec.imagePullSecrets ?? [] } }),
      ...(found?.spec.maxVolumeSize !== undefined && { maxVolumeSize: found.spec.maxVolumeSize }),
      ...(settings !== undefined && { settings }),
      ...ofGroup,
    },
    ...(groupFault !== undefined && { groupFault }),
    ...(asked !== undefined && asked !== recorded.version && { fault: fault('DatastoreImmutable', { asked, recorded: recorded.version }) }),
  }
}

/** The settings of a version in the engine's own form, or what is wrong with them. */
export function settingsOf({ metadata, spec }: DatastoreVersion, engine: OperatorEngine): { settings?: Parameters; fault?: Fault } {
  return judgeSettings(`spec.defaults of DatastoreVersion "${metadata.name}"`, spec.defaults ?? {}, engine, spec.version)
}

/** An Instance without a group has none of its settings. */
function groupOf(
  { configurationRef }: InstanceSpec,
  group: ConfigurationGroup | undefined,
  running: Running,
): Pick<Decision, 'groupFault'> & { decided?: Pick<Decided, 'groupSettings'> } {
  if (configurationRef === undefined) return { decided: { groupSettings: {} } }
  const judged = settingsOfGroup(configurationRef.name, group, running)
  return 'fault' in judged ? { groupFault: judged.fault } : { decided: { groupSettings: judged.settings } }
}

export function checkVolumeSize(size: string | number, max: string | number | undefined): Fault | undefined {
  if (max === undefined || parseQuantity(size) <= parseQuantity(max)) return undefined
  return fault('VolumeTooLarge', { size: String(size), max: String(max) })
}

/** Of several that claim one version the oldest is in force. */
export function findVersion(versions: readonly DatastoreVersion[], version: string): DatastoreVersion | undefined {
  return versions.filter(v => v.spec.version === version).sort(byAge)[0]
}

export const flavorOf = (flavor: Flavor) => ({ name: flavor.metadata.name, cpu: flavor.spec.cpu, memory: String(flavor.spec.memory) })
