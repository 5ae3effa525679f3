/**
 * Kubernetes Events about our objects, in the namespace where the object's owner looks for them. Best effort: they are sent one after another
 * from a bounded queue, and one that the server does not take, as for a namespace that ends, is only in the log. The same thing said again within six minutes is counted on the
 * Event that said it first.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Client } from '../kube/client.ts'
import type { KubeObject } from '../kube/objects.ts'
import { events, type Ref } from '../kube/resource.ts'
import type { Clock } from './clock.ts'
import { microTime } from './lease.ts'
import type { Logger } from './log.ts'
import { keyOf } from './store.ts'

export interface EventNote {
  regarding: KubeObject
  type: 'Normal' | 'Warning'
  /** A code of the error registry, or a word of the same form. */
  reason: string
  /** What was being done, as one word. */
  action: string
  /** Cut at 1024 bytes. */
  note: string
}

export interface Recorder {
  /** Never fails and never waits. */
  event(e: EventNote): void
  /** Resolves when all that was said so far has been sent or dropped. */
  flush(): Promise<void>
}

export interface RecorderOptions {
  client: Pick<Client, 'create' | 'patch'>
  log: Logger
  clock: Clock
  /** 'trove.dev/operator'. */
  controller: string
  /** Which process: the pod's name. */
  instance: string
  signal: AbortSignal
}

const mostWaiting = 500
const mostRemembered = 1000
const seriesMs = 6 * 60_000

export function openRecorder(o: RecorderOptions): Recorder {
  const waiting: EventNote[] = []
  const said = new Map<string, { ref: Ref; count: number; at: number }>()
  let sending: Promise<void> | undefined

  const send = async (e: EventNote): Promise<void> => {
    const id = identityOf(e)
    const now = o.clock.monotonicMs()
    const before = said.get(id)
    said.delete(id)
    if (before !== undefined && now - before.at < seriesMs) {
      const series = { count: before.count + 1, lastObservedTime: microTime(o.clock.now()) }
      const call = { manager: o.controller.replace('/', '-'), signal: o.signal, deadlineMs: 5_000 }
      await o.client.patch(events, before.ref, { type: 'merge', body: { series } }, call)
      said.set(id, { ref: before.ref, count: series.count, at: now })
      return
    }
    const made = await o.client.create(events, firstOf(e, o), { signal: o.signal, deadlineMs: 5_000 })
    said.set(id, { ref: made.metadata, count: 1, at: now })
    const oldest = said.keys().next()
    if (said.size > mostRemembered && !oldest.done) said.delete(oldest.value)
  }

  const sendAll = async (): Promise<void> => {
    for (let e = waiting.shift(); e !== undefined && !o.signal.aborted; e = waiting.shift()) {
      const { reason, regarding, note } = e
      await send(e).catch(err => o.log.info({ err, reason, kind: regarding.kind, object: keyOf(regarding), note }, 'event not recorded'))
    }
    sending = undefined
  }

  return {
    event(e) {
      if (waiting.length >= mostWaiting || o.signal.aborted) return
      waiting.push(e)
      sending ??= sendAll()
    },
    flush: async () => sending,
  }
}

function identityOf({ regarding, type, reason, action, note }: EventNote): string {
  return createHash('sha256').update([regarding.metadata.uid, type, reason, action, note].join('\n')).digest('base64')
}

function firstOf({ regarding, type, reason, action, note }: EventNote, o: RecorderOptions) {
  const { name, namespace, uid, resourceVersion } = regarding.metadata
  const { apiVersion, kind } = regarding
  // A name must not end in a dot, nor a part of it in a dash; of a cluster-scoped object only `default` takes Events.
  const stem = name.slice(0, 200).replace(/[.-]+$/, '')
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${stem}.${randomBytes(8).toString('hex')}`, namespace: namespace ?? 'default' },
    eventTime: microTime(o.clock.now()),
    reportingController: o.controller,
    reportingInstance: o.instance,
    regarding: { apiVersion, kind, name, uid, resourceVersion, ...(namespace !== undefined && { namespace }) },
    type,
    reason,
    action,
    note: cut(note, 1024),
  }
}

/** At most so many bytes of UTF-8, without half a character at the end. */
function cut(text: string, bytes: number): string {
  const whole = Buffer.from(text)
  return whole.length <= bytes
    ? text
    : whole
        .subarray(0, bytes)
        .toString('utf8')
        .replace(/\uFFFD$/, '')
}
