/** Two replicas of the operator: one leads, the other knows all that it needs to go on at once. Alone, because the leader is taken away. */
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { writesSince } from '../audit.ts'
import { kill, metric, operatorPods, pidsOf, process } from '../node.ts'
import { database, instance } from '../objects.ts'
import { apply, becomes, cluster, get, kubectl, ready, tenant, tryKubectl, until } from '../world.ts'

/** What a lease lasts, and what the standby may take beyond that. */
const leaseMs = 15_000
const marginMs = 2000

const lease = async () => (await get('lease', 'trove-operator', 'trove-system')).spec as { holderIdentity: string; acquireTime: string }

/** Waits until the lease has been taken since then, and tells by whom and how long after. */
async function takenAfter(since: Date): Promise<{ uid: string; ms: number }> {
  const spec = await until('the lease is taken', async () => {
    const found = await lease()
    return new Date(found.acquireTime) > since && found.holderIdentity !== '' && found
  })
  return { uid: spec.holderIdentity, ms: +new Date(spec.acquireTime) - +since }
}

const bothAreReady = () => kubectl('rollout status deployment/trove-operator -n trove-system --timeout=60s')

/** That the one which leads now does its work. */
async function works(ns: string, name: string): Promise<void> {
  await apply(database(name, ns, 'db'))
  await becomes('database', name, ns, 'Ready', 'True', 30_000)
}

test('whatever becomes of the leader, the other goes on within lease + 2 s, without listing anything anew; a container killed in place leads again at once', async () => {
  const { ns } = await tenant('replicas')
  await bothAreReady()
  const beginning = new Date()
  await apply(instance('db', ns))
  await ready('db', ns)
  const { leader: first, standby: second } = await operatorPods()

  // It stands by: Ready, in step, and no writer of anything. What is told of the whole is told by the leader alone.
  const byStandby = (await writesSince(beginning)).filter(w => w.pod === second.name)
  expect(byStandby.map(w => w.what)).toEqual([])
  expect((await writesSince(beginning)).filter(w => w.pod === first.name).length).toBeGreaterThan(5)
  expect(await metric(second.name, 'leader_election_master_status')).toBe(0)
  expect(await metric(second.name, 'workqueue_depth')).toBe(0)
  const lists = await metric(second.name, 'reflector_lists_total')

  // The leader's pod is deleted: in order, so it gives the lease back. The pod that comes in its place, which may be quicker, has to wait outside.
  const { nodeName } = await cluster()
  await kubectl(['cordon', nodeName])
  onTestFinished(async () => {
    await tryKubectl(['uncordon', nodeName])
  })
  const deleted = new Date()
  await kubectl(['delete', 'pod', first.name, '-n', 'trove-system', '--wait=false'])
  const inOrder = await takenAfter(deleted)
  await kubectl(['uncordon', nodeName])
  expect(inOrder.uid).toBe(second.uid)
  expect(inOrder.ms).toBeLessThan(leaseMs)
  await works(ns, 'afterdeletion')
  expect(await metric(second.name, 'reflector_lists_total')).toBe(lists)
  expect(await metric(second.name, 'leader_election_master_status')).toBe(1)

  // The leader stops in the middle of whatever it does, and gives nothing back.
  await bothAreReady()
  const { leader, standby: third } = await until('both operators run', operatorPods)
  expect(leader.uid).toBe(second.uid)
  const thirdLists = await metric(third.name, 'reflector_lists_total')
  const hung = await pidsOf(second.uid, process.operator)
  onTestFinished(async () => {
    await kill(hung, 'CONT').catch(() => {})
  })
  const stopped = new Date()
  await kill(hung, 'STOP')
  const hard = await takenAfter(stopped)
  expect(hard.uid).toBe(third.uid)
  expect(hard.ms).toBeLessThanOrEqual(leaseMs + marginMs)
  await works(ns, 'afterhang')
  expect(await metric(third.name, 'reflector_lists_total')).toBe(thirdLists)
  // Woken up it sees that it was deposed, and writes nothing more.
  const woken = new Date()
  await kill(hung, 'CONT')
  await until('it begins anew', async () => {
    const pid = await pidsOf(second.uid, process.operator)
    return pid.length > 0 && !pid.includes(hung[0]!)
  })
  await bothAreReady()
  expect((await writesSince(woken)).filter(w => w.pod === second.name).map(w => w.what)).toEqual([])

  // The leader's container is killed in place: the pod's UID is its identity, so the lease is still its own.
  await pause(1000)
  const killed = new Date()
  await kill(await pidsOf(third.uid, process.operator))
  const again = await takenAfter(killed)
  expect(again.uid).toBe(third.uid)
  expect(again.ms).toBeLessThan(leaseMs - 4000)
  await works(ns, 'afterkill')
  await bothAreReady()
})
