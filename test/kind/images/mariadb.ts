/**
 * MariaDB: the server, its tools and mariadb-backup. Debian keeps Galera and the plugins that are not compiled in, ed25519 among them, in its
 * package mariadb-server, which is left out: it would bring an init script, rsync, socat and a database made at install.
 */
import type { Rootfs } from '../rootfs.ts'
import type { ImageRecipe } from './built-image.ts'
import { fromDebian } from './from-debian.ts'

export const mariadb11 = mariadb('11.8', 'trixie')
export const mariadb10 = mariadb('10.11', 'bookworm')

function mariadb(version: string, suite: Rootfs['suite']): ImageRecipe {
  return fromDebian({
    name: 'mariadb',
    version,
    suite,
    // mariadb-admin and mariadb-dump are in mariadb-client.
    packages: ['mariadb-server-core', 'mariadb-client', 'mariadb-backup'],
    account: { name: 'mysql', home: '/var/lib/mysql' },
    late: ['chroot "$1" install -d -o 999 -g 999 -m 0755 /var/lib/mysql', 'chroot "$1" install -d -o 999 -g 999 -m 1777 /run/mysqld'],
    env: { LANG: 'C.UTF-8' },
    cmd: ['mariadbd'],
  })
}
