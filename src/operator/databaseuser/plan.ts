/**
 * Decides about one DatabaseUser. Pure. As with Databases, the Instance's controller alone speaks to the guest; this one keeps the finalizer,
 * reports, and says when the binding Secret may show a password: only once the engine has it.
 */
import type { Database } from '../../api/database.ts'
import type { DatabaseUser } from '../../api/databaseuser.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import { type Fault, fault } from '../../errors.ts'
import type { Secret } from '../../kube/resource.ts'
import { judgeClaims } from '../claims.ts'
import { same } from '../compare.ts'
import { isReadyNow, notReady, ready, type Said } from '../conditions.ts'
import { type GuestView, isCaughtUp, lacks } from '../guest-view.ts'
import { isLost } from '../instance/passwords.ts'
import { finalizers, passwordRevision } from '../names.ts'
import { faultOfAgent } from '../reported-fault.ts'

export type UserPlan =
  | { do: 'addFinalizer' | 'removeFinalizer' | 'nothing'; said: Said[] }
  /**
   * The engine has this password: the binding must show it. `said` is what holds once it does. `keepsDatabase`: the rest of the binding stays as it
   * is, for a database that the user is to have is not there yet.
   */
  | { do: 'bind'; password: string; keepsDatabase: boolean; said: Said[] }

const wait = (stands: Fault): UserPlan => ({ do: 'nothing', said: notReady(stands) })

/** `siblings` are all DatabaseUsers of the same Instance, this one included, `databases` its Databases; `secret` is the guest's. */
export function planUser(
  user: DatabaseUser,
  siblings: readonly DatabaseUser[],
  databases: readonly Database[],
  view: GuestView,
  secret: { data?: Record<string, string> } | undefined,
): UserPlan {
  const { instance, guest, engine } = view
  const { name, instanceRef, access = [], privilege } = user.spec
  const held = user.metadata.finalizers?.includes(finalizers.databaseUser) ?? false
  const refused = engine && judgeUser(user, siblings, engine)
  const entry = guest?.spec.users?.find(u => u.name === name)
  const result = guest?.status?.users?.find(u => u.name === name)

  if (user.metadata.deletionTimestamp !== undefined) {
    if (!held) return { do: 'nothing', said: [] }
    const letGo: UserPlan = { do: 'removeFinalizer', said: [] }
    if (instance === undefined || instance.metadata.deletionTimestamp !== undefined) return letGo
    // A Guest that is being made anew will speak of it: there is an engine that may have it.
    if (guest === undefined && instance.status?.volume?.claimUID === undefined) return letGo
    if (refused !== undefined) return letGo
    if (guest !== undefined && entry?.ensure === 'Absent' && result?.state === 'Absent' && isCaughtUp(guest)) return letGo
    return wait(result?.state === 'Failed' ? faultOfAgent(result) : fault('Deleting', { step: 'the login is taken away' }))
  }

  if (instance === undefined) return wait(fault('InstanceNotFound', { instance: instanceRef.name }))
  if (refused !== undefined) return wait(refused)
  const notYet = fault('InstanceNotReady', { instance: instanceRef.name })
  if (instance.metadata.deletionTimestamp !== undefined || engine === undefined) return wait(notYet)
  if (!held) return { do: 'addFinalizer', said: notReady(notYet) }
  if (guest === undefined) return wait(notYet)
  const outdated = lacks(guest, 'users')
  if (outdated !== undefined) return wait(outdated)
  if (isLost(user, guest, secret)) return wait(fault('CredentialsLost', { user: name }))
  const present = new Set(guest.spec.databases?.filter(d => d.ensure === 'Present').map(d => d.name))
  const missing = access.find(a => !present.has(a.database))
  const revision = passwordRevision(user)
  const named = entry?.ensure === 'Present' && entry.passwordRevision === revision
  const encoded = secret?.data?.[revision]
  const password = Buffer.from(encoded ?? '', 'base64').toString('utf8')
  const has = result?.state === 'Ready' && result.passwordRevision === revision && isCaughtUp(guest)
  // The address is in the Instance's status only once its Service is ours: a binding never points at a stranger's.
  const reachable = instance.status?.address !== undefined
  const lacking = unfitRights(user, engine) ?? (missing && faultOfMissing(missing.database, user, databases, engine, notYet))
  if (lacking !== undefined) {
    const said = notReady(lacking)
    // Whoever has a binding already logs in by it, and a new password is in force for the databases that are there.
    const inUse = user.status?.binding !== undefined && named && encoded !== undefined && has && reachable
    return inUse ? { do: 'bind', password, keepsDatabase: true, said } : { do: 'nothing', said }
  }
  if (!named || !same(entry.access, access) || entry.privilege !== privilege || encoded === undefined) return wait(notYet)
  if (result?.state === 'Failed') return wait(faultOfAgent(result))
  // Neither something else that is asked of the guest nor an agent that begins anew makes what was true less so.
  if (!(has && reachable) && !isReadyNow(user)) return wait(notYet)
  return {
    do: 'bind',
    password,
    keepsDatabase: false,
    said: [ready('Ready', `login "${name}" works with the credentials in the binding Secret`)],
  }
}

/** The database that the user's spec puts first; or, if that must wait, the one that the binding has. */
export function databaseOf(user: DatabaseUser, keepsDatabase: boolean, found: Secret | undefined): string | undefined {
  if (!keepsDatabase || found === undefined) return user.spec.access?.[0]?.database
  const shown = found.data?.database
  return shown === undefined ? undefined : Buffer.from(shown, 'base64').toString()
}

function judgeUser(user: DatabaseUser, siblings: readonly DatabaseUser[], engine: NonNullable<GuestView['engine']>): Fault | undefined {
  if (!engine.capabilities.users) return fault('NotSupported', { engine: engine.engine, capability: 'users' })
  return judgeClaims(siblings, { check: s => engine.checkUser(s), what: 'users' }).get(user.metadata.uid)
}

/** Rights are given database by database where there are databases, and as a whole where there are none. */
function unfitRights({ spec: { access = [], privilege } }: DatabaseUser, { engine, capabilities }: OperatorEngine): Fault | undefined {
  if (capabilities.databases && privilege !== undefined) return fault('NotSupported', { engine, capability: 'spec.privilege' })
  if (!capabilities.databases && access.length > 0) return fault('NotSupported', { engine, capability: 'spec.access' })
  return undefined
}

/** One that was made together with the user may not have been said to the guest yet. */
function faultOfMissing(
  database: string,
  { spec: { instanceRef } }: DatabaseUser,
  databases: readonly Database[],
  engine: OperatorEngine,
  notYet: Fault,
): Fault {
  const verdicts = judgeClaims(databases, { check: s => engine.checkDatabase(s), what: 'databases' })
  const isAskedFor = databases.some(
    ({ spec, metadata }) => spec.name === database && metadata.deletionTimestamp === undefined && verdicts.get(metadata.uid) === undefined,
  )
  return isAskedFor ? notYet : fault('DatabaseNotFound', { database, instance: instanceRef.name })
}
