/**
 * Users: a login with exactly the rights asked for, in the server and in its file, so that it outlives a restart in which nobody can be asked.
 * Both functions look before they act and write only what differs. A write is one transaction: whoever has lost a right or a password has
 * also lost every session, wherever the agent is stopped.
 */
import type { GuestUser } from '../../api/guest.ts'
import { TroveError } from '../../errors.ts'
import type { EnginePaths } from '../guest-engine.ts'
import { rootName } from '../root.ts'
import { nameTaken, told } from '../told.ts'
import { readVolumeFile } from '../volume-file.ts'
import { isOurs, type Kind, parseUsers, rootRules, userRules } from './acl.ts'
import type { Connection } from './connection.ts'
import { aclFile } from './files.ts'
import { checkUser, probe } from './names.ts'

/** A thousand users have a tenth of it. */
const maxAclFile = 4 * 1024 * 1024

const save = ['ACL', 'SAVE']

export async function ensureUser(
  admin: Connection,
  paths: EnginePaths,
  user: GuestUser,
  password: string,
  signal: AbortSignal,
): Promise<void> {
  const { name, privilege } = user
  const refused = checkUser({ name })
  if (refused !== undefined) throw new TroveError(refused)
  return ensureLogin(admin, paths, { kind: 'user', name, rules: userRules(privilege, password) }, signal)
}

export function ensureRoot(admin: Connection, paths: EnginePaths, password: string, signal: AbortSignal): Promise<void> {
  return ensureLogin(admin, paths, { kind: 'root', name: rootName, rules: rootRules(password) }, signal)
}

interface Login {
  kind: Kind
  name: string
  rules: readonly string[]
}

function ensureLogin(admin: Connection, paths: EnginePaths, { kind, name, rules }: Login, signal: AbortSignal): Promise<void> {
  return told(`user "${name}"`, signal, async () => {
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
    if (found !== undefined && !isOurs(kind, found)) throw nameTaken('User', name)
    if (found === undefined || found !== users.get(probe)) {
      await admin.transaction([['ACL', 'SETUSER', name, ...rules], ['CLIENT', 'KILL', 'USER', name], save], signal)
    } else if (savedRules(paths, name) !== found) {
      await admin.command(save, signal)
    }
  })
}

/** The server itself ends the sessions of a user that goes. */
export const dropUser = (admin: Connection, paths: EnginePaths, { name }: GuestUser, signal: AbortSignal) =>
  dropLogin(admin, paths, { kind: 'user', name }, signal)

export const dropRoot = (admin: Connection, paths: EnginePaths, signal: AbortSignal) =>
  dropLogin(admin, paths, { kind: 'root', name: rootName }, signal)

function dropLogin(admin: Connection, paths: EnginePaths, { kind, name }: Omit<Login, 'rules'>, signal: AbortSignal): Promise<void> {
  return told(`to drop user "${name}"`, signal, async () => {
    const found = parseUsers((await admin.command(['ACL', 'LIST'], signal)) as string[]).get(name)
    if (found === undefined ? savedRules(paths, name) === undefined : !isOurs(kind, found)) return
    await admin.transaction([['ACL', 'DELUSER', name], save], signal)
  })
}

/** What the server would load after a restart. It writes the file whole or not at all; a full volume keeps it from doing so. */
function savedRules(paths: EnginePaths, name: string): string | undefined {
  return parseUsers(readVolumeFile(aclFile(paths), maxAclFile).split('\n')).get(name)
}
