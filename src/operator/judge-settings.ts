/** Judges settings that a person asks for, by the rules of an engine's versions: those of a DatastoreVersion, or of a ConfigurationGroup. Pure. */
import type { GuestSpec } from '../api/guest.ts'
import type { OperatorEngine } from '../engines/operator-engine.ts'
import { catalogueOf } from '../engines/parameters/catalogue.ts'
import { type CheckedParameters, checkParameters, describeFaults, type ParameterFault } from '../engines/parameters/check.ts'
import type { Parameters } from '../engines/parameters/layers.ts'
import { memoryOf } from '../engines/parameters/memory.ts'
import type { Written } from '../engines/parameters/value.ts'
import { type Fault, fault } from '../errors.ts'
import { formatBytes } from './quantity.ts'
import { sizeOf } from './size.ts'

type Values = Readonly<Record<string, Written>>

/**
 * The settings in the engine's own form, or what is wrong with them. `of` is whose they are, for the message. With a flavor, whether an Instance
 * of it has the memory for them: some of them a running server takes at once, and is killed for.
 */
export function judgeSettings(
  of: string,
  values: Values,
  engine: OperatorEngine,
  version: string,
  flavor?: GuestSpec['flavor'],
): { settings: Parameters } | { fault: Fault } {
  const { parameters, faults } = check(values, engine, version)
  const all = flavor === undefined ? faults : [...faults, ...tooLarge(parameters, engine, version, flavor)]
  return all.length === 0 ? { settings: parameters } : { fault: invalid(of, all) }
}

function tooLarge(parameters: Parameters, engine: OperatorEngine, version: string, flavor: GuestSpec['flavor']): ParameterFault[] {
  const catalogue = catalogueOf(engine.parameters, version)
  const stated = catalogue?.memory.filter(name => parameters[name] !== undefined) ?? []
  if (catalogue === undefined || stated.length === 0) return []
  const size = sizeOf({ version, flavor })
  const bytes = memoryOf(catalogue, { ...engine.defaults(size), ...parameters })
  if (bytes <= size.flavor.memoryBytes) return []
  const why = `would have the server take ${formatBytes(bytes)} as a whole, and Flavor "${flavor.name}" has ${flavor.memory}`
  return [{ parameter: stated.join(', '), why }]
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
