/** Judges settings that a person asks for, by the rules of an engine's versions: those of a DatastoreVersion, or of a ConfigurationGroup. Pure. */
import type { GuestSpec, Layers } from '../api/guest.ts'
import type { OperatorEngine } from '../engines/operator-engine.ts'
import { catalogueOf } from '../engines/parameters/catalogue.ts'
import { type CheckedParameters, checkParameters, describeFaults, type ParameterFault } from '../engines/parameters/check.ts'
import { laid, type Parameters } from '../engines/parameters/layers.ts'
import { memoryOf } from '../engines/parameters/memory.ts'
import type { Written } from '../engines/parameters/value.ts'
import { type Fault, fault } from '../errors.ts'
import { formatBytes, parseQuantity } from './quantity.ts'

type Values = Readonly<Record<string, Written>>

/** The settings in the engine's own form, or what is wrong with them. */
export type Judged = { settings: Parameters; fault?: undefined } | { settings?: undefined; fault: Fault }

/** `of` is whose settings they are, for the message. */
export function judgeSettings(of: string, values: Values, engine: OperatorEngine, version: string): Judged {
  const { parameters, faults } = check(values, engine, version)
  return faults.length === 0 ? { settings: parameters } : { fault: invalid(of, faults) }
}

export interface Server {
  engine: OperatorEngine
  version: string
  flavor: GuestSpec['flavor']
}

/** In bytes, what a server takes as a whole by all these layers. */
export function memoryNeeded({ engine, version }: Omit<Server, 'flavor'>, layers: Layers): number {
  const catalogue = catalogueOf(engine.parameters, version)
  return catalogue === undefined ? 0 : memoryOf(catalogue, laid(layers))
}

/** Why a server with all these layers has not the memory for them. Some of it a running server takes at once, and is killed for. */
export function judgeMemory(of: string, server: Server, layers: Layers): Fault | undefined {
  const { engine, version, flavor } = server
  const bytes = memoryNeeded(server, layers)
  if (bytes <= parseQuantity(flavor.memory)) return undefined
  const asked = { ...layers.version, ...layers.group }
  const names = catalogueOf(engine.parameters, version)!
    .memory.map(({ name }) => name)
    .filter(name => asked[name] !== undefined)
  const most = bytes === Number.POSITIVE_INFINITY ? 'whatever it can get' : formatBytes(bytes)
  const why = `would bring the memory that the server takes as a whole to ${most}, and Flavor "${flavor.name}" has ${flavor.memory}`
  return invalid(of, [{ parameter: names.join(', '), why }])
}

/** What is wrong with them in any of the versions. */
export function wrongInAny(of: string, values: Values, engine: OperatorEngine, versions: readonly string[]): Fault | undefined {
  const faults = versions.flatMap(version => check(values, engine, version).faults)
  const different = new Map(faults.map(one => [`${one.parameter} ${one.why}`, one]))
  return faults.length === 0 ? undefined : invalid(of, [...different.values()])
}

function check(values: Values, engine: OperatorEngine, version: string): CheckedParameters {
  if (Object.keys(values).length === 0) return { parameters: {}, faults: [] }
  const catalogue = catalogueOf(engine.parameters, version)
  if (catalogue !== undefined) return checkParameters(values, catalogue)
  const why = `can be set for ${engine.engine} ${version}: this operator has no rules for its settings`
  return { parameters: {}, faults: [{ parameter: 'nothing', why }] }
}

const invalid = (of: string, faults: readonly ParameterFault[]) => fault('ConfigurationInvalid', { of, problems: describeFaults(faults) })
