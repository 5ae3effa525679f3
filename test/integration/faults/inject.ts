/** What each kind of fault does. One function per kind: a plan in, hooks for the proxy and the steps out. */
import { setTimeout as pause } from 'node:timers/promises'
import { cutShort, endsList, refusal, watchOf } from './answers.ts'
import { isQuestion } from './journal.ts'
import { gone, goneOnAPage, historyEnds, listCutShort, opened, relist, stalledWatches } from './lost-history.ts'
import { meddle } from './meddle.ts'
import { lostEvent, staleList } from './old-world.ts'
import type { Plan, PlanOf } from './plans.ts'
import { comesTrue } from './started.ts'
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
      return atWrite(plan.write, c, 'after', cutShort)
    case 'read cut short':
      return atRequest(plan.question, isQuestion, c, 'after', cutShort)
    case 'list cut short':
      return listCutShort(plan, c)
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
      return goneOnAPage(plan, c)
    case 'history ends at a bookmark':
      return historyEnds(plan, c)
    case 'asked for something else':
      return askedForSomethingElse(plan, c)
    case 'no bookmarks':
      return fromStep(plan.step, c, { line: (_, { type, object }) => (type === 'BOOKMARK' && !endsList(object) ? [] : undefined) })
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
    case 'lease deleted':
      return leaseDeleted(plan, c)
    case 'leader stopped':
      return leaderStopped(plan, c)
    case 'replaced':
    case 'deleted':
    case 'edited':
      return meddle(plan, c)
  }
}

function askedForSomethingElse({ question }: PlanOf<'asked for something else'>, c: Controls): Armed {
  return atRequest(question, isQuestion, c, 'before', async () => {
    const { stage } = c
    const spec = { access: { allowedCidrs: ['10.9.0.0/16'] } }
    for (const { metadata } of stage.view.list('instances').slice(0, 1)) await stage.change('instances', metadata.name, { spec })
    // The watch tells of it before the answer comes.
    await pause(200)
    return undefined
  })
}

/** Only its Lease is out of the leader's reach; it can do everything else. The step begins about when it has to give up. */
function leaderCutOff({ step }: { step: number }, c: Controls): Armed {
  const cut = fromStep(step, c, {
    begin: () => pause(9_000 + c.random.below(4_000)),
    before: x => (x.resource === 'leases' && x.verb === 'update' ? { do: 'hang' } : undefined),
  })
  return { ...cut, disarm: () => anotherLeads(c) }
}

/**
 * From one write on the server is slow, until requests queue up in the leader; then it stops, as on a machine that is out of memory. When it
 * wakes up, another has long been leading, and the queue moves on.
 */
function leaderStopped({ write }: PlanOf<'leader stopped'>, c: Controls): Armed {
  let moves: Promise<void> | undefined
  let over: Promise<void> | undefined
  const begin = async () => {
    moves = pause(1000)
    await moves
    c.stop()
    await anotherLeads(c)
    c.wake()
  }
  const first = atWrite(write, c, 'before', () => {
    over ??= begin()
    return undefined
  })
  return {
    async before(x) {
      await first.before!(x)
      if (x.verb !== 'watch' && x.resource !== 'leases') await moves
      return undefined
    },
    disarm: () => over,
  }
}

/** Right after a renewal that the other knows of: the leader knows nothing of it before the next, two seconds later. Whoever takes what is not there leads by then as well. */
function leaseDeleted({ step }: { step: number }, c: Controls): Armed {
  const { view, remove } = c.stage
  const standbyKnows = () => c.journal.some(x => x.who === 'standby' && x.resource === 'leases' && x.status === 200)
  const deleted = fromStep(step, c, {
    begin: async () => {
      await comesTrue(standbyKnows)
      const renewed = view.versions.findLast(v => v.resource === 'leases')!
      await view.until(() => view.versions.findLast(v => v.resource === 'leases') !== renewed, 10_000)
      await remove('leases', renewed.object.metadata.name, renewed.object.metadata.namespace)
      await view.until(() => isLedByAnother(c), 1_300)
    },
  })
  return { ...deleted, disarm: () => anotherLeads(c) }
}

const isLedByAnother = ({ stage: { view } }: Controls): boolean => view.list('leases')[0]?.spec?.holderIdentity === 'standby'

const anotherLeads = (c: Controls): Promise<boolean> => c.stage.view.until(() => isLedByAnother(c), 30_000)

/** Whatever is asked, the answer is the same. Watches that are open go on. */
function storm(plan: PlanOf<'storm'>, c: Controls): Armed {
  let until = 0
  const reason = { 404: '', 409: 'Conflict', 429: 'TooManyRequests', 500: 'InternalError', 503: 'ServiceUnavailable' }[plan.status]
  const headers: Record<string, string> = plan.status === 429 || plan.status === 503 ? { 'retry-after': '1' } : {}
  return fromStep(plan.step, c, {
    begin: async () => {
      await opened(c)
      until = performance.now() + plan.seconds * 1000
    },
    before: () => {
      if (performance.now() > until) return undefined
      // Who answers 404 to everything is not the server, but what stands in its place.
      return plan.status === 404 ? { do: 'answer', status: 404, body: '404 page not found' } : refusal(plan.status, reason, headers)
    },
  })
}
