/** A new agent image rolled over a fleet under writers, and one that is no good. Alone, because the operator's settings are changed. */
import { expect, onTestFinished, test } from 'vitest'
import { applyOperator } from '../../kind/install.ts'
import { stepLog } from '../../kind/steps.ts'
import { writesSince } from '../audit.ts'
import { binding, clientPod, type Login, missingRows, psql, type Writer, writer } from '../client.ts'
import { metric, onNode, operatorPods } from '../node.ts'
import { database, instance, user } from '../objects.ts'
import { settings } from '../setup.ts'
import { apply, becomes, cluster, condition, get, guestOf, kubectl, listAll, type Obj, tenant, until } from '../world.ts'

/** Short enough for a test; a good agent is back within a few seconds. */
const rollSeconds = '20'

interface Member {
  ns: string
  name: string
  guest: string
  login: Login
  writer: Writer
  started: string
}

async function member(ns: string, name: string): Promise<Member> {
  const app = { name: 'app' }
  await apply(
    instance(name, ns, { flavorRef: { name: 'tiny' } }),
    database(`${name}-shop`, ns, name, { name: 'shop' }),
    user(`${name}-app`, ns, name, { shop: 'Owner' }, app),
  )
  await becomes('databaseuser', `${name}-app`, ns, 'Ready', 'True', 180_000)
  const login = await binding(`${name}-app`, ns)
  const w = await writer(ns, login, `writer-${name}`, `${name}-app-credentials`)
  return { ns, name, guest: await guestOf(name, ns), login, writer: w, started: await startedAt(ns, login) }
}

const startedAt = (ns: string, login: Login) => psql(ns, login, 'select pg_postmaster_start_time()')

const imageOf = (pod: Obj): string => pod.spec.initContainers[0].image
const agentOf = (pod: Obj) =>
  pod.status.initContainerStatuses[0] as { containerID: string; restartCount: number; state: { running?: object } }
/** Those that the server granted: one that failed may be made again, and whether it changed anything is to be seen in the pod. */
const patchesOfPods = async (from: Date) =>
  (await writesSince(from)).filter(w => w.who === 'operator' && w.code === 200 && w.what.startsWith('patch pods/ ')).map(w => w.what)
/** Of the same pod: its generation counts them, and nobody changes anything in it but the agent's image. */
const changesOfSpec = (before: Obj, now: Obj): number => now.metadata.generation! - before.metadata.generation!
const databaseOf = (pod: Obj) => pod.status.containerStatuses[0] as { containerID: string; restartCount: number }

test('agents are rolled one first, then more, under writers that lose nothing; a bad image is taken back at the first, and a good one then goes to all', {
  timeout: 600_000,
}, async () => {
  const c = await cluster()
  const [one, two] = [(await tenant('fleet1')).ns, (await tenant('fleet2')).ns]
  for (const ns of [one, two]) await clientPod(ns)
  const members = await Promise.all([member(one, 'a'), member(one, 'b'), member(one, 'c'), member(two, 'd')])
  const guests = members.map(m => m.guest)

  const pods = async () => {
    const all = new Map((await listAll('pods', 'trove-guests')).map(p => [p.metadata.name, p]))
    return guests.map(g => all.get(g)!)
  }
  const recorded = async () => {
    const all = new Map((await listAll('guests.trove.dev', 'trove-guests')).map(g => [g.metadata.name, g]))
    return guests.map(g => all.get(g)?.metadata.annotations?.['trove.dev/agent-image'])
  }
  const restartsOfDatabases = async () => (await pods()).map(p => [databaseOf(p).containerID, databaseOf(p).restartCount])
  const readySince = async () =>
    Promise.all(members.map(async m => JSON.stringify(condition(await get('instance', m.name, m.ns), 'Ready'))))

  const before = await pods()
  const good = imageOf(before[0]!)
  const repository = good.replace(/:[^:]*$/, '')
  const next = `${repository}:e2e-next`
  await onNode(`ctr -n k8s.io images tag --force ${good} ${next}`)
  const deployment = await get('deployment', 'trove-operator', 'trove-system')
  const operator: string = deployment.spec.template.spec.containers[0].image
  onTestFinished(() => applyOperator(c, operator, stepLog(), settings))
  const want = async (image: string) => {
    const env = [`TROVE_AGENT_IMAGE=${image}`, `TROVE_AGENT_ROLL_SECONDS=${rollSeconds}`]
    await kubectl(['set', 'env', 'deployment/trove-operator', '-n', 'trove-system', ...env])
    await kubectl('rollout status deployment/trove-operator -n trove-system --timeout=120s')
  }
  const databases = await restartsOfDatabases()
  const readiness = await readySince()

  // A second tag of the same agent: a real change of the image, and a good one.
  await until('what works is on record', async () => (await recorded()).every(i => i === good))
  const rollBegan = new Date()
  await want(next)
  const waves: number[] = []
  await until(
    'all have come back with the new image',
    async () => {
      const [now, known] = [(await pods()).map(imageOf), await recorded()]
      const away = guests.filter((_, i) => now[i] === next && known[i] !== next).length
      const back = known.filter(i => i === next).length
      // The record was read after the pods, so it can only be ahead of them.
      expect(away, `${away} are away and ${back} have come back`).toBeLessThanOrEqual(Math.max(1, back))
      if (away > 0) waves.push(away)
      return back === guests.length
    },
    150_000,
    100,
  )
  expect(waves[0]).toBe(1)
  const rolls = await patchesOfPods(rollBegan)
  expect(new Set(rolls).size, rolls.join(', ')).toBe(rolls.length)
  for (const m of members) await m.writer.progress(5)
  expect(await restartsOfDatabases()).toEqual(databases)
  expect(await Promise.all(members.map(m => startedAt(m.ns, m.login)))).toEqual(members.map(m => m.started))
  expect(await readySince(), 'each stayed Ready').toEqual(readiness)
  const rolled = await pods()
  rolled.forEach((p, i) => {
    expect(p.metadata.uid).toBe(before[i]!.metadata.uid)
    expect(changesOfSpec(before[i]!, p), p.metadata.name).toBe(1)
    expect(agentOf(p).restartCount).toBe(agentOf(before[i]!).restartCount + 1)
  })

  // An image that cannot be pulled: the kubelet ends the good agent before it finds that out.
  const missing = `${repository}:e2e-missing`
  const badBegan = new Date()
  await want(missing)
  const marked = await until(
    'one is put back and marked',
    async () => (await pods()).find(p => p.metadata.annotations?.['trove.dev/agent-refused'] === missing),
    90_000,
  )
  const canary = members.find(m => m.guest === marked.metadata.name)!
  expect(imageOf(marked)).toBe(next)
  await until('it is back', async () => {
    const agent = agentOf(await get('pod', canary.guest, 'trove-guests'))
    return agent.state.running && agent.restartCount > agentOf(rolled[guests.indexOf(canary.guest)]!).restartCount
  })
  await until('the Event is there', async () => {
    const told = await kubectl([
      'get',
      'events.events.k8s.io',
      '-n',
      canary.ns,
      '-o',
      'jsonpath={range .items[*]}{.type} {.reason} {.regarding.name} {.note}{"\\n"}{end}',
    ])
    return told.split('\n').some(line => line.startsWith(`Warning AgentRollStopped ${canary.name} `) && line.includes(missing))
  })
  const { leader, standby } = await until('both operators run', operatorPods)
  const state = (name: string) => `trove_agent_roll{state="${name}"}`
  await until('the leader tells of the stop', async () => (await metric(leader.name, state('stopped'))) === 1)
  expect([await metric(leader.name, state('away')), await metric(standby.name, 'trove_agent_roll')]).toEqual([0, 0])
  for (const m of members) await m.writer.progress(20)
  const stopped = await pods()
  stopped.forEach((p, i) => {
    expect(imageOf(p)).toBe(next)
    expect(changesOfSpec(rolled[i]!, p), p.metadata.name).toBe(p.metadata.name === canary.guest ? 2 : 0)
    if (p.metadata.name !== canary.guest) expect(agentOf(p).containerID).toBe(agentOf(rolled[i]!).containerID)
  })
  const touched = await patchesOfPods(badBegan)
  expect(touched.length).toBeLessThanOrEqual(2)
  expect(new Set(touched)).toEqual(new Set([`patch pods/ ${canary.guest}`]))
  expect(await restartsOfDatabases()).toEqual(databases)

  // A good one again.
  await want(good)
  await until('all have come back with a good image', async () => (await recorded()).every(i => i === good), 150_000)
  for (const p of await pods()) expect(p.metadata.annotations).not.toHaveProperty(['trove.dev/agent-refused'])

  for (const m of members) {
    const { acknowledged, failures } = await m.writer.stop()
    expect(failures).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(50)
    expect(await missingRows(m.ns, m.login, acknowledged)).toEqual([])
    expect(await startedAt(m.ns, m.login)).toBe(m.started)
  }
  expect(await restartsOfDatabases()).toEqual(databases)
})
