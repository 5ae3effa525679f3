import type { GuestSpec } from '../api/guest.ts'
import type { DefaultsInput } from '../engines/operator-engine.ts'
import { cpuMillis, parseQuantity } from './quantity.ts'

/** What an engine's formulas are given of a version and a flavor. Pure. */
export const sizeOf = ({ version, flavor }: { version: string; flavor: GuestSpec['flavor'] }): DefaultsInput => ({
  version,
  flavor: { cpuMillis: cpuMillis(flavor.cpu), memoryBytes: parseQuantity(flavor.memory) },
})
