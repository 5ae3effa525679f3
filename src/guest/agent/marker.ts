/** The marker on a volume says whose data it holds. It is written by the job that initialised it and, like all on the volume, hostile. */
import type { GuestSpec } from '../../api/guest.ts'
import { type Fault, fault } from '../../errors.ts'

export interface Marker {
  engine: string
  version: string
  instanceUID: string
}

export const markerFor = (spec: GuestSpec): Marker => ({ engine: spec.engine, version: spec.version, instanceUID: spec.instance.uid })

export const markerText = (marker: Marker): string => JSON.stringify(marker)

export function parseMarker(text: string | undefined): Marker | undefined {
  try {
    const { engine, version, instanceUID } = JSON.parse(text ?? '') as Record<string, unknown>
    return isShort(engine) && isShort(version) && isShort(instanceUID) ? { engine, version, instanceUID } : undefined
  } catch {
    return undefined
  }
}

const isShort = (value: unknown): value is string => typeof value === 'string' && value.length > 0 && value.length <= 64

/** Whether the data is still the older version's that may be taken over. */
export const isToBeTakenOver = ({ version }: Marker, spec: GuestSpec): boolean => version !== spec.version && version === spec.upgradeFrom

/** Data of another engine or Instance, or of a version that may not be taken over, is never started upon. */
export function mismatch(found: Marker, spec: GuestSpec): Fault | undefined {
  const expected = markerFor(spec)
  if (found.engine !== expected.engine || (found.version !== expected.version && !isToBeTakenOver(found, spec))) {
    return fault('DataVersionMismatch', { found: `${found.engine} ${found.version}`, expected: `${expected.engine} ${expected.version}` })
  }
  if (found.instanceUID !== expected.instanceUID) {
    return fault('DataVersionMismatch', { found: `data of Instance ${found.instanceUID}`, expected: `Instance ${expected.instanceUID}` })
  }
  return undefined
}

/** The version that the data was last started with, if it is this Instance's. */
export function dataVersion(found: Marker, spec: GuestSpec): string | undefined {
  const isOurs = found.engine === spec.engine && found.instanceUID === spec.instance.uid
  return isOurs && /^[0-9A-Za-z][-_.0-9A-Za-z]{0,31}$/.test(found.version) ? found.version : undefined
}
