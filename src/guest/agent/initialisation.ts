/** What an initialisation that failed says about itself. Pure. */
import type { GuestEngine } from '../../engines/guest-engine.ts'
import { type Fault, fault } from '../../errors.ts'
import { jobExits } from './scripts.ts'
import type { VolumeUse } from './volume-use.ts'

export function initialisationFailure(
  exit: number,
  output: string,
  engine: Pick<GuestEngine, 'logFault'>,
  lock: string,
  use: Pick<VolumeUse, 'percent' | 'full'> | undefined,
): Fault {
  const lines = output.split('\n').filter(line => line.trim() !== '')
  if (exit === jobExits.busy) return fault('VolumeBusy', { path: lock })
  if (/no space left on device|disk quota exceeded/i.test(output) || use?.full) {
    return fault('VolumeFull', { used: use === undefined ? 'no space left' : `${use.percent} % used` })
  }
  if (exit === jobExits.notWritable) return fault('VolumeNotWritable', { why: lines.at(-1) ?? `${lock} cannot be opened for writing` })
  return fault('InitialiseFailed', { log: engine.logFault(lines) ?? (lines.slice(-3).join('; ').slice(-500) || `status ${exit}`) })
}
