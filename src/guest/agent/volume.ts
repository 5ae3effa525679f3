/** What the agent sees of the data volume by looking, without writing: whether there is data, whose it is, and how full it is. */
import { accessSync, constants } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { codeOf, Directory } from '../directory.ts'
import { markerName } from './layout.ts'
import { type Marker, parseMarker } from './marker.ts'

export type VolumeLook =
  /** There is no data, and none can be put there. */
  | { kind: 'unwritable'; why: string }
  | { kind: 'empty' }
  | { kind: 'initialised'; marker: Marker }
  /** Something is where the data should be, without a legible marker. */
  | { kind: 'unmarked' }

export function lookAtVolume(root: string, engine: string): VolumeLook {
  try {
    using volume = Directory.open(root)
    const home = volume.look(engine)
    if (home === undefined) {
      accessSync(volume.path, constants.W_OK | constants.X_OK)
      return { kind: 'empty' }
    }
    if (!home.directory) return { kind: 'unmarked' }
    using directory = volume.enter(engine)
    const marker = parseMarker(directory.line(markerName, 1024))
    return marker === undefined ? { kind: 'unmarked' } : { kind: 'initialised', marker }
  } catch (error) {
    return { kind: 'unwritable', why: whyNot(error) }
  }
}

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EROFS: 'it is mounted read-only',
  ENOENT: 'it is not mounted',
  EIO: 'the device reports an input/output error',
}

const whyNot = (error: unknown): string => reasons[codeOf(error)] ?? (codeOf(error) || String(error))

export interface VolumeUse {
  /** As df counts it. */
  percent: number
  /** Too full for an engine to start: less than 1 % is left, or less than 32 MiB of a volume large enough to expect that. */
  full: boolean
}

export async function useOfVolume(root: string): Promise<VolumeUse> {
  const { blocks, bfree, bavail, bsize } = await statfs(root)
  return useOf({ size: blocks * bsize, free: bfree * bsize, available: bavail * bsize })
}

const mebibyte = 1024 * 1024

export function useOf({ size, free, available }: { size: number; free: number; available: number }): VolumeUse {
  const used = size - free
  const percent = used + available === 0 ? 0 : Math.min(100, Math.ceil((100 * used) / (used + available)))
  return { percent, full: available < Math.max(size / 100, Math.min(32 * mebibyte, size / 10)) }
}

/** In steps of 5, and down only once it is clearly below: an idle guest, whose engine writes a little now and then, stays silent. */
export function reportedUse(before: number | undefined, percent: number): number {
  if (before !== undefined && percent >= before - 2 && percent < before + 5) return before
  return Math.floor(percent / 5) * 5
}
