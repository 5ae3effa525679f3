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

/** Where settings are to be in force: the memory that there is, and what else is set. */
export interface Room {
  flavor: GuestSpec['flavor']
  /** What these settings win over. */
  under?: Parameters | undefined
  /** What wins over them. */
  over?: Parameters | undefined
}

/** The settings in the engine's own form, or what is wrong with them. */
export type Judged = { settings: Parameters; fault?: undefined } | { settings?: undefined; fault: Fault }

/**
 * `of` is whose settings they are, for the message. With a room, whether there is the memory for them too: some of them a running server takes at
 * once, and is killed for.
 */
export function judgeSettings(of: string, values: Values, engine: OperatorEngine, version: string, room?: Room): Judged {
  const { parameters, faults } = check(values, engine, version)
  const all = room === undefined ? faults : [...faults, ...tooLarge(parameters, engine, version, room)]
  return all.length === 0 ? { settings: parameters } : { fault: invalid(of, all) }
}

function tooLarge(own: Parameters, engine: OperatorEngine, version: string, { flavor, under, over }: Room): ParameterFault[] {
  const catalogue = catalogueOf(engine.parameters, version)
  const stated = catalogue?.memory.map(({ name }) => name).filter(name => own[name] !== undefined && over?.[name] === undefined) ?? []
  if (catalogue === undefined || stated.length === 0) return []
  const size = sizeOf({ version, flavor })
  const bytes = memoryOf(catalogue, { ...engine.defaults(size), ...under, ...own, ...over })
  if (bytes <= size.flavor.memoryBytes) return []
  const most = bytes === Number.POSITIVE_INFINITY ? 'whatever it can get' : formatBytes(bytes)
  const why = `would bring the memory that the server takes as a whole to ${most}, and Flavor "${flavor.name}" has ${flavor.memory}`
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
