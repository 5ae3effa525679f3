/** PostgreSQL, with the locales C.UTF-8 and en_US.UTF-8 as in the official images, and no cluster made at install. */
import type { Rootfs } from '../rootfs.ts'
import type { ImageRecipe } from './built-image.ts'
import { fromDebian } from './from-debian.ts'

export const postgres17 = postgres('17', 'trixie')
export const postgres15 = postgres('15', 'bookworm')

function postgres(major: string, suite: Rootfs['suite']): ImageRecipe {
  return fromDebian({
    name: 'postgres',
    version: major,
    suite,
    packages: [`postgresql-${major}`, 'locales'],
    account: { name: 'postgres', home: '/var/lib/postgresql', comment: 'PostgreSQL' },
    early: [
      'mkdir -p "$1/etc/postgresql-common/createcluster.d"',
      'echo create_main_cluster = false > "$1/etc/postgresql-common/createcluster.d/none.conf"',
    ],
    late: [
      'chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8',
      'chroot "$1" install -d -o 999 -g 999 -m 1777 /var/lib/postgresql/data',
      'chroot "$1" install -d -o 999 -g 999 -m 3777 /run/postgresql',
    ],
    env: {
      PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/${major}/bin`,
      LANG: 'en_US.utf8',
      PG_MAJOR: major,
      PGDATA: '/var/lib/postgresql/data',
    },
    cmd: ['postgres'],
  })
}
