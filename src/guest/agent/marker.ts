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

/** Data of another engine, version or Instance is never started upon. */
export function mismatch(found: Marker, expected: Marker): Fault | undefined {
  if (found.engine !== expected.engine || found.version !== expected.version) {
    return fault('DataVersionMismatch', { found: `${found.engine} ${found.version}`, expected: `${expected.engine} ${expected.version}` })
  }
  if (found.instanceUID !== expected.instanceUID) {
    return fault('DataVersionMismatch', { found: `data of Instance ${found.instanceUID}`, expected: `Instance ${expected.instanceUID}` })
  }
  return undefined
}
