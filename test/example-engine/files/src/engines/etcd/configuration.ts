/**
 * The configuration as etcd's variables, which a shell reads before each start: a value is one word of that shell, whatever it holds. What
 * depends on where the pod has its files is given on the command line; see scripts.ts.
 */
import type { ConfigurationFile, DefaultsInput, RenderInput } from '../operator-engine.ts'
import type { Parameters } from '../parameters/layers.ts'
import { word } from '../shell.ts'
import { configurationName } from './files.ts'

/** What the agent, the network and the log's reader rest on. Every name is in owned-parameters.ts. */
export const enforced: Parameters = {
  name: 'default',
  'auth-token': 'simple',
  // Passwords are made by Trove and cannot be guessed, so a slow hash would protect nothing and cost a quarter of a second at each login.
  'bcrypt-cost': '4',
  'enable-pprof': 'false',
  logger: 'zap',
  'log-level': 'info',
  'log-outputs': 'stderr',
}

export function render({ parameters }: RenderInput): ConfigurationFile[] {
  const lines = Object.entries({ ...parameters, ...enforced }).map(([name, value]) => `${variable(name)}=${word(value)}\n`)
  return [{ name: configurationName, content: lines.join('') }]
}

function variable(name: string): string {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new RangeError(`not the name of a setting: ${JSON.stringify(name)}`)
  return `ETCD_${name.toUpperCase().replaceAll('-', '_')}`
}

const gib = 1024 ** 3

/** Raise `formulas` in operator.ts with every change here. */
export function defaults({ flavor: { memoryBytes } }: DefaultsInput): Parameters {
  return {
    // What does not fit into memory is read from the volume again and again. Beyond 8 GiB etcd's makers advise against it.
    'quota-backend-bytes': String(Math.min(memoryBytes, 8 * gib)),
    // Without it every old value of every key is kept for ever.
    'auto-compaction-mode': 'periodic',
    'auto-compaction-retention': '1h',
  }
}
