/**
 * Decides about root: what the guest is asked, and under which revision its password is kept. Pure. Each time that root is switched on it is another
 * password, `root-1`, `root-2`, ...: what the Guest was asked last says which. The Secret keeps the last one also while root is off, so that the loss of
 * either leaves the count in the other.
 */
import type { Guest, GuestRoot } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'
import { initialisedClaimOf, type Observed } from './observed.ts'

export interface RootPlan {
  root?: GuestRoot
  /** Revisions to make a password for, before the Guest names them, and those that nothing needs any more. */
  missing: string[]
  obsolete: string[]
}

export const isRootRevision = (key: string) => /^root-[1-9]\d{0,8}$/.test(key)
const revision = (n: number) => `root-${n}`
const numberOf = (revision: string) => Number(revision.slice('root-'.length))

export const wantsRoot = (instance: Instance, engine: OperatorEngine | undefined): boolean =>
  instance.spec.rootEnabled === true && (engine?.capabilities.root ?? false)

export function planRoot(o: Pick<Observed, 'instance' | 'side'>, engine: OperatorEngine): RootPlan {
  const { guest, secret } = o.side
  const kept = Object.keys(secret?.data ?? {}).filter(isRootRevision)
  const last = Math.max(0, ...kept.map(numberOf))
  const root = nextRoot(wantsRoot(o.instance, engine), guest, last, o.instance.status?.root)
  if (root === undefined) return { missing: [], obsolete: [] }
  const { ensure, passwordRevision } = root
  const isNamed = guest?.spec.root?.passwordRevision === passwordRevision
  // As with users: where Guest and Secret are both lost, nothing takes the place of what somebody was given.
  const isGiven = guest === undefined && initialisedClaimOf(o) !== undefined && o.instance.status?.root?.binding !== undefined
  const isMissing = ensure === 'Present' && !kept.includes(passwordRevision) && !isNamed && !isGiven
  const isIn = isNamed && ensure === 'Present' && hasRoot(guest)
  return {
    root,
    missing: isMissing ? [passwordRevision] : [],
    obsolete: isIn ? kept.filter(key => numberOf(key) < numberOf(passwordRevision)) : [],
  }
}

/** Whether the engine has root with the password that the Guest names. */
export function hasRoot(guest: Guest | undefined): boolean {
  const { spec, status } = guest ?? {}
  return spec?.root?.ensure === 'Present' && status?.root?.state === 'Ready' && status.root.passwordRevision === spec.root.passwordRevision
}

function nextRoot(
  isWanted: boolean,
  guest: Guest | undefined,
  last: number,
  told: NonNullable<Instance['status']>['root'],
): GuestRoot | undefined {
  const before = guest?.spec.root
  if (before === undefined) {
    const known: GuestRoot['passwordRevision'] = revision(Math.max(1, last))
    // A Guest that is made anew goes on from where the one before it was.
    const wasOff = guest === undefined && told?.enabled === false
    if (isWanted && !wasOff) return { ensure: 'Present', passwordRevision: known }
    // There may be an engine that has it.
    return told !== undefined || last > 0 ? { ensure: 'Absent', passwordRevision: known } : undefined
  }
  if (isWanted)
    return before.ensure === 'Present' ? before : { ensure: 'Present', passwordRevision: revision(numberOf(before.passwordRevision) + 1) }
  // That it was there, and since when, is put on record before it goes.
  return hasRoot(guest) && told === undefined ? before : { ...before, ensure: 'Absent' }
}
