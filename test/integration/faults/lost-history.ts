/** Watches that cannot go on: their history is gone, or nothing comes any more, or everything has to be listed anew. */
import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { pathOf } from '../../../src/kube/resource.ts'
import { cutShort, endsList, expired, refusal, watchOf } from './answers.ts'
import type { Exchange } from './journal.ts'
import type { PlanOf } from './plans.ts'
import type { Verdict, WatchLine } from './proxy.ts'
import { resourceOf } from './stage.ts'
import { comesTrue, isStarted, watches } from './started.ts'
import type { Armed, Controls } from './trial.ts'
import { fromStep, onceForEach } from './when.ts'

/** The server no longer knows what was before this step: told when a watch is opened, or in the midst of one in place of its next event. */
export function gone({ fault, step }: { fault: string; step: number }, c: Controls): Armed {
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
export function goneOnAPage({ step }: { step: number }, c: Controls): Armed {
  const expiredPage = onceForEach(
    x => x.resource,
    () => refusal(410, 'Expired'),
  )
  return {
    ...fromStep(step, c, { begin: () => c.crash() }),
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
      const { status, body } = await c.upstream.text('GET', `${path}?${query}`)
      return { do: 'answer', status, body }
    },
  }
}

/** The server does not stream lists, and of the first list of each kind comes half. */
export function listCutShort({ step }: { step: number }, c: Controls): Armed {
  const isFirst = onceForEach(
    x => (x.verb === 'list' ? x.resource : undefined),
    () => true,
  )
  return {
    ...fromStep(step, c, { begin: () => c.crash() }),
    before: x => (x.query.has('sendInitialEvents') ? refusal(400, 'BadRequest') : undefined),
    after: (x, answer) => (isFirst(x) ? cutShort(answer) : undefined),
  }
}

/** Of a process that has just begun: a bookmark on every watch, which then breaks; what was before the bookmark is no longer known to the server. Nothing has to be listed anew. */
export function historyEnds({ step }: { step: number }, c: Controls): Armed {
  const streams = new Map<Exchange, { tell: (lines: WatchLine[]) => void; of: Pick<KubeObject, 'kind' | 'apiVersion'> }>()
  let end = 0
  let told = false
  return {
    async onStep(i) {
      if (i !== step) return
      streams.clear()
      const began = performance.now()
      await c.crash()
      if (!(await comesTrue(() => streams.size >= watches))) throw new Error('the operator did not start')
      end = await later(c)
      // What came before it is told before it.
      await pause(200)
      told = true
      const metadata = { resourceVersion: String(end) } as KubeObject['metadata']
      for (const { tell, of } of streams.values()) tell([{ type: 'BOOKMARK', object: { ...of, metadata } }])
      // What has not been read when a connection breaks is lost. Whoever is slow to begin is slow to read.
      await pause(performance.now() - began)
      c.hit()
      c.cut()
    },
    line(x, { type, object }, tell) {
      // The server's own bookmark would be of an earlier moment.
      if (told && type === 'BOOKMARK' && Number(object.metadata.resourceVersion) < end) return []
      // A bookmark amid what is listed would be taken back by the one that ends the list.
      if (endsList(object)) streams.set(x, { tell, of: { kind: object.kind, apiVersion: object.apiVersion } })
      return undefined
    },
    before: x => forgotten(x, end),
  }
}

/** A resourceVersion after all that there is: of something that no operator looks at. */
async function later({ upstream, stage: { id } }: Controls): Promise<number> {
  const path = '/api/v1/namespaces/default/configmaps'
  const answer = await upstream.text(
    'POST',
    path,
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `later-${id}` } }),
  )
  await upstream.text('DELETE', `${path}/later-${id}`)
  return Number((JSON.parse(answer.body) as KubeObject).metadata.resourceVersion)
}

/** Every stream that is open goes silent, and stays open: no line, no bookmark, no end. */
export function stalledWatches({ step }: { step: number }, c: Controls): Armed {
  let upTo = 0
  return fromStep(step, c, {
    begin: async () => {
      await opened(c)
      upTo = c.journal.length
    },
    line: x => (x.n <= upTo ? [] : undefined),
  })
}

/** All watches are open, and have brought what there is. */
export async function opened({ journal }: Controls): Promise<void> {
  if (!(await isStarted(journal, journal.at(-1)?.life ?? 1))) throw new Error('the operator did not start')
  await pause(200)
}

/** Every watch has to list anew, and in two of the lists are ten thousand objects of somebody else's. */
export function relist(plan: PlanOf<'relist'>, c: Controls): Armed {
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
  yield* c.upstream.lines(`${pathOf(resourceOf(x.resource), { namespace })}?${x.query}`, signal)
}
