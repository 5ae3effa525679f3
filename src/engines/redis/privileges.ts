/**
 * What each privilege is in the server's own words: rules of ACL SETUSER, which says them anew for every command that a version has. Only
 * categories and commands that Redis 7.0 already knew are named, so one table serves all versions.
 */
import type { Privilege } from '../../api/databaseuser.ts'

/**
 * @admin and @dangerous hold all that touches the server rather than data: its configuration, users, modules, replication, persistence, other
 * clients and logs. SCRIPT DEBUG, in neither, can stop the whole server for as long as one client likes.
 */
const notTheServer = ['-@admin', '-@dangerous', '-script|debug']

/** INFO is asked by many libraries as soon as they connect, and everybody may ask who they are. */
const everywhere = ['~*', '&*', '+info', '+acl|whoami']

const rules: Record<Privilege, string[]> = {
  // What of @dangerous touches data alone. Not MIGRATE: it has the server connect to wherever it is told to.
  Owner: ['+@all', ...notTheServer, ...everywhere, '+keys', '+sort', '+sort_ro', '+flushall', '+flushdb', '+swapdb', '+restore'],
  // It runs scripts and functions, with its own rights; what functions there are is the Owner's, like a schema.
  ReadWrite: ['+@all', ...notTheServer, ...everywhere, '-function', '-script|flush', '-script|kill'],
  // It brings no code, of which each piece stays in memory, but runs what others have loaded, as far as that reads. Keys are not narrowed to
  // reading (%R~*): PFCOUNT, which reads, is to the server one that writes.
  ReadOnly: [
    '+@read',
    '+@connection',
    '+@transaction',
    '+@pubsub',
    '-publish',
    '-spublish',
    '+fcall_ro',
    '+evalsha_ro',
    '+script|exists',
    ...notTheServer,
    ...everywhere,
  ],
}

/**
 * What an administrator asks of a server, and nothing by which the agent would be shut out, or the server be made something that the agent cannot make good:
 * who may log in is the agent's to say, and settings the platform's; a server that follows another does as that one says, with every right; code that
 * it loads, and DEBUG, reach beyond all rights; and by SCRIPT DEBUG and CLIENT PAUSE one client stops it for as long as it likes. A restart is asked for
 * in the Instance.
 */
export const everything: readonly string[] = [
  '+@all',
  '~*',
  '&*',
  ...['acl|setuser', 'acl|deluser', 'acl|load', 'acl|save'].map(command => `-${command}`),
  ...['config|set', 'config|rewrite', 'replicaof', 'slaveof', 'failover', 'migrate'].map(command => `-${command}`),
  ...['module|load', 'module|loadex', 'module|unload', 'debug', 'script|debug', 'client|pause', 'shutdown'].map(command => `-${command}`),
]

/** To connect and to say who one is. CLIENT TRACKING would tell of every key that changes, whatever one may read. */
const nothing = ['+@connection', '+acl|whoami', ...notTheServer, '-client|tracking', '-client|caching']

/** Of a user that has been reset, and so may do nothing. */
export const rulesFor = (privilege: Privilege | undefined): readonly string[] => (privilege === undefined ? nothing : rules[privilege])
