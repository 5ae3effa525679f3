/** Judges settings that a person asks for, by the rules of an engine's versions: those of a DatastoreVersion, or of a ConfigurationGroup. Pure. */
import type { OperatorEngine } from '../engines/operator-engine.ts'
import { catalogueOf } from '../engines/parameters/catalogue.ts'
import { type CheckedParameters, checkParameters, describeFaults, type ParameterFault } from '../engines/parameters/check.ts'
import type { Parameters } from '../engines/parameters/layers.ts'
import type { Written } from '../engines/parameters/value.ts'
import { type Fault, fault } from '../errors.ts'

type Values = Readonly<Record<string, Written>>

/** The settings in the engine's own form, or what is wrong with them. `of` is whose they are, for the message. */
export function judgeSettings(
  of: string,
  values: Values,
  engine: OperatorEngine,
  version: string,
): { settings: Parameters } | { fault: Fault } {
  const { parameters, faults } = check(values, engine, version)
  return faults.length === 0 ? { settings: parameters } : { fault: invalid(of, faults) }
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
