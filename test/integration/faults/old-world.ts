/** The operator is shown what no longer is: lists from before, events that come late or not at all. */
import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { pathOf } from '../../../src/kube/resource.ts'
import { refusal, watchOf } from './answers.ts'
import { type Exchange, masked } from './journal.ts'
import type { Part, PlanOf } from './plans.ts'
import type { WatchLine } from './proxy.ts'
import { resourceOf } from './stage.ts'
import { isStarted } from './started.ts'
import type { Armed, Controls } from './trial.ts'
import { atWrite, onceForEach } from './when.ts'

/** The server was slow to tell for so long. */
const lateMs = 1000

/**
 * Just before a destructive write the process ends, or its watches do, and what it lists then is the world as it was when an earlier step
 * began. Later the server catches up: a stream that was begun goes on, and lists are as they should be.
 */
export function staleList(plan: PlanOf<'stale list'>, c: Controls): Armed {
  let asOf: number | undefined
  let late: Promise<void> | undefined
  let over = false
  /** A new process has seen it all once its last watch is open; what broke is opened again one after the other. */
  const seen = ({ life }: Exchange) => (plan.after === 'a crash' ? isStarted(c.journal, life) : pause(2 * lateMs))
  /** Once for all lists: what was seen can be acted upon for a while before it is put right. */
  const untilLate = (x: Exchange) => {
    late ??= (async () => {
      await seen(x)
      await pause(lateMs)
      over = true
    })()
    return late
  }
  const lost = onceForEach(watchOf, () => refusal(410, 'Expired'))
  const strike = atWrite(plan.write, c, 'before', async () => {
    asOf = c.boundaries[plan.step]
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
      if (!isPart(plan.of, x, c.stage.guests)) return undefined
      return oldWorld(x, String(asOf), untilLate(x), c, signal)
    },
    async disarm() {
      // What broke may be opened again only after the workload's last step.
      for (let i = 0; i < 500 && asOf !== undefined && late === undefined; i++) await pause(20)
      await late
    },
  }
}

function isPart(of: Part, x: Exchange, guests: string): boolean {
  switch (of) {
    case 'everything':
      return true
    case 'the tenant':
      return x.namespace !== guests
    case 'the guests':
      return x.namespace === guests
    default:
      return x.resource === of
  }
}

async function* oldWorld(x: Exchange, asOf: string, late: Promise<void>, c: Controls, signal: AbortSignal): AsyncGenerator<string> {
  const { upstream } = c
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
export function lostEvent(plan: PlanOf<'lost event'>, c: Controls): Armed {
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
