import { expect, test } from 'vitest'
import type { GuestStatus } from '../../api/guest.ts'
import type { Pod } from '../../kube/resource.ts'
import { aGuest, ago, aPod, healthy, now } from '../examples.ts'
import { annotations } from '../names.ts'
import { rollOf } from './agent.ts'
import { imageToRecord, seenToWork } from './seen-to-work.ts'

const whole = (seconds: number) => ago(seconds).replace('.000', '')
const note = { from: 'v1', to: 'agent', at: whole(60), container: 'old', worked: true }

interface Case {
  container?: string
  running?: boolean
  upSeconds?: number
  report?: GuestStatus
  mark?: string
}

/** A pod whose agent was changed a minute ago and runs again for half of that. */
function pod({ container = 'new', running = true, upSeconds = 30, mark = JSON.stringify(note) }: Case = {}): Pod {
  const state = running ? { running: { startedAt: whole(upSeconds) } } : { terminated: { exitCode: 0 } }
  return aPod(
    { initContainerStatuses: [{ name: 'guest-agent', containerID: container, state }] },
    { annotations: mark === '' ? {} : { [annotations.agentRoll]: mark } },
  )
}
const says = (startedAt?: string, more: GuestStatus = {}) =>
  healthy({ agent: { version: '1', capabilities: [], ...(startedAt && { startedAt }) }, ...more })
const seen = ({ report = says(whole(30)), ...c }: Case) => seenToWork(aGuest({}, report), pod(c), now).kind

test.each<[string, Case, string]>([
  ['another container, a report since it was started, and it stays up', {}, 'works'],
  ['started in the same second', { report: says(whole(30)) }, 'works'],
  ['whose process began a moment before the kubelet says so', { report: says(whole(31)) }, 'works'],
  ['only just up', { upSeconds: 9, report: says(whole(9)) }, 'settling'],
  ['the container is the one before the change', { container: 'old' }, 'missing'],
  ['the container does not run', { running: false }, 'missing'],
  ['the report is of the agent before it', { report: says(whole(600)) }, 'missing'],
  ['the report does not say when its agent was started', { report: says() }, 'missing'],
  ['the report says nonsense', { report: says('soon') }, 'missing'],
  ['the report is a former pod’s', { report: says(whole(30), { podUID: 'pod-0' }) }, 'missing'],
  ['the report is behind what is asked', { report: says(whole(30), { observedGeneration: 0 }) }, 'missing'],
  ['the node’s clock is ahead of ours', { upSeconds: -600, report: says(whole(-600)) }, 'works'],
  ['nobody noted a change, and the report is of the agent before it', { mark: '', report: says(whole(600)) }, 'missing'],
])('%s', (_, c, expected) => expect(seen(c)).toBe(expected))

test.each([
  ['no JSON', '{'],
  ['of another form', '{"from":"v1"}'],
  ['of an image that somebody has replaced', JSON.stringify({ ...note, to: 'v9' })],
  ['without a time', JSON.stringify({ ...note, at: 'then' })],
])('a note that is %s is none', (_, mark) => expect(rollOf(pod({ mark }))).toBeUndefined())

const recorded = (image: string, report = says(whole(30))) => aGuest({}, report, { annotations: { [annotations.agentImage]: image } })

test.each([
  ['nothing is on record and the pod reports: its image', aGuest({}, healthy()), pod({ mark: '' }), { image: 'agent' }],
  ['nothing is on record and a former pod reported', aGuest({}, healthy({ podUID: 'pod-0' })), pod({ mark: '' }), {}],
  ['the pod’s image is on record', recorded('agent'), pod({ running: false }), { image: 'agent' }],
  ['it has come back with another', recorded('v1'), pod(), { image: 'agent' }],
  ['it is up for a moment', recorded('v1', says(whole(4))), pod({ upSeconds: 4 }), { image: 'v1', againMs: 6000 }],
  ['it has not come back', recorded('v1'), pod({ running: false }), { image: 'v1' }],
  ['there is no pod', recorded('v1'), undefined, { image: 'v1' }],
] as const)('on record is, when %s', (_, guest, p, expected) => expect(imageToRecord(guest, p, now)).toEqual(expected))
