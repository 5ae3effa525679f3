/**
 * What one process asked of the API server, request by request, as the proxy saw it. Writes have names that mean the same in every run of a
 * workload, so that a fault can be aimed at one of them: what is done to which object, and for the how-manieth time.
 */
import type { KubeObject } from '../../../src/kube/objects.ts'

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'apply' | 'delete'

export interface Exchange {
  n: number
  /** Milliseconds since the trial began. */
  at: number
  /** Which process asked. */
  who: string
  /** Which of the processes that bore that name one after another. */
  life: number
  verb: Verb
  resource: string
  subresource: string | undefined
  namespace: string | undefined
  name: string | undefined
  query: URLSearchParams
  contentType: string
  body: Sent | undefined
  /** What the API server answered, as far as it was asked. */
  status?: number
  answer?: KubeObject
  /** What was answered to the process in its stead. */
  told?: string
  /** For how long it was asked not to ask again. */
  retryAfterMs?: number
}

/** A request's body, as far as anybody here reads it. */
export type Sent = {
  metadata?: Partial<KubeObject['metadata']>
  preconditions?: { uid?: string }
  [part: string]: unknown
}

const writing = new Set<Verb>(['create', 'update', 'patch', 'apply', 'delete'])
/** Events included: they as well come to an end. */
export const isAnyWrite = (x: Exchange): boolean => writing.has(x.verb) && x.resource !== 'leases'
export const isWrite = (x: Exchange): boolean => isAnyWrite(x) && x.resource !== 'events'

/** A question about one object. */
export const isQuestion = (x: Exchange): boolean => x.verb === 'get' && x.resource !== 'leases'

/** Whether the server did something because of it. */
export const wasApplied = (x: Exchange): boolean => x.status !== undefined && x.status < 300

/** The object's name without what differs from run to run: the trial's id, and the beginning of a UID. */
export function masked(text: string, id: string): string {
  return text.replaceAll(id, 'ID').replace(/-[0-9a-f]{8}(?![0-9a-z])/g, '-UID')
}

/** The object that a write of this name is about, as `countsOf` names it: `services web-UID`. */
export const objectOf = (write: string): string => write.split(' ').slice(1, 3).join(' ')

/** What belongs to a guest bears the beginning of its Instance's UID. */
export const isOnGuestSide = (write: string): boolean => write.includes('-UID')

/** What is done to which object: `patch guests/status web-UID`. */
export function deedOf(x: Exchange, id: string): string {
  const where = x.subresource === undefined ? x.resource : `${x.resource}/${x.subresource}`
  return `${x.verb} ${where} ${masked(x.name ?? '', id)}`
}

export interface Named {
  name: string
  exchange: Exchange
}

/** The requests of a journal that count, each with its deed and how often that had been done before, counted from 1: `create pods web-UID #2`. */
export function named(journal: readonly Exchange[], counts: (x: Exchange) => boolean, id: string): Named[] {
  const count = openCounter(id)
  return journal.filter(counts).map(exchange => ({ name: count(exchange), exchange }))
}

/** Names requests as they come. */
export function openCounter(id: string): (x: Exchange) => string {
  const done = new Map<string, number>()
  return x => {
    const deed = deedOf(x, id)
    const n = (done.get(deed) ?? 0) + 1
    done.set(deed, n)
    return `${deed} #${n}`
  }
}

/**
 * Whether a write takes something away for good: a deletion, a finalizer that goes, a password that is forgotten. Sieve's experience: it is
 * before these that an old view of the world does harm.
 */
export function isDestructive(x: Exchange): boolean {
  if (!isWrite(x)) return false
  if (x.verb === 'delete') return true
  if (Array.isArray(x.body)) return x.body.some(op => (op as { op: string }).op === 'remove')
  const { data } = (x.body ?? {}) as { data?: Record<string, unknown> }
  return x.verb === 'patch' && data !== undefined && Object.values(data).includes(null)
}

/** Whether a write says or makes something that no later one takes back: a password, what a guest is asked, a size, an agent's image, that all is well. */
export function isSaidForGood(x: Exchange): boolean {
  if (!isWrite(x) || isDestructive(x)) return false
  if (x.resource === 'secrets') return x.body?.data !== undefined && isOnGuestSide(masked(x.name ?? '', ''))
  if (x.resource === 'instances') return x.subresource === 'status'
  return x.verb === 'patch' && x.subresource === undefined && ['guests', 'persistentvolumeclaims', 'pods'].includes(x.resource)
}
