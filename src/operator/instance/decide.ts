/**
 * Resolves what an Instance refers to. Pure. What was decided once (datastore, version, image, formulas, flavor) is recorded in the Guest
 * and on the volume claim and wins over the catalog for good: a default that moves, or an entry that goes, changes nothing that runs. Of all that
 * only the version can be asked for anew.
 */
import type { ConfigurationGroup } from '../../api/configurationgroup.ts'
import type { Datastore, EngineName } from '../../api/datastore.ts'
import type { DatastoreVersion } from '../../api/datastoreversion.ts'
import type { Flavor } from '../../api/flavor.ts'
import type { GuestSpec, Layers } from '../../api/guest.ts'
import type { InstanceSpec } from '../../api/instance.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import { type Fault, fault } from '../../errors.ts'
import { byAge } from '../claims.ts'
import { annotations } from '../names.ts'
import { formatBytes, parseQuantity } from '../quantity.ts'
import { settle, type Taken } from './settle.ts'
import { type Course, judgeStep, planVersion, type Standing } from './version-change.ts'

export type Engines = Partial<Record<EngineName, OperatorEngine>>

/** What an Instance refers to. */
export interface Catalog {
  datastore?: Datastore
  /** Every DatastoreVersion of that Datastore. */
  versions: readonly DatastoreVersion[]
  flavor?: Flavor
  group?: ConfigurationGroup
}

export interface Decided extends Taken {
  datastore: string
  engine: OperatorEngine
  version: string
  /** While the version is being changed: the one that the data may still have. */
  upgradeFrom?: string
  flavor: GuestSpec['flavor']
  /** What the pod is to run: the recorded image, or at first the catalog's. */
  image: string
  imageDigest?: string
  /** What the catalog says now; a restart that the user asks for takes it up. Absent if the version is no longer there. */
  offered?: { image: string; imagePullSecrets: string[] }
  maxVolumeSize?: string | number
}

export interface Decision {
  decided?: Decided
  /** What is decided once there is no pod: another version. `waits`: not before the engine is well, and has ended in order. */
  next?: { decided: Decided; waits: boolean }
  /** Without `decided`, why nothing can be decided; beside it, why another version that is asked for does not come. */
  fault?: Fault
  /** Why not all is taken that the Instance's group and its version set. What runs goes on with what it had of the rest. */
  configurationFault?: Fault
}

/** What a volume claim says of the decision: all that is left of it if the Guest is lost. */
export interface Recorded {
  datastore: string
  engine: EngineName
  version: string
  upgradeFrom?: string | undefined
  image: string
  imageDigest?: string | undefined
}

/** `before` is what the claim says already. */
export function recordOf(decided: Decided, formulas: number, before: Record<string, string> = {}): Record<string, string> {
  const { upgradeFrom } = decided
  return {
    [annotations.datastore]: decided.datastore,
    [annotations.engine]: decided.engine.engine,
    [annotations.version]: decided.version,
    ...((upgradeFrom !== undefined || before[annotations.upgradeFrom]) && { [annotations.upgradeFrom]: upgradeFrom ?? '' }),
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
  const upgradeFrom = marks?.[annotations.upgradeFrom] || undefined
  return { datastore, engine: engine as EngineName, version, upgradeFrom, image, ...(imageDigest !== undefined && { imageDigest }) }
}

/** Put on the claim before a Guest that knows it is let go. Sooner it would be one more write for every Instance. */
export function digestRecord({ image, imageDigest }: Pick<GuestSpec, 'image' | 'imageDigest'>): Record<string, string> {
  return imageDigest === undefined ? {} : { [annotations.imageDigest]: `${image}@${imageDigest}` }
}

/** What there is of an Instance already. */
export interface Present extends Pick<Standing, 'data' | 'isDone'> {
  /** What its Guest was last asked for. */
  layers?: Layers | undefined
}

export function decide(
  spec: InstanceSpec,
  recorded: Recorded | undefined,
  flavor: GuestSpec['flavor'] | undefined,
  catalog: Catalog,
  engines: Engines,
  there: Present = { isDone: false },
): Decision {
  return recorded === undefined ? decideFirst(spec, catalog, engines) : decideAgain(spec, recorded, flavor, catalog, engines, there)
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
  const size = flavorOf(flavor)
  const unfit = judgeFit(spec, found, size, engine.minimumMemory)
  if (unfit !== undefined) return { fault: unfit }
  const common = { datastore: name, engine, flavor: size }
  const { taken, fault: wrong } = settle(spec, found, present(catalog.group), { ...common, version })
  if (wrong !== undefined) return { fault: wrong }
  return { decided: { ...common, ...asOffered(found), ...taken, image: found.spec.image } }
}

/** Whether the version takes an Instance of this size. */
function judgeFit(
  { volume }: InstanceSpec,
  found: DatastoreVersion,
  flavor: GuestSpec['flavor'],
  minimumMemory: number,
): Fault | undefined {
  const { allowedFlavors, version, datastoreRef, maxVolumeSize } = found.spec
  if (allowedFlavors !== undefined && !allowedFlavors.includes(flavor.name)) {
    const allowed = allowedFlavors.length === 0 ? 'none' : allowedFlavors.join(', ')
    return fault('FlavorNotAllowed', { flavor: flavor.name, datastore: datastoreRef.name, version, allowed })
  }
  if (parseQuantity(flavor.memory) < minimumMemory) {
    return fault('FlavorTooSmall', { flavor: flavor.name, needs: formatBytes(minimumMemory) })
  }
  return checkVolumeSize(volume.size, maxVolumeSize)
}

/** A version as the catalog has it now. */
function asOffered({ spec: { version, image, imagePullSecrets = [], maxVolumeSize } }: DatastoreVersion) {
  return { version, offered: { image, imagePullSecrets }, ...(maxVolumeSize !== undefined && { maxVolumeSize }) }
}

/** It was decided before. The catalog only says what a restart would bring, and whether another version that is asked for may come. */
function decideAgain(
  spec: InstanceSpec,
  recorded: Recorded,
  flavor: GuestSpec['flavor'] | undefined,
  catalog: Catalog,
  engines: Engines,
  { data, isDone, layers }: Present,
): Decision {
  const engine = engines[recorded.engine]
  if (engine === undefined) return { fault: fault('EngineUnknown', { engine: recorded.engine }) }
  const size = flavor ?? (catalog.flavor && flavorOf(catalog.flavor))
  if (size === undefined) return { fault: fault('FlavorNotFound', { flavor: spec.flavorRef.name }) }
  const { datastore, version, upgradeFrom } = recorded
  const common = { datastore, engine, flavor: size }
  const offer = (version: string) => findVersion(catalog.versions, version)
  const settleFor = (version: string, layers?: Layers) => settle(spec, offer(version), catalog.group, { ...common, version }, layers)
  const judge = (from: string, to: string) => judgeChange(spec, offer(to), common, from, to) ?? settleFor(to).fault
  // Of a version that the data has or had nothing but itself is asked.
  const judgeKnown = (to: string) => (offer(to) === undefined ? fault('DatastoreVersionNotFound', { datastore, version: to }) : undefined)
  const planned = planVersion(spec.datastore.version, { version, upgradeFrom, data, isDone }, judge, judgeKnown)
  const offeredAs = ({ version, upgradeFrom }: Course) => {
    const found = offer(version)
    return { ...(found && asOffered(found)), version, ...(upgradeFrom !== undefined && { upgradeFrom }) }
  }
  const { image, imageDigest } = recorded
  const { taken, fault: configurationFault } = settleFor(planned.current.version, layers)
  // What is set for one version is not carried over to another that it does not suit.
  const next = planned.next && {
    ...common,
    ...offeredAs(planned.next),
    settings: {},
    groupSettings: {},
    ...settleFor(planned.next.version).taken,
  }
  return {
    decided: { ...common, ...offeredAs(planned.current), ...taken, image, ...(imageDigest !== undefined && { imageDigest }) },
    ...(next?.offered !== undefined && {
      next: { waits: planned.next!.waits, decided: { ...next, image: next.offered.image } },
    }),
    ...(configurationFault !== undefined && { configurationFault }),
    ...(planned.fault !== undefined && { fault: planned.fault }),
  }
}

/** What speaks against an Instance's change from one version to another. */
function judgeChange(
  spec: InstanceSpec,
  offered: DatastoreVersion | undefined,
  { datastore, engine, flavor }: Pick<Decided, 'datastore' | 'engine' | 'flavor'>,
  from: string,
  to: string,
): Fault | undefined {
  const found = present(offered)
  if (found === undefined) return fault('DatastoreVersionNotFound', { datastore, version: to })
  const impossible = judgeStep(engine, from, to)
  if (impossible !== undefined) return impossible
  const { upgradeFrom = [], active } = found.spec
  if (!upgradeFrom.includes(from)) {
    const allowed = upgradeFrom.length === 0 ? 'no other version' : `version ${upgradeFrom.join(', ')}`
    return fault('VersionChangeNotAllowed', { datastore, from, to, allowed })
  }
  if (!active) return fault('DatastoreVersionInactive', { datastore, version: to })
  return judgeFit(spec, found, flavor, engine.minimumMemory)
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
