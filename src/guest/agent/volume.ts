/** What the agent sees of the data volume by looking, without writing: whether there is data, and whose it is. */
import { accessSync, constants } from 'node:fs'
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
