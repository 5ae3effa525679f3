/** When a process that was started has looked at everything there is. */
import { setTimeout as pause } from 'node:timers/promises'
import { openCollections } from '../../../src/operator/collections.ts'
import type { Exchange } from './journal.ts'

/** One for each of the operator's collections. */
export const watches = Object.keys(openCollections({ collection: () => undefined } as never, { guestsNamespace: '' })).length

/** A machine with many others to start is slow. */
const startsWithinMs = 60_000

/** Resolves with whether this one of the operator's lives has opened all its watches. */
export const isStarted = (journal: readonly Exchange[], life: number): Promise<boolean> =>
  comesTrue(() => journal.filter(x => x.verb === 'watch' && x.who === 'operator' && x.life === life).length >= watches)

/** For what no record tells of: resolves with whether it comes true within the time that a start may take. */
export async function comesTrue(test: () => boolean): Promise<boolean> {
  const late = performance.now() + startsWithinMs
  while (!test() && performance.now() < late) await pause(20)
  return test()
}
