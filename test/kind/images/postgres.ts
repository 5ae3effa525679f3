/**
 * PostgreSQL images in the shape of the official ones, from Debian's packages: programs on PATH, the user postgres with uid and gid 999, no
 * cluster made at install, the locales C.UTF-8 and en_US.UTF-8. What the official images' entrypoint does is not in them.
 */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { buildRootfs, type Rootfs, rootfsInputs } from '../rootfs.ts'
import type { ImageRecipe } from './built-image.ts'

export const postgres17 = postgres('17', 'trixie')
export const postgres15 = postgres('15', 'bookworm')

function postgres(major: string, suite: Rootfs['suite']): ImageRecipe {
  const rootfs: Rootfs = {
    name: `postgres-${major}`,
    suite,
    packages: [`postgresql-${major}`, 'locales'],
    early: [
      // Debian's package takes the user as it finds it; left alone it would choose the next free uid.
      'echo postgres:x:999: >> "$1/etc/group"',
      'echo postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/bash >> "$1/etc/passwd"',
      'echo \'postgres:*:20000:0:99999:7:::\' >> "$1/etc/shadow"',
      'mkdir -p "$1/etc/postgresql-common/createcluster.d"',
      'echo create_main_cluster = false > "$1/etc/postgresql-common/createcluster.d/none.conf"',
    ],
    late: [
      'chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8',
      'chroot "$1" install -d -o 999 -g 999 -m 1777 /var/lib/postgresql/data',
      'chroot "$1" install -d -o 999 -g 999 -m 3777 /run/postgresql',
    ],
  }
  return {
    name: `postgres-${major}`,
    spec: {
      reference: `trove.local/postgres:${major}`,
      env: {
        PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/${major}/bin`,
        LANG: 'en_US.utf8',
        PG_MAJOR: major,
        PGDATA: '/var/lib/postgresql/data',
      },
      cmd: ['postgres'],
    },
    inputs: rootfsInputs(rootfs),
    async writeLayer(out) {
      mkdirSync(dirname(out), { recursive: true })
      await buildRootfs(rootfs, out)
    },
  }
}
