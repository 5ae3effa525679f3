/**
 * Decides about the passwords in the guest's Secret. Pure: values are made where the decision is carried out. A password is made only when
 * neither the Guest names its revision nor the Secret has it, so a crash between the two repeats nothing, and a lost one is never replaced
 * by itself: not even where the Guest is lost together with the Secret, and is made anew.
 */
import type { DatabaseUser } from '../../api/databaseuser.ts'
import type { Guest } from '../../api/guest.ts'
import { passwordRevision } from '../names.ts'

export interface PasswordPlan {
  /** Revisions to make a password for, before the Guest names them. */
  missing: string[]
  /** Revisions that nothing needs any more. */
  obsolete: string[]
}

/** `kept` are the revisions in the guest's Secret; `initialised` says that the Instance has had a database already. */
export function planPasswords(
  users: readonly DatabaseUser[],
  guest: Guest | undefined,
  kept: readonly string[],
  initialised: boolean,
): PasswordPlan {
  const isMadeAnew = guest === undefined && initialised
  const named = new Set(guest?.spec.users?.map(u => u.passwordRevision))
  const there = new Set(kept)
  const staying = users.filter(u => u.metadata.deletionTimestamp === undefined)
  const wanted = staying.map(passwordRevision)
  const makeable = staying.filter(u => !(isMadeAnew && u.status?.binding !== undefined)).map(passwordRevision)
  return {
    missing: makeable.filter(revision => !there.has(revision) && !named.has(revision)),
    obsolete: kept.filter(revision => !named.has(revision) && !wanted.includes(revision) && isReplaced(revision, guest)),
  }
}

/** The engine has the user's later password, or the user is gone from it. */
function isReplaced(revision: string, guest: Guest | undefined): boolean {
  const user = revision.slice(0, revision.lastIndexOf('-'))
  const named = guest?.spec.users?.find(u => u.passwordRevision.startsWith(`${user}-`))
  if (named === undefined) return guest !== undefined
  return (
    guest?.status?.users?.some(u => u.name === named.name && u.passwordRevision === named.passwordRevision && u.state === 'Ready') ?? false
  )
}

/** Whether the Guest names a password that the Secret no longer has. */
export function isLost(user: DatabaseUser, guest: Guest | undefined, secret: { data?: Record<string, string> } | undefined): boolean {
  const revision = passwordRevision(user)
  const named = guest?.spec.users?.some(u => u.passwordRevision === revision) ?? false
  return named && secret?.data?.[revision] === undefined
}
