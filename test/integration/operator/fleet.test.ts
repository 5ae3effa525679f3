/** A new agent image reaches the whole fleet, a few at a time, or stops at the first agent that does not come back with it. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Instance } from '../../../src/api/instance.ts'
import { type Pod, pods } from '../../../src/kube/resource.ts'
import { agentImageOf } from '../../../src/operator/fleet/agent.ts'
import { annotations, guestName } from '../../../src/operator/names.ts'
import { anInstance, guests, guestsNamespace, instances, isActive, openRig, type Rig, signal } from './rig.ts'

const image = (release: string) => `trove.test/agent:${release}`

let rig: Rig
let tenants: [string, string]
beforeAll(async () => {
  rig = await openRig()
  tenants = [await rig.newNamespace(), await rig.newNamespace()]
})
afterAll(() => rig?.stop())

const active = (namespace: string, name: string): Promise<Instance> =>
  rig.until(instances, { namespace, name }, isActive, `${name} is ACTIVE`)

const fleet = async (): Promise<Pod[]> => (await rig.client.list(pods, { namespace: guestsNamespace, signal })).items
const instanceOf = (pod: Pod) => pod.metadata.labels?.['trove.dev/instance'] ?? ''
/** Image of each agent, by Instance. */
const images = async () => Object.fromEntries((await fleet()).map(p => [instanceOf(p), agentImageOf(p)]))
const all = (names: readonly string[], release: string) => Object.fromEntries(names.map(n => [n, image(release)]))
/** What each Guest bears under that annotation, by Instance. */
const onGuests = async (annotation: string) => {
  const { items } = await rig.client.list(guests, { namespace: guestsNamespace, signal })
  return Object.fromEntries(items.map(g => [g.spec.instance.name, g.metadata.annotations?.[annotation]]))
}
const recorded = () => onGuests(annotations.agentImage)
const marked = async () =>
  (await fleet()).flatMap(p => {
    const refused = p.metadata.annotations?.[annotations.agentRefused]
    return refused === undefined ? [] : [[instanceOf(p), refused]]
  })
const restartWith = async (release: string, seconds = '60') => {
  await rig.killOperator()
  await rig.startOperator({ TROVE_AGENT_IMAGE: image(release), TROVE_AGENT_ROLL_SECONDS: seconds })
}

const names = ['a1', 'a2', 'a3', 'b1']
const soon = { timeout: 20_000, interval: 50 }

test('a fleet is rolled one first, then more, at one write for the pod and one for the record; nothing else is touched', async () => {
  await rig.startOperator({ TROVE_AGENT_IMAGE: image('1') })
  const [a, b] = tenants
  await rig.apply(...['a1', 'a2', 'a3'].map(n => anInstance(a, n)), anInstance(b, 'b1'))
  const actives = [await active(a, 'a1'), await active(a, 'a2'), await active(a, 'a3'), await active(b, 'b1')]
  // A report that comes while the one before is told of is told of after it.
  await pause(1000)
  const before = await Promise.all(
    actives.map(({ metadata: { namespace, name } }) => rig.client.get(instances, { namespace: namespace!, name }, { signal })),
  )
  expect(await recorded()).toEqual(all(names, '1'))
  const made = await rig.writes()
  for (const instance of before) {
    const side = `${guestsNamespace}/${guestName(instance)}`
    expect(made.filter(w => w.endsWith(` guests ${side}`))).toEqual([`create guests ${side}`, `patch guests ${side}`])
  }
  const uids = (await fleet()).map(p => p.metadata.uid).sort()
  const asked = await onGuests(annotations.askedAt)
  // What is on record is what a pod runs next: who may write a Guest's status alone cannot change it.
  const forged = JSON.stringify({ metadata: { annotations: { [annotations.agentImage]: image('evil') } } })
  const victim = ['guest', guestName(before[0]!), '-n', guestsNamespace]
  await rig.kubectl(['patch', ...victim, '--subresource=status', '--type=merge', '-p', forged])
  expect(await recorded()).toEqual(all(names, '1'))

  await restartWith('2')
  const order: string[][] = []
  await expect
    .poll(
      async () => {
        const [now, known] = [await images(), await recorded()]
        const away = names.filter(n => now[n] === image('2') && known[n] !== image('2'))
        const back = names.filter(n => known[n] === image('2'))
        expect(away.length, `away ${away}, back ${back}`).toBeLessThanOrEqual(Math.max(1, back.length))
        if (away.length > 0 && JSON.stringify(order.at(-1)) !== JSON.stringify(away)) order.push(away)
        return known
      },
      { timeout: 90_000, interval: 20 },
    )
    .toEqual(all(names, '2'))
  expect(order[0]).toEqual(['a1'])
  expect(order[1]).toEqual(['a2'])

  await pause(1500)
  const writes = (await rig.writes()).slice(made.length)
  const expected = before.flatMap(i => ['pods', 'guests'].map(r => `patch ${r} ${guestsNamespace}/${guestName(i)}`))
  expect(writes.toSorted()).toEqual(expected.toSorted())
  expect((await fleet()).map(p => p.metadata.uid).sort()).toEqual(uids)
  expect(await onGuests(annotations.askedAt), 'nothing was asked of an agent').toEqual(asked)
  for (const instance of before) {
    const { namespace, name } = instance.metadata
    const after = await rig.client.get(instances, { namespace: namespace!, name }, { signal })
    expect([after.status, after.metadata.resourceVersion], 'not even the status was written').toEqual([
      instance.status,
      instance.metadata.resourceVersion,
    ])
  }
})

test('AgentRollStopped: the first that does not come back is put back, even by another operator, and nobody else is touched; then a good image goes on', async () => {
  const [a] = tenants
  for (const n of names) rig.node.play(n, { badAgent: image('3') })
  const from = (await rig.writes()).length
  await restartWith('3', '6')
  await expect.poll(images, soon).toEqual({ ...all(names, '2'), a1: image('3') })
  // Whoever comes next knows from the pod what is going on.
  await restartWith('3', '6')
  await pause(4000)
  expect(await images(), 'an operator that has only just come is in no hurry').toEqual({ ...all(names, '2'), a1: image('3') })
  await expect.poll(marked, soon).toEqual([['a1', image('3')]])
  expect(await images()).toEqual(all(names, '2'))
  const told = () =>
    rig.kubectl([
      'get',
      'events.events.k8s.io',
      '-n',
      a,
      '-o',
      'jsonpath={range .items[*]}{.type} {.reason} {.regarding.name} {.note}{end}',
    ])
  await expect.poll(told, soon).toMatch(/Warning AgentRollStopped a1 .*trove.test\/agent:3.*was put back to "trove.test\/agent:2"/)

  // What is made meanwhile gets the image that works, and a restart of the operator changes nothing.
  await rig.apply(anInstance(a, 'a4'))
  await active(a, 'a4')
  expect(await images()).toEqual(all([...names, 'a4'], '2'))
  await pause(1500)
  const quiet = (await rig.writes()).length
  await restartWith('3', '6')
  await pause(9000)
  expect((await rig.writes()).slice(quiet)).toEqual([])
  const touched = (await rig.writes()).slice(from).filter(w => w.startsWith('patch pods'))
  expect(new Set(touched).size, 'one pod alone was touched').toBe(1)

  // Taking the mark off means: once more.
  const [canary] = (await fleet()).filter(p => instanceOf(p) === 'a1')
  const unmark = ['annotate', 'pod', canary!.metadata.name, '-n', guestsNamespace, `${annotations.agentRefused}-`]
  await rig.kubectl(unmark)
  await expect.poll(images, soon).toEqual({ ...all([...names, 'a4'], '2'), a1: image('3') })
  await expect.poll(marked, soon).toEqual([['a1', image('3')]])

  await restartWith('4')
  await expect.poll(async () => (await recorded()).a1, { timeout: 40_000 }).toBe(image('4'))
  await expect.poll(async () => (await images()).a2, soon).toBe(image('4'))
  expect(await marked()).toEqual([])
})

test('a pod that is made again while its agent is away comes back with the image that worked', async () => {
  rig.node.play('a1', { badAgent: image('5') })
  await restartWith('5')
  await expect.poll(async () => (await images()).a1, soon).toBe(image('5'))
  const [canary] = (await fleet()).filter(p => instanceOf(p) === 'a1')
  // As the node plays it from now on, the next pod stays as it is made.
  rig.node.play('a1', { unscheduled: '' })
  await rig.kubectl(['delete', 'pod', canary!.metadata.name, '-n', guestsNamespace])
  const again = await rig.until(
    pods,
    { namespace: guestsNamespace, name: canary!.metadata.name },
    p => p !== undefined && p.metadata.uid !== canary!.metadata.uid,
    'a new pod',
  )
  expect(agentImageOf(again)).toBe(image('4'))
  expect(again.metadata.annotations).not.toHaveProperty([annotations.agentRoll])
})
