/**
 * The end of the agent's process: first the last words, for what reports them is called off with the rest; then the loop, the watch and
 * whatever is being done are called off and given a moment to end. Neither keeps the pod: what hangs is not waited for.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Agent } from './agent.ts'

/** From here on nothing is lost, whenever the kubelet's patience ends. */
const callingOffMs = 500

/** Resolves `farewellMs` and half a second later at the latest, and never rejects. `running` is what `ending` calls off. */
export async function takeLeave(
  agent: Pick<Agent, 'farewell'>,
  running: Promise<unknown>,
  ending: AbortController,
  farewellMs: number,
): Promise<void> {
  await orAfter(farewellMs, agent.farewell(AbortSignal.timeout(farewellMs)))
  ending.abort(new Error('the agent ends'))
  await orAfter(callingOffMs, running)
}

async function orAfter(ms: number, work: Promise<unknown>): Promise<void> {
  const settled = new AbortController()
  const waited = pause(ms, undefined, { signal: settled.signal })
  await Promise.race([work, waited]).catch(() => {})
  settled.abort()
  await waited.catch(() => {})
}
