/**
 * Decides which Databases or DatabaseUsers of one Instance are in force. Pure. Of two that claim one name the one that is in force keeps it, else
 * the older wins; what the engine refuses claims nothing; the limits hold in the same order. Of what can still be changed nothing decides but
 * the limits, and none of them holds up one that goes: what is in the engine by its name must be taken out by it. The Instance's controller
 * and the kinds' own ask here, so they agree.
 */
import type { Database } from '../api/database.ts'
import type { DatabaseUser } from '../api/databaseuser.ts'
import { type Fault, fault } from '../errors.ts'
import { finalizers } from './names.ts'

export const limits = { databases: 200, users: 500 } as const

/** All of their entries together stay well below the 512 KiB that one Guest may have, the rest of it included. */
export const mostBytes = { databases: 64 * 1024, users: 320 * 1024 } as const

type Claim = Database | DatabaseUser

const ours = new Set<string>([finalizers.database, finalizers.databaseUser])

/** For each object's uid its fault, or undefined if it is in force. */
export function judgeClaims<T extends Claim>(
  objects: readonly T[],
  rules: { check(spec: T['spec']): Fault | undefined; what: keyof typeof limits },
): Map<string, Fault | undefined> {
  const verdicts = new Map<string, Fault | undefined>()
  const holders = new Map<string, T>()
  let count = 0
  let bytes = 0
  for (const object of [...objects].sort(bySeniority)) {
    const { name } = object.spec
    const refused = rules.check(object.spec)
    const holder = holders.get(name)
    if (refused !== undefined) verdicts.set(object.metadata.uid, refused)
    else if (holder !== undefined) {
      const owner = `the ${holder.kind} object "${holder.metadata.name}"`
      verdicts.set(object.metadata.uid, fault('NameTaken', { kind: object.kind, name, owner }))
    } else {
      holders.set(name, object)
      const size = Buffer.byteLength(JSON.stringify(object.spec))
      const beyond = object.metadata.deletionTimestamp === undefined ? beyondLimits(rules.what, count + 1, bytes + size) : undefined
      verdicts.set(object.metadata.uid, beyond)
      if (beyond !== undefined) continue
      count += 1
      bytes += size
    }
  }
  return verdicts
}

function beyondLimits(what: keyof typeof limits, count: number, bytes: number): Fault | undefined {
  if (count > limits[what]) return fault('TooMany', { what, limit: limits[what] })
  return bytes > mostBytes[what] ? fault('TooLarge', { what, limit: `${mostBytes[what] / 1024} KiB` }) : undefined
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
