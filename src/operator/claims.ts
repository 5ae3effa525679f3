/**
 * Decides which Databases or DatabaseUsers of one Instance are in force. Pure. Of two that claim one name the one that is in force keeps it, else
 * the older wins; what the engine refuses claims nothing; the limit holds in the same order. The Instance's controller and the kinds' own ask here, so they agree.
 */
import type { Database } from '../api/database.ts'
import type { DatabaseUser } from '../api/databaseuser.ts'
import { type Fault, fault } from '../errors.ts'
import { finalizers } from './names.ts'

export const limits = { databases: 200, users: 500 } as const

type Claim = Database | DatabaseUser

const ours = new Set<string>([finalizers.database, finalizers.databaseUser])

/** For each object's uid its fault, or undefined if it is in force. */
export function judgeClaims<T extends Claim>(
  objects: readonly T[],
  rules: { check(spec: T['spec']): Fault | undefined; what: keyof typeof limits },
): Map<string, Fault | undefined> {
  const verdicts = new Map<string, Fault | undefined>()
  const holders = new Map<string, T>()
  for (const object of [...objects].sort(bySeniority)) {
    const { name } = object.spec
    const refused = rules.check(object.spec)
    const holder = holders.get(name)
    if (refused !== undefined) verdicts.set(object.metadata.uid, refused)
    else if (holder !== undefined) {
      const owner = `the ${holder.kind} object "${holder.metadata.name}"`
      verdicts.set(object.metadata.uid, fault('NameTaken', { kind: object.kind, name, owner }))
    } else if (holders.size >= limits[rules.what]) {
      verdicts.set(object.metadata.uid, fault('TooMany', { what: rules.what, limit: limits[rules.what] }))
    } else {
      holders.set(name, object)
      verdicts.set(object.metadata.uid, undefined)
    }
  }
  return verdicts
}

/** What is in force has a finalizer of ours. Ages are told in seconds, and one that comes later in the same second takes over nothing. */
function bySeniority(a: Claim, b: Claim): number {
  const [x, y] = [a, b].map(o => o.metadata.finalizers?.some(f => ours.has(f)) ?? false)
  return x === y ? byAge(a, b) : x ? -1 : 1
}

type Aged = { metadata: { creationTimestamp?: string; uid: string } }

/** Older first; those of the same second by uid, so that everybody comes to the same order. */
export function byAge(a: Aged, b: Aged): number {
  const [x, y] = [a, b].map(o => `${o.metadata.creationTimestamp ?? ''} ${o.metadata.uid}`) as [string, string]
  return x < y ? -1 : x > y ? 1 : 0
}
