/**
 * Users: a login with exactly the rights asked for, in the server and in its file, so that it outlives a restart in which nobody can be asked.
 * Both functions look before they act and write only what differs. A write is one transaction: whoever has lost a right or a password has
 * also lost every session, wherever the agent is stopped.
 */
import type { GuestUser } from '../../api/guest.ts'
import { TroveError } from '../../errors.ts'
import type { EnginePaths } from '../guest-engine.ts'
import { nameTaken, told } from '../told.ts'
import { readVolumeFile } from '../volume-file.ts'
import { isOurs, parseUsers, userRules } from './acl.ts'
import type { Connection } from './connection.ts'
import { aclFile } from './files.ts'
import { checkUser, probe } from './names.ts'

/** A thousand users have a tenth of it. */
const maxAclFile = 4 * 1024 * 1024

const save = ['ACL', 'SAVE']

export function ensureUser(admin: Connection, paths: EnginePaths, user: GuestUser, password: string, signal: AbortSignal): Promise<void> {
  const { name, privilege } = user
  return told(`user "${name}"`, signal, async () => {
    const refused = checkUser({ name })
    if (refused !== undefined) throw new TroveError(refused)
    const rules = userRules(privilege, password)
    // Versions differ in how they spell out what they were told; this one is asked how it does.
    const [, lines] = await admin.transaction(
      [
        ['ACL', 'SETUSER', probe, ...rules],
        ['ACL', 'LIST'],
        ['ACL', 'DELUSER', probe],
      ],
      signal,
    )
    const users = parseUsers(lines as string[])
    const found = users.get(name)
    if (found !== undefined && !isOurs(found)) throw nameTaken('User', name)
    if (found === undefined || found !== users.get(probe)) {
      await admin.transaction([['ACL', 'SETUSER', name, ...rules], ['CLIENT', 'KILL', 'USER', name], save], signal)
    } else if (savedRules(paths, name) !== found) {
      await admin.command(save, signal)
    }
  })
}

/** The server itself ends the sessions of a user that goes. */
export function dropUser(admin: Connection, paths: EnginePaths, { name }: GuestUser, signal: AbortSignal): Promise<void> {
  return told(`to drop user "${name}"`, signal, async () => {
    const found = parseUsers((await admin.command(['ACL', 'LIST'], signal)) as string[]).get(name)
    if (found === undefined ? savedRules(paths, name) === undefined : !isOurs(found)) return
    await admin.transaction([['ACL', 'DELUSER', name], save], signal)
  })
}

/** What the server would load after a restart. It writes the file whole or not at all; a full volume keeps it from doing so. */
function savedRules(paths: EnginePaths, name: string): string | undefined {
  return parseUsers(readVolumeFile(aclFile(paths), maxAclFile).split('\n')).get(name)
}
