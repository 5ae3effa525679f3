/** Puts the rendered configuration where the engine's job takes it from. The agent itself writes nothing in the engine's directory. */
import type { GuestSpec } from '../../api/guest.ts'
import { Directory } from '../directory.ts'
import type { Mounts } from './layout.ts'

const hashes = /^[A-Za-z0-9][-A-Za-z0-9]{0,63}$/
export const isHash = (text: string): boolean => hashes.test(text)
const fileName = /^[a-z][a-z0-9._-]{0,63}$/

/** Written anew each time: what lies there may have been tampered with. Also makes the directory of the engine's socket. */
export function stage({ hash, files }: GuestSpec['configuration'], mounts: Mounts): void {
  if (!isHash(hash)) throw new Error(`not the hash of a configuration: ${JSON.stringify(hash)}`)
  using shared = Directory.open(mounts.trove)
  shared.ensureDirectory('sockets')[Symbol.dispose]()
  shared.remove('configuration')
  using configurations = shared.makeDirectory('configuration')
  using staged = configurations.makeDirectory(hash)
  for (const { name, content } of files) {
    if (!fileName.test(name)) throw new Error(`not the name of a configuration file: ${JSON.stringify(name)}`)
    staged.create(name, content)
  }
}
