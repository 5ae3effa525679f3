/** When a fault strikes: at the moment of one write, from one step on, once for each of several. */
import { type Exchange, isWrite, openCounter } from './journal.ts'
import type { Verdict } from './proxy.ts'
import type { Armed, Controls } from './trial.ts'

type Strike = (answer: { status: number; body: string }) => Verdict | undefined | Promise<Verdict | undefined>

/** At the moment of one write: before the server hears of it, or after it has answered. */
export const atWrite = (write: string, c: Controls, when: 'before' | 'after', strike: Strike): Armed =>
  atRequest(write, isWrite, c, when, strike)

/** At the moment of the request of this name, of those that count. */
export function atRequest(name: string, counts: (x: Exchange) => boolean, c: Controls, when: 'before' | 'after', strike: Strike): Armed {
  const count = openCounter(c.stage.id)
  const meant = new WeakSet<Exchange>()
  const struck: Strike = async answer => {
    c.hit()
    try {
      return await strike(answer)
    } catch (error) {
      c.failed(error)
      throw error
    }
  }
  return {
    before(x) {
      if (counts(x) && count(x) === name) meant.add(x)
      return when === 'before' && meant.has(x) ? struck({ status: 0, body: '' }) : undefined
    },
    after: (x, answer) => (when === 'after' && meant.has(x) ? struck(answer) : undefined),
  }
}

/** From the beginning of one step on. */
export function fromStep(step: number, c: Controls, fault: Pick<Armed, 'before' | 'line' | 'stream'> & { begin?: () => unknown }): Armed {
  let begun = false
  const { begin, before, line, stream } = fault
  return {
    async onStep(i) {
      if (i !== step) return
      begun = true
      c.hit()
      await begin?.()
    },
    // While it begins it is in force already: `begin` may take its time.
    before: x => (begun ? before?.(x) : undefined),
    line: (x, l, later) => (begun ? line?.(x, l, later) : undefined),
    stream: (x, signal) => (begun ? stream?.(x, signal) : undefined),
  }
}

/** Strikes once for each group of requests; undefined belongs to none. */
export function onceForEach<R>(groupOf: (x: Exchange) => string | undefined, what: () => R): (x: Exchange) => R | undefined {
  const struck = new Set<string>()
  return x => {
    const group = groupOf(x)
    if (group === undefined || struck.has(group)) return undefined
    struck.add(group)
    return what()
  }
}
