/** What the parameters of Redis and Valkey are, for each version that there are rules for, and how their configuration file is written. */
import { catalogues } from '../../parameters/catalogue.ts'
import type { Durable, Notation } from '../../parameters/rule.ts'
import { owned } from '../owned-parameters.ts'
import redis7_0 from './redis-7.0.json' with { type: 'json' }
import redis8_0 from './redis-8.0.json' with { type: 'json' }
import valkey8_1 from './valkey-8.1.json' with { type: 'json' }

/** In bytes, as memtoull reads them: only those with a b count in 1024s. */
const named = { b: 1n, k: 1000n, kb: 1024n, m: 1000n ** 2n, mb: 1024n ** 2n, g: 1000n ** 3n, gb: 1024n ** 3n }

const notation: Notation = {
  name: written => written.toLowerCase(),
  on: 'yes',
  off: 'no',
  separator: ' ',
  keepsUnits: false,
  units: ({ unit }) => (unit === 'B' ? { named, bare: 1n, anyCase: true } : undefined),
}

const durable: readonly Durable[] = [
  { name: 'appendfsync', safe: ['always'] },
  { name: 'no-appendfsync-on-rewrite', safe: ['no'] },
]

/** Of the configuration file alone, and no parameters of the server. */
const directives = /^(include|user|rename-command|loadmodule.*|sentinel.*)$/

const unknown = (name: string) => (directives.test(name) ? 'is no parameter but a directive, and belongs to Trove' : undefined)

const common = { notation, owned, durable, memory: [{ name: 'maxmemory', unbounded: '0' }], unknown }

export const redisParameters = catalogues('Redis', { '7.0': redis7_0, '8.0': redis8_0 }, common)
export const valkeyParameters = catalogues('Valkey', { '8.1': valkey8_1 }, common)
