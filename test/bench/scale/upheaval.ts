/** What is left of peace when the operator is killed: how long until another process has caught up or taken over, and what it wrote for that. */
import { setTimeout as pause } from 'node:timers/promises'
import { median } from '../statistics.ts'
import { by, type Write } from './audit.ts'
import { type Bed, startedOperator } from './bed.ts'
import { settled } from './burst.ts'
import { reaction } from './latency.ts'
import { nodeAgent } from './node.ts'
import { caughtUp } from './program.ts'

/** Whoever holds the Lease goes on with it: the measurements come in this order, and none waits for a Lease that another left behind. */
const pods = ['pod-1', 'pod-2'] as const

export interface Restart {
  seconds: number
  writes: Write[]
}

/** From SIGKILL until a process in the same pod has listed everything and reconciled every Instance once. */
export async function restart(bed: Bed, instances: number, rounds: number): Promise<Restart> {
  const identity = pods[0]
  let operator = await startedOperator(bed, identity)
  await caughtUp(operator, instances)
  const seconds: number[] = []
  const since = await bed.audit.mark()
  for (let i = 0; i < rounds; i++) {
    const began = performance.now()
    await operator.kill()
    operator = await startedOperator(bed, identity)
    await caughtUp(operator, instances)
    seconds.push((performance.now() - began) / 1000)
    await settled(since)
  }
  const writes = by('trove-operator', await since()).filter(w => w.resource !== 'leases')
  await operator.kill()
  return { seconds: median(seconds), writes }
}

/** From SIGKILL of the leader until the standby has taken account of a change that came right after. */
export async function takeover(bed: Bed, instances: number, name: string): Promise<number> {
  const leader = await startedOperator(bed, pods[0])
  await caughtUp(leader, instances)
  const standby = await startedOperator(bed, pods[1])
  while (!(await standby.ready())) await pause(20)
  // After the API server's restarts the bench's own watches may be waiting to begin again: what is measured next is not their patience.
  await reaction(bed, name)
  // The standby looks at the Lease every other second: it has seen this one renewed.
  await pause(5_000)
  await leader.kill()
  const ms = await reaction(bed, name)
  await standby.kill()
  return ms / 1000
}

/** Nothing happens for so long: the writes of the operator and the agents, without the Lease. */
export async function rest(bed: Bed, instances: number, ms: number): Promise<Write[]> {
  const operator = await startedOperator(bed, pods[1])
  await caughtUp(operator, instances)
  await settled(await bed.audit.mark())
  const since = await bed.audit.mark()
  await pause(ms)
  const all = await since()
  await operator.kill()
  return [...by('trove-operator', all), ...by(nodeAgent, all)].filter(w => w.resource !== 'leases')
}
