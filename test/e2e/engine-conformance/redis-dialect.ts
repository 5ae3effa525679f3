/** Redis's client and Valkey's. */
import type { Dialect } from './clients.ts'

export const redis = (client: string, server: string): Dialect => ({
  script: `IFS= read -r REDISCLI_AUTH; export REDISCLI_AUTH; h=$1 p=$2 u=$3; shift 4; exec ${client} -e --raw --no-auth-warning -h "$h" -p "$p" --user "$u" "$@"`,
  prepare: ['PING'],
  put: (key, value) => ['SET', key, value],
  get: key => ['GET', key],
  whoAmI: ['ACL', 'WHOAMI'],
  administer: ['CLIENT', 'LIST'],
  show: name => (name === 'databases' ? ['SELECT', '7'] : ['INFO', 'memory']),
  settings: {
    live: { name: 'maxmemory-policy', value: 'allkeys-lru', seen: /^maxmemory_policy:allkeys-lru/m },
    cold: { name: 'databases', value: 4, seen: /out of range/ },
    refused: { name: 'save', value: 'nonsense' },
  },
  denied: /NOPERM/,
  wrongPassword: /WRONGPASS|AUTH failed/,
  process: `^${server} `,
  cleanEnd: /bye bye/,
})
