/**
 * Leader election by a Lease, as client-go does it. Whether another's lease has run out is judged by our own monotonic clock, from the moment
 * at which we last saw the record change: clocks of different machines are never compared. Whether ours still holds is judged by the time since
 * we began the last renewal that succeeded, at each question anew, so that a process that was stopped for long does not believe in it.
 */
import type { Client } from '../kube/client.ts'
import { absent, isAlreadyExists, isConflict } from '../kube/errors.ts'
import { type Lease, leases } from '../kube/resource.ts'
import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'

export interface LeaseOptions {
  client: Pick<Client, 'get' | 'create' | 'replace'>
  clock: Clock
  log: Logger
  namespace: string
  name: string
  /** Of this process and no other; a pod's UID, say, which lets a restarted container take its own lease back at once. */
  identity: string
  /** After so long without a change others take over. Default 15 s. */
  durationMs?: number
  /** After so long without a renewal we give up. Less than `durationMs`, so that we stop before others begin. Default 10 s. */
  renewWithinMs?: number
  /** Between renewals; who waits looks twice as often. Default 2 s. */
  retryMs?: number
}

export interface HeldLease {
  holds(): boolean
  /** Resolves, with the new holder's identity as far as it is known, when the lease is lost; never if it is released. */
  readonly lost: Promise<string>
  /** Lets others take over at once. Only for when nothing is in work any more. */
  release(): Promise<void>
}

/**
 * Waits until the lease is ours. Rejects only when the signal ends. A holder's last renewal is seen within 1.2 s, and the lease is taken the moment
 * that it runs out: within two seconds of that at the latest, whatever the holder's end was like.
 */
export async function acquireLease(o: LeaseOptions, signal: AbortSignal): Promise<HeldLease> {
  const { client, clock, namespace, name, durationMs = 15_000, retryMs = 2_000 } = o
  let seen: { version: string; at: number } | undefined
  let freeAt = 0

  const nextLookMs = () => {
    const often = (retryMs / 2) * (1 + Math.random() / 5)
    const left = freeAt - clock.monotonicMs()
    return left > 0 ? Math.min(often, left) : often
  }

  const attempt = async (): Promise<Lease | undefined> => {
    const call = { signal, deadlineMs: durationMs / 3 }
    const found = await client.get(leases, { namespace, name }, call).catch(absent)
    if (found === undefined) {
      // Somebody deleted it, and its holder may have renewed it until then, seen by us or not, and may not have noticed yet.
      if (seen !== undefined) freeAt = clock.monotonicMs() + durationMs
      seen = undefined
      return clock.monotonicMs() < freeAt ? undefined : client.create(leases, firstRecord(o), call)
    }
    if (found.metadata.resourceVersion !== seen?.version) seen = { version: found.metadata.resourceVersion, at: clock.monotonicMs() }
    const holder = found.spec?.holderIdentity ?? ''
    const runsOutMs = (found.spec?.leaseDurationSeconds ?? durationMs / 1000) * 1000
    freeAt = seen.at + runsOutMs
    if (holder !== '' && holder !== o.identity && clock.monotonicMs() < freeAt) return undefined
    return client.replace(leases, takenOver(o, found), call)
  }

  for (;;) {
    const began = clock.monotonicMs()
    try {
      const lease = await attempt()
      if (lease !== undefined) return keep(o, lease, began)
    } catch (err) {
      signal.throwIfAborted()
      if (!isConflict(err) && !isAlreadyExists(err)) o.log.warn({ err, lease: name }, 'lease not to be had')
    }
    await clock.sleep(nextLookMs(), signal)
  }
}

function keep(o: LeaseOptions, acquired: Lease, began: number): HeldLease {
  const { client, clock, renewWithinMs = 10_000, retryMs = 2_000 } = o
  const stop = new AbortController()
  const left = () => renewedAt + renewWithinMs - clock.monotonicMs()
  let current = acquired
  let renewedAt = began
  let over = false

  /** Gives the identity of who took it, as soon as that or the passing of our time is certain; undefined if stopped. */
  const renewing = async (): Promise<string | undefined> => {
    let pause = retryMs
    while (!stop.signal.aborted) {
      await clock.sleep(Math.min(pause, Math.max(left(), 0)), stop.signal)
      if (left() <= 0) return ''
      const call = { signal: stop.signal, deadlineMs: Math.min(left(), renewWithinMs / 2) }
      const started = clock.monotonicMs()
      try {
        current = await client.replace(leases, renewed(o, current), call)
        renewedAt = started
        pause = retryMs
      } catch (err) {
        if (stop.signal.aborted) break
        // Time is running: an outage that ends just before it does should not cost us the lease.
        pause = retryMs / 4
        if (!isConflict(err)) {
          o.log.warn({ err, lease: o.name }, 'lease not renewed')
          continue
        }
        // Somebody wrote it: another leader, or we ourselves in a request whose answer was lost.
        const found = await client.get(leases, current.metadata, call).catch(() => undefined)
        if (found !== undefined && found.spec?.holderIdentity !== o.identity) return found.spec?.holderIdentity ?? ''
        if (found !== undefined) current = found
      }
    }
    return undefined
  }

  const ended = renewing().catch(() => undefined)
  return {
    holds: () => !over && left() > 0,
    lost: new Promise(resolve => {
      void ended.then(holder => {
        over = true
        if (holder !== undefined) resolve(holder)
      })
    }),
    async release() {
      stop.abort()
      if ((await ended) !== undefined) return
      const call = { signal: new AbortController().signal, deadlineMs: 5_000 }
      const record = {
        ...renewed(o, current),
        spec: { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: stamp(clock) },
      }
      await client.replace(leases, record, call).catch(err => o.log.warn({ err, lease: o.name }, 'lease not released'))
    },
  }
}

/** The API server insists on exactly six digits. */
export const microTime = (date: Date): string => date.toISOString().replace('Z', '000Z')
const stamp = (clock: Clock) => microTime(clock.now())

const mine = (o: LeaseOptions, transitions: number) => ({
  holderIdentity: o.identity,
  leaseDurationSeconds: Math.ceil((o.durationMs ?? 15_000) / 1000),
  acquireTime: stamp(o.clock),
  renewTime: stamp(o.clock),
  leaseTransitions: transitions,
})

const firstRecord = (o: LeaseOptions) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace: o.namespace, name: o.name },
  spec: mine(o, 0),
})

const takenOver = (o: LeaseOptions, lease: Lease): Lease => ({ ...lease, spec: mine(o, (lease.spec?.leaseTransitions ?? 0) + 1) })

const renewed = (o: LeaseOptions, lease: Lease): Lease => ({ ...lease, spec: { ...lease.spec, renewTime: stamp(o.clock) } })
