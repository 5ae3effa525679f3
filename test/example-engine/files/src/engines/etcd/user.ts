/**
 * Users: a login with exactly the rights asked for. No mark is needed to know ours: only etcd's root makes users, and nobody but the agent is root.
 * Both functions look before they act, and write only what differs. Whoever loses a right loses it with the next request; a watch that is open
 * already goes on until its client ends it, as etcd has it. etcd is given the password itself, over the local socket, and hashes it before it
 * is written anywhere.
 */
import type { GuestUser } from '../../api/guest.ts'
import { TroveError } from '../../errors.ts'
import { told } from '../told.ts'
import { type Connection, EtcdError } from './connection.ts'
import { checkUser } from './names.ts'

export function ensureUser(admin: Connection, { name, privilege }: GuestUser, password: string, signal: AbortSignal): Promise<void> {
  return told(`user "${name}"`, signal, async () => {
    const refused = checkUser({ name })
    if (refused !== undefined) throw new TroveError(refused)
    const found = await rolesOf(admin, name, signal)
    if (found === undefined) await admin.call('/v3/auth/user/add', { name, password }, signal)
    const wanted: string[] = privilege === undefined ? [] : [privilege]
    for (const role of (found ?? []).filter(role => !wanted.includes(role)))
      await admin.call('/v3/auth/user/revoke', { name, role }, signal)
    if (found !== undefined && !(await admin.accepts(name, password, signal)))
      await admin.call('/v3/auth/user/changepw', { name, password }, signal)
    for (const role of wanted.filter(role => !found?.includes(role))) await admin.call('/v3/auth/user/grant', { user: name, role }, signal)
  })
}

export function dropUser(admin: Connection, { name }: GuestUser, signal: AbortSignal): Promise<void> {
  return told(`to drop user "${name}"`, signal, async () => {
    if (checkUser({ name }) !== undefined || (await rolesOf(admin, name, signal)) === undefined) return
    await admin.call('/v3/auth/user/delete', { name }, signal)
  })
}

/** Undefined where there is no such user. */
async function rolesOf(admin: Connection, name: string, signal: AbortSignal): Promise<string[] | undefined> {
  try {
    const { roles } = await admin.call('/v3/auth/user/get', { name }, signal)
    return Array.isArray(roles) ? roles.map(String) : []
  } catch (error) {
    if (error instanceof EtcdError && /user name not found/.test(error.message)) return undefined
    throw error
  }
}
