/**
 * Redis and Valkey. Unlike the official builds, Debian's have protected mode on unless told otherwise, and Redis 8 comes without the modules
 * (search, JSON, time series, probabilistic types).
 */
import type { Rootfs } from '../rootfs.ts'
import type { ImageRecipe } from './built-image.ts'
import { fromDebian } from './from-debian.ts'

export const redis8 = keyValueStore('redis', '8.0', 'trixie')
export const redis7 = keyValueStore('redis', '7.0', 'bookworm')
export const valkey8 = keyValueStore('valkey', '8.1', 'trixie')

function keyValueStore(name: 'redis' | 'valkey', version: string, suite: Rootfs['suite']): ImageRecipe {
  return fromDebian({
    name,
    version,
    suite,
    packages: [`${name}-server`],
    account: { name, home: `/var/lib/${name}` },
    late: ['chroot "$1" install -d -o 999 -g 999 -m 0755 /data'],
    cmd: [`${name}-server`],
    workingDir: '/data',
  })
}
