/** etcd, the server and its client. */
import { fromDebian } from './from-debian.ts'

export const etcd35 = fromDebian({
  name: 'etcd',
  version: '3.5',
  suite: 'trixie',
  packages: ['etcd-server', 'etcd-client'],
  account: { name: 'etcd', home: '/var/lib/etcd' },
  late: [],
  cmd: ['etcd'],
})
