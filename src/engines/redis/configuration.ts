/**
 * The configuration file of Redis and Valkey, the same for both. What depends on where the pod has its files (data, users, socket) is given on
 * the command line; see scripts.ts.
 */
import type { ConfigurationFile, DefaultsInput, RenderInput } from '../operator-engine.ts'
import type { Parameters } from '../parameters/layers.ts'
import { configurationName } from './files.ts'
import { port } from './port.ts'
import { directive } from './quote.ts'

const mib = 1024 * 1024

export function render({ parameters }: RenderInput): ConfigurationFile[] {
  const settings = Object.entries({ ...parameters, ...enforced })
  return [{ name: configurationName, content: settings.map(([name, value]) => directive(name, value)).join('') }]
}

/** What the agent, the network and the volume's rules rest on. */
export const enforced: Parameters = {
  bind: '* -::*',
  port: String(port),
  'tls-port': '0',
  // It would close TCP to everybody while the user "default" has no password. That user is off, and all others have one.
  'protected-mode': 'no',
  'acl-pubsub-default': 'resetchannels',
  'enable-debug-command': 'no',
  'enable-module-command': 'no',
  'enable-protected-configs': 'no',
  // An Owner may RESTORE what it brings: a payload made to crash the server is refused.
  'sanitize-dump-payload': 'clients',

  // A server that once ran without it would load an old log next time, or none.
  appendonly: 'yes',
  // What kill -9 leaves half-written at the end was never acknowledged.
  'aof-load-truncated': 'yes',
  // The log is flushed and synced all the same. A snapshot on top adds nothing, takes time, and where it fails the server will not stop.
  'shutdown-on-sigterm': 'nosave',

  // After a crash it would try all its memory before it lets go of it.
  'crash-memcheck-enabled': 'no',
  'cluster-enabled': 'no',
  daemonize: 'no',
  supervised: 'no',
  pidfile: '',
  // To the container's own output, in the form that log-fault.ts reads.
  logfile: '',
  loglevel: 'notice',
  'syslog-enabled': 'no',
  'always-show-logo': 'no',
}

/** Raise `formulas` in operator.ts with every change here. */
export function defaults({ flavor: { memoryBytes } }: DefaultsInput): Parameters {
  return {
    // The rest is for the server itself, for what its allocator leaves unused, and for the pages that are written to while a forked child
    // rewrites the log: those are there twice. The child's log costs no memory, it goes to a file of its own.
    maxmemory: String(Math.floor((memoryBytes * 3) / 4)),
    // A database keeps what it was given.
    'maxmemory-policy': 'noeviction',
    // All clients' buffers together. Without it, one client that sends or asks for much takes the whole server past its memory.
    'maxmemory-clients': '20%',
    // An idle one costs some KiB. Where the container may open fewer files, the server lowers it by itself and says so.
    maxclients: String(Math.min(Math.floor((memoryBytes / mib) * 16), 10_000)),

    // Acknowledged is on disk. While the log is rewritten, too.
    appendfsync: 'always',
    'no-appendfsync-on-rewrite': 'no',
    // The log holds everything, so snapshots would be a second copy to make memory and volume room for ...
    save: '',
    // ... and for whoever wants them all the same, one that fails is no reason to refuse writes that the log keeps.
    'stop-writes-on-bgsave-error': 'no',
  }
}
