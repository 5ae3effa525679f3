/**
 * What is inside the databases, one per volume: which logins with which password, root among them, and which databases. It is changed by the agents' reports,
 * and remembers everything that was ever dropped.
 */
import type { Guest, GuestStatus } from '../../../src/api/guest.ts'
import type { Secret } from '../../../src/kube/resource.ts'

export interface Engine {
  users: Map<string, string>
  databases: Set<string>
  /** Databases that were dropped, in order. */
  dropped: string[]
}

export interface Engines {
  /** By the volume claim's uid. */
  all: Map<string, Engine>
  hear(guest: Guest, status: GuestStatus, passwords: Secret | undefined, claimUid: string): void
}

export function openEngines(): Engines {
  const all = new Map<string, Engine>()
  return {
    all,
    hear({ spec }, status, passwords, claimUid) {
      const engine = all.get(claimUid) ?? { users: new Map<string, string>(), databases: new Set<string>(), dropped: [] as string[] }
      all.set(claimUid, engine)
      for (const { name, ensure } of spec.databases ?? []) {
        if (ensure === 'Present') engine.databases.add(name)
        else if (engine.databases.delete(name)) engine.dropped.push(name)
      }
      for (const { name, ensure, passwordRevision } of spec.users ?? []) {
        if (ensure === 'Absent') engine.users.delete(name)
        else if (status.users?.some(u => u.name === name && u.state === 'Ready')) {
          engine.users.set(name, Buffer.from(passwords!.data![passwordRevision]!, 'base64').toString())
        }
      }
      if (spec.root?.ensure === 'Absent') engine.users.delete('root')
      else if (spec.root !== undefined && status.root?.state === 'Ready') {
        engine.users.set('root', Buffer.from(passwords!.data![spec.root.passwordRevision]!, 'base64').toString())
      }
    },
  }
}
