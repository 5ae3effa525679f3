/**
 * MySQL, from Debian's unstable suite, the only one that has it. That suite moves: an image is what it had on the day of the build, stays so in
 * this machine's build cache, and another machine may have a later patch release. Once it moves on to another series, a build is refused.
 */
import { fromDebian } from './from-debian.ts'

export const mysql97 = fromDebian({
  name: 'mysql',
  version: '9.7',
  suite: 'sid',
  packages: ['mysql-server-core', 'mysql-client-core'],
  account: { name: 'mysql', home: '/var/lib/mysql' },
  late: [
    'chroot "$1" install -d -o 999 -g 999 -m 1777 /var/lib/mysql',
    'chroot "$1" install -d -o 999 -g 999 -m 1777 /run/mysqld',
    // The server's default for secure_file_priv; it does not start without.
    'chroot "$1" install -d -o 999 -g 999 -m 0750 /var/lib/mysql-files',
  ],
  cmd: ['mysqld'],
})
