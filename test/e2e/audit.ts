/** What the API server's audit log says that the operator and the guests wrote. The Lease is left out: it is written all the time. */
import { readFileSync } from 'node:fs'
import { cluster } from './world.ts'

interface AuditEvent {
  stage: string
  verb: string
  user: { username: string; extra?: Record<string, string[]> }
  objectRef?: { resource?: string; namespace?: string; name?: string; subresource?: string }
  requestReceivedTimestamp: string
  responseStatus?: { code?: number }
}

export interface Write {
  who: 'operator' | 'guest'
  /** The pod that did it. */
  pod: string | undefined
  /** `verb resource/subresource name` */
  what: string
  /** The server's answer, a status of HTTP: what it refused is here too, and has changed nothing. */
  code: number | undefined
}

const writing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])
const operator = 'system:serviceaccount:trove-system:trove-operator'
const guests = 'system:serviceaccount:trove-guests:'

export async function writesSince(from: Date): Promise<Write[]> {
  const lines = readFileSync((await cluster()).auditLog, 'utf8')
    .trimEnd()
    .split('\n')
  return lines
    .map(line => {
      try {
        return JSON.parse(line) as AuditEvent
      } catch {
        return undefined // The last line may be half written.
      }
    })
    .filter((e): e is AuditEvent => e !== undefined && e.stage === 'ResponseComplete' && writing.has(e.verb))
    .filter(e => new Date(e.requestReceivedTimestamp) >= from)
    .filter(e => e.user.username === operator || e.user.username.startsWith(guests))
    .filter(e => e.objectRef?.resource !== 'leases')
    .map(e => ({
      who: e.user.username === operator ? 'operator' : 'guest',
      pod: e.user.extra?.['authentication.kubernetes.io/pod-name']?.[0],
      what: `${e.verb} ${e.objectRef?.resource}/${e.objectRef?.subresource ?? ''} ${e.objectRef?.name}`,
      code: e.responseStatus?.code,
    }))
}
