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

/** To connect and to say who one is. CLIENT TRACKING would tell of every key that changes, whatever one may read. */
const nothing = ['+@connection', '+acl|whoami', ...notTheServer, '-client|tracking', '-client|caching']

/** Of a user that has been reset, and so may do nothing. */
export const rulesFor = (privilege: Privilege | undefined): readonly string[] => (privilege === undefined ? nothing : rules[privilege])
