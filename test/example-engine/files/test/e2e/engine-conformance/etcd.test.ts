import { conforms } from './behaviours.ts'
import type { Dialect } from './clients.ts'

/** etcd tells nobody who they are, but a user's entry to that user alone, and to root. */
const etcd: Dialect = {
  script: `IFS= read -r ETCDCTL_PASSWORD; export ETCDCTL_PASSWORD ETCDCTL_ENDPOINTS="http://$1:$2" ETCDCTL_USER="$3"; shift 4
if [ "$1" != whoami ]; then exec etcdctl "$@"; fi
entry=$(etcdctl user get -- "$ETCDCTL_USER") || exit
printf %s "$entry" | sed -n 's/^User: //p'`,
  prepare: ['put', 'prepared', 'yes'],
  put: (key, value) => ['put', key, value],
  get: key => ['get', '--print-value-only', key],
  whoAmI: ['whoami'],
  // Larger than `cold` lets one be.
  show: () => ['put', 'large', 'x'.repeat(8192)],
  settings: {
    cold: { name: 'max-request-bytes', value: 4096, seen: /request is too large/ },
    // Shorter than it takes to hear from a leader.
    refused: { name: 'election-timeout', value: 50 },
  },
  denied: /permission denied/,
  wrongPassword: /authentication failed, invalid user ID or password/,
  process: '^etcd --data-dir',
  cleanEnd: /closed etcd server/,
}

await conforms('etcd', etcd)
