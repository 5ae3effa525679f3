import { expect, test } from 'vitest'
import type { Pod } from '../../kube/resource.ts'
import { aGuest, ago, aPod, healthy, now } from '../examples.ts'
import { annotations } from '../names.ts'
import { memberOf } from './member.ts'
import { concernsFleet } from './reconcile.ts'

const owned = { ownerReferences: [{ apiVersion: 'trove.dev/v1alpha1', kind: 'Guest', name: 'db-11111111', uid: 'guest-1' }] }
const pod = (status: object = {}, metadata: object = {}) => aPod(status, { ...owned, ...metadata })
const agent = (state: object, more: object = {}) => ({ initContainerStatuses: [{ name: 'guest-agent', state, ready: true, ...more }] })
const guest = aGuest({}, healthy())

test.each<[string, Pod, object]>([
  ['reports and runs: it works', pod(), { kind: 'ready' }],
  ['has just ended: who knows', pod(agent({ terminated: { finishedAt: ago(10) } })), { kind: 'unclear', remainingMs: 50_000 }],
  ['ended a minute ago: it does not', pod(agent({ terminated: { finishedAt: ago(61) } })), { kind: 'silent' }],
  [
    'has just been started again: who knows',
    pod(agent({ running: { startedAt: ago(5) } }, { lastState: { terminated: { finishedAt: ago(6) } } })),
    { kind: 'unclear', remainingMs: 54_000 },
  ],
  ['is of a new pod: who knows', pod({ phase: 'Pending' }, { creationTimestamp: ago(10) }), { kind: 'unclear', remainingMs: 50_000 }],
  ['is of a pod that does not come up: it does not', pod({ phase: 'Pending' }, { creationTimestamp: ago(61) }), { kind: 'silent' }],
  [
    'is on a node that does not answer: it does not',
    pod({ conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(1) }] }),
    { kind: 'silent' },
  ],
])('an agent that %s', (_, p, health) => expect(memberOf(p, guest, now)?.health).toEqual(health))

test.each<[string, Pod, typeof guest | undefined]>([
  ['has no Guest', pod(), undefined],
  ['belongs to another Guest', pod({}, { ownerReferences: [{ ...owned.ownerReferences[0], uid: 'guest-0' }] }), guest],
  ['does not bear our labels', pod({}, { labels: {} }), guest],
  ['has no agent', { ...pod(), spec: { containers: [] } }, guest],
])('a pod that %s is no part of the fleet', (_, p, g) => expect(memberOf(p, g, now)).toBeUndefined())

test.each<[string, Pod, typeof guest]>([
  ['a pod', pod({}, { deletionTimestamp: ago(1) }), guest],
  ['a Guest', pod(), aGuest({}, healthy(), { deletionTimestamp: ago(1) })],
])('%s that is being deleted is not spoken to', (_, p, g) => expect(memberOf(p, g, now)?.leaving).toBe(true))

const note = JSON.stringify({ from: 'v1', to: 'agent', at: ago(60), container: 'c', worked: true })
const recorded = (image: string) => aGuest({}, healthy(), { annotations: { [annotations.agentImage]: image } })
test.each<[string, boolean, Pod, typeof guest, string]>([
  ['has the wanted image since it was made', false, pod(), guest, 'agent'],
  ['came back with it', false, pod({}, { annotations: { [annotations.agentRoll]: note } }), recorded('agent'), 'agent'],
  ['has another', true, pod(), recorded('agent'), 'v2'],
  ['is away', true, pod({}, { annotations: { [annotations.agentRoll]: note } }), recorded('v1'), 'agent'],
  ['bears a mark', true, pod({}, { annotations: { [annotations.agentRefused]: 'v0' } }), recorded('agent'), 'agent'],
])('a pod that %s concerns the roll: %s', (_, concerns, p, g, wanted) => expect(concernsFleet(p, g, wanted)).toBe(concerns))
