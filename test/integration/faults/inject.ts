/** What each kind of fault does. One function per kind: a plan in, hooks for the proxy and the steps out. */
import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { pathOf } from '../../../src/kube/resource.ts'
import { type Exchange, masked } from './journal.ts'
import { meddle } from './meddle.ts'
import type { Plan, PlanOf } from './plans.ts'
import type { Verdict, WatchLine } from './proxy.ts'
import { resourceOf } from './stage.ts'
import type { Armed, Controls } from './trial.ts'
import { atRequest, atWrite, fromStep, onceForEach } from './when.ts'

export function inject(plan: Plan, c: Controls): Armed {
  switch (plan.fault) {
    case 'crash before':
      return atWrite(plan.write, c, 'before', async () => {
        await c.crash()
        return { do: 'break' }
      })
    case 'crash after':
      return atWrite(plan.write, c, 'after', async () => {
        await c.crash()
        return { do: 'break' }
      })
    case 'applied but answered 500':
      return atWrite(plan.write, c, 'after', () => refusal(500, 'InternalError'))
    case 'answer cut short':
      return atWrite(plan.write, c, 'after', ({ status, body }) => ({ do: 'answer', status, body: body.slice(0, body.length / 2) }))
    case 'stale list':
      return staleList(plan, c)
    case 'lost event':
      return lostEvent(plan, c)
    case 'gone':
    case 'gone in the stream':
      return gone(plan, c)
    case 'watch lines cut':
      return fromStep(plan.step, c, { line: onceForEach(watchOf, () => 'cut' as const) })
    case 'gone on a page':
      return goneOnAPage(c)
    case 'history ends at a bookmark':
      return historyEnds(plan, c)
    case 'asked for something else':
      return atRequest(
        plan.question,
        x => x.verb === 'get',
        c,
        'before',
        async () => {
          await c.stage.change('instances', 'web', { spec: { access: { allowedCidrs: ['10.9.0.0/16'] } } })
          return undefined
        },
      )
    case 'no bookmarks':
      return fromStep(0, c, { line: (_, { type, object }) => (type === 'BOOKMARK' && !endsList(object) ? [] : undefined) })
    case 'stalled watches':
      return stalledWatches(plan, c)
    case 'relist':
      return relist(plan, c)
    case 'storm':
      return storm(plan, c)
    case 'skewed clock':
      return fromStep(plan.step, c, { begin: () => c.crash({ skewMs: plan.minutes * 60_000 }) })
    case 'leader cut off':
      return leaderCutOff(plan, c)
    case 'replaced':
    case 'deleted':
    case 'edited':
      return meddle(plan, c)
  }
}

const watchOf = (x: Exchange): string | undefined => (x.verb === 'watch' ? x.resource : undefined)

/** The server was slow to tell for so long. */
const lateMs = 1500

/**
 * Just before a destructive write the process ends, or its watches do, and what it lists then is the world as it was when an earlier step
 * began. Later the server catches up: a stream that was begun goes on, and lists are as they should be.
 */
function staleList(plan: PlanOf<'stale list'>, c: Controls): Armed {
  let asOf: number | undefined
  let late = Promise.resolve()
  let over = false
  const lost = onceForEach(watchOf, () => refusal(410, 'Expired'))
  const strike = atWrite(plan.write, c, 'before', async () => {
    asOf = c.boundaries[plan.step]
    // Watches that broke are opened again only after a while.
    late = pause(plan.after === 'a crash' ? lateMs : 3 * lateMs).then(() => {
      over = true
    })
    if (plan.after === 'a lost history') {
      c.cut()
      return undefined
    }
    await c.crash()
    return { do: 'break' }
  })
  return {
    ...strike,
    before: x => (plan.after === 'a lost history' && asOf !== undefined ? lost(x) : strike.before?.(x)),
    stream: (x, signal) => {
      if (asOf === undefined || over || !x.query.has('sendInitialEvents')) return undefined
      if (plan.of !== 'everything' && (plan.of === 'the guests') !== (x.namespace === c.stage.guests)) return undefined
      return oldWorld(x, String(asOf), late, c, signal)
    },
    disarm: () => late,
  }
}

async function* oldWorld(x: Exchange, asOf: string, late: Promise<void>, c: Controls, signal: AbortSignal): AsyncGenerator<string> {
  const { upstream } = c.bed
  const path = pathOf(resourceOf(x.resource), x.namespace === undefined ? {} : { namespace: x.namespace })
  const selector = x.query.get('labelSelector')
  const selected = selector === null ? '' : `&labelSelector=${encodeURIComponent(selector)}`
  const answer = await upstream.text('GET', `${path}?resourceVersion=${asOf}&resourceVersionMatch=Exact${selected}`)
  const { kind: listKind, apiVersion, items } = JSON.parse(answer.body) as { kind: string; apiVersion: string; items: KubeObject[] }
  const kind = listKind.replace(/List$/, '')
  for (const item of items) yield JSON.stringify({ type: 'ADDED', object: { ...item, kind, apiVersion } })
  const metadata = { resourceVersion: asOf, annotations: { 'k8s.io/initial-events-end': 'true' } }
  yield JSON.stringify({ type: 'BOOKMARK', object: { kind, apiVersion, metadata } })
  await late
  yield* upstream.lines(`${path}?watch=true&allowWatchBookmarks=true&resourceVersion=${asOf}&timeoutSeconds=600${selected}`, signal)
}

/** Events of one object are kept back until another comes that cancels them; if none comes, they are only late. */
function lostEvent(plan: PlanOf<'lost event'>, c: Controls): Armed {
  const seen: string[] = []
  let held: WatchLine[] = []
  let over = false
  let late = Promise.resolve()
  return {
    disarm: () => late,
    line(x, line, later) {
      const { name, resourceVersion } = line.object.metadata
      // A bookmark would say that nothing was kept back: it waits as well.
      if (x.resource === plan.resource && line.type === 'BOOKMARK' && held.length > 0) {
        held.push(line)
        return []
      }
      if (x.resource !== plan.resource || name === undefined || masked(name, c.stage.id) !== plan.object) return undefined
      if (!seen.includes(resourceVersion)) seen.push(resourceVersion)
      const index = seen.indexOf(resourceVersion)
      if (over || index < plan.from) return undefined
      if (index >= plan.to) {
        over = true
        const marks = held.filter(l => l.type === 'BOOKMARK')
        held = []
        return [...marks, line]
      }
      c.hit()
      held.push(line)
      late = pause(lateMs).then(() => {
        over = true
        later(held)
        held = []
      })
      return []
    },
  }
}

/** The server no longer knows what was before this step: told when a watch is opened, or in the midst of one in place of its next event. */
function gone({ fault, step }: { fault: string; step: number }, c: Controls): Armed {
  let end = 0
  const told = onceForEach(watchOf, () => [expired])
  return fromStep(step, c, {
    begin: () => {
      end = c.stage.view.versions.at(-1)!.at + 1
      if (fault === 'gone') c.cut()
    },
    before: x => forgotten(x, end),
    line: x => (fault === 'gone' ? undefined : told(x)),
  })
}

/** A watch from before the history's beginning. */
function forgotten(x: Exchange, end: number): Verdict | undefined {
  return x.verb === 'watch' && Number(x.query.get('resourceVersion') ?? end) < end ? refusal(410, 'Expired') : undefined
}

/** The server does not stream lists, gives two objects to a page, and has forgotten where it was when asked for the second page. */
function goneOnAPage(c: Controls): Armed {
  const expiredPage = onceForEach(
    x => x.resource,
    () => refusal(410, 'Expired'),
  )
  return {
    ...fromStep(0, c, { begin: () => c.crash() }),
    async before(x) {
      if (x.query.has('sendInitialEvents')) return refusal(400, 'BadRequest')
      if (x.verb !== 'list') return undefined
      const next = x.query.get('continue')
      if (next !== null) {
        const verdict = expiredPage(x)
        if (verdict !== undefined) return verdict
      }
      const path = pathOf(resourceOf(x.resource), x.namespace === undefined ? {} : { namespace: x.namespace })
      const query = new URLSearchParams({ ...Object.fromEntries(x.query), limit: '2' })
      const { status, body } = await c.bed.upstream.text('GET', `${path}?${query}`)
      return { do: 'answer', status, body }
    },
  }
}

/** A bookmark on every watch, which then breaks; what was before the bookmark is no longer known to the server. Nothing has to be listed anew. */
function historyEnds({ step }: { step: number }, c: Controls): Armed {
  const streams = new Map<Exchange, { tell: (lines: WatchLine[]) => void; of: Pick<KubeObject, 'kind' | 'apiVersion'> }>()
  let end = 0
  return {
    async onStep(i) {
      if (i !== step) return
      while (streams.size < watches) await pause(20)
      end = c.stage.view.versions.at(-1)!.at
      const metadata = { resourceVersion: String(end) } as KubeObject['metadata']
      for (const { tell, of } of streams.values()) tell([{ type: 'BOOKMARK', object: { ...of, metadata } }])
      await pause(100)
      c.hit()
      c.cut()
    },
    line(x, { object: { kind, apiVersion } }, tell) {
      streams.set(x, { tell, of: { kind, apiVersion } })
      return undefined
    },
    before: x => forgotten(x, end),
  }
}

/** Every stream that is open goes silent, and stays open: no line, no bookmark, no end. */
function stalledWatches({ step }: { step: number }, c: Controls): Armed {
  let upTo = 0
  return fromStep(step, c, {
    begin: async () => {
      await opened(c)
      upTo = c.journal.length
    },
    line: x => (x.n <= upTo ? [] : undefined),
  })
}

/** As many as the operator has collections. */
const watches = 15

/** All watches are open, and have brought what there is. */
async function opened({ journal }: Controls): Promise<void> {
  while (journal.filter(x => x.verb === 'watch').length < watches) await pause(20)
  await pause(200)
}

/** Every watch has to list anew, and in two of the lists are ten thousand objects of somebody else's. */
function relist(plan: PlanOf<'relist'>, c: Controls): Armed {
  return fromStep(plan.step, c, {
    begin: c.cut,
    before: onceForEach(watchOf, () => refusal(410, 'Expired')),
    stream: (x, signal) => {
      if (!x.query.has('sendInitialEvents') || (x.resource !== 'secrets' && x.resource !== 'pods')) return undefined
      return crowded(x, plan.objects / 2, c, signal)
    },
  })
}

async function* crowded(x: Exchange, many: number, c: Controls, signal: AbortSignal): AsyncGenerator<string> {
  const kind = resourceOf(x.resource).kind
  const namespace = x.namespace!
  const data = { value: 'x'.repeat(1000) }
  for (let i = 0; i < many; i++) {
    const metadata = { name: `stranger-${i}`, namespace, uid: `stranger-${x.resource}-${i}`, resourceVersion: '1' }
    yield JSON.stringify({ type: 'ADDED', object: { apiVersion: 'v1', kind, metadata, data } })
  }
  yield* c.bed.upstream.lines(`${pathOf(resourceOf(x.resource), { namespace })}?${x.query}`, signal)
}

/** Only its Lease is out of the leader's reach; it can do everything else. The step begins about when it has to give up. */
function leaderCutOff({ step }: { step: number }, c: Controls): Armed {
  const cut = fromStep(step, c, {
    begin: () => pause(9_000 + c.random.below(4_000)),
    before: x => (x.resource === 'leases' && x.verb === 'update' ? { do: 'hang' } : undefined),
  })
  const holder = () => c.stage.view.list('leases')[0]?.spec?.holderIdentity
  return { ...cut, disarm: () => c.stage.view.until(() => holder() === 'standby', 30_000) }
}

/** Whatever is asked, the answer is the same. Watches that are open go on. */
function storm(plan: PlanOf<'storm'>, c: Controls): Armed {
  let until = 0
  const reason = { 409: 'Conflict', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable' }[plan.status]
  const headers: Record<string, string> = plan.status === 429 || plan.status === 503 ? { 'retry-after': '1' } : {}
  return fromStep(plan.step, c, {
    begin: async () => {
      await opened(c)
      until = performance.now() + plan.seconds * 1000
    },
    before: () => (performance.now() < until ? refusal(plan.status, reason, headers) : undefined),
  })
}

const endsList = (object: KubeObject): boolean => object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true'

const failure = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: `${reason}, says the test`,
  reason,
  code,
})

const expired: WatchLine = { type: 'ERROR', object: failure(410, 'Expired') as unknown as KubeObject }

const refusal = (code: number, reason: string, headers: Record<string, string> = {}): Verdict => ({
  do: 'answer',
  status: code,
  body: JSON.stringify(failure(code, reason)),
  headers,
})
