/** Puts the rendered configuration where the engine reads it: in the shared directory, for on the volume only the engine's own jobs write. */
import type { GuestSettings } from '../../api/guest.ts'
import { Directory } from '../directory.ts'
import type { Mounts } from './layout.ts'

const hashes = /^[A-Za-z0-9][-A-Za-z0-9]{0,63}$/
export const isHash = (text: string): boolean => hashes.test(text)
const fileName = /^[a-z][a-z0-9._-]{0,63}$/

/** Written anew each time: what lies there may have been tampered with. Also makes the directory of the engine's socket. */
export function stage({ files }: Pick<GuestSettings, 'files'>, mounts: Mounts): void {
  using shared = Directory.open(mounts.trove)
  shared.ensureDirectory('sockets')[Symbol.dispose]()
  using configuration = shared.ensureDirectory('configuration')
  for (const { name, content } of files) {
    if (!fileName.test(name)) throw new Error(`not the name of a configuration file: ${JSON.stringify(name)}`)
    configuration.replace(name, content)
  }
}
