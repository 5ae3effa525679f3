import { expect, test } from 'vitest'
import type { GuestRoot, GuestStatus } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import { fault } from '../../errors.ts'
import { aGuest, ago, anInstance, aSecret, engine, healthy, observed } from '../examples.ts'
import { judgeRoot, rootFacts } from './judge-root.ts'
import type { Observed } from './observed.ts'

const present: GuestRoot = { ensure: 'Present', passwordRevision: 'root-2' }
const absent: GuestRoot = { ensure: 'Absent', passwordRevision: 'root-2' }
type Said = GuestStatus['root']
const ready: Said = { state: 'Ready', passwordRevision: 'root-2' }
const gone: Said = { state: 'Absent', passwordRevision: 'root-2' }
const failed: Said = { state: 'Failed', passwordRevision: 'root-2', code: 'NameTaken', message: 'm' }
const first = '2025-01-01T00:00:00Z'
const was = (enabled: boolean, condition?: { status: 'True' | 'False'; generation?: number }): Instance['status'] => ({
  root: { enabled, firstEnabledAt: first, ...(enabled && { binding: { name: 'db-root' } }) },
  ...(condition && {
    conditions: [
      {
        type: 'RootEnabled',
        status: condition.status,
        reason: 'x',
        message: '',
        observedGeneration: condition.generation ?? 1,
        lastTransitionTime: ago(60),
      },
    ],
  }),
})
const see = (
  rootEnabled: boolean,
  root: GuestRoot | undefined,
  said: Said,
  status?: Instance['status'],
  more: { binding?: Observed['inquired']['rootBinding']; kept?: string[]; agent?: GuestStatus['agent']; engine?: typeof engine } = {},
) =>
  observed({
    instance: anInstance({ rootEnabled }, {}, status),
    engines: { postgresql: more.engine ?? engine },
    side: {
      guest: aGuest(
        { ...(root && { root }) },
        healthy({ ...(said && { root: said }), agent: more.agent ?? { version: '1', capabilities: ['root'] } }),
      ),
      secret: aSecret(Object.fromEntries((more.kept ?? ['root-2']).map(key => [key, 'eA==']))),
    },
    inquired: { ...(more.binding !== undefined && { rootBinding: more.binding }) },
  })
const old = { version: '0', capabilities: [] }
const stood = was(true, { status: 'True' })
const without = { ...engine, capabilities: { ...engine.capabilities, root: false } }
const taken = fault('NameTaken', { kind: 'Secret', name: 'db-root', owner: 'somebody else' })

test.each([
  ['never asked for', see(false, undefined, undefined), undefined],
  ['asked for, and not said yet', see(true, undefined, undefined), 'False Provisioning, on its way'],
  ['the guest has not done it yet', see(true, present, undefined), 'False Provisioning, on its way'],
  ['the engine has it, and its Secret is not there yet', see(true, present, ready), 'False Provisioning, on its way'],
  ['the engine has it, and its Secret shows it', see(true, present, ready, undefined, { binding: 'shown' }), 'True Enabled'],
  ['somebody else has its Secret’s name', see(true, present, ready, undefined, { binding: taken }), 'False NameTaken'],
  ['somebody else has its name in the engine', see(true, present, failed), 'False NameTaken'],
  ['the engine has no root', see(true, undefined, undefined, undefined, { engine: without }), 'False NotSupported'],
  ['the agent has not learnt of it yet', see(true, present, undefined, undefined, { agent: old }), 'False AgentOutdated'],
  ['its password is lost', see(true, present, ready, undefined, { kept: [] }), 'False CredentialsLost'],
  ['an agent begins anew', see(true, present, undefined, stood), 'True Enabled'],
  ['the Secret could not be read this time', see(true, present, ready, stood), 'True Enabled'],
  [
    'it was on, and off unseen, and is on again',
    see(true, present, undefined, was(true, { status: 'True', generation: 0 })),
    'False Provisioning, on its way',
  ],
  [
    'what is reported is of the password before',
    see(true, present, { ...ready, passwordRevision: 'root-1' }, stood),
    'False Provisioning, on its way',
  ],
  ['switched off, and the engine still has it', see(false, absent, ready, was(true)), 'True Provisioning, on its way'],
  ['switched off, and not said yet', see(false, present, ready), 'True Provisioning, on its way'],
  ['switched off, and it fails', see(false, absent, failed, was(true)), 'True NameTaken'],
  ['switched off, and the agent does not know how', see(false, absent, undefined, was(true), { agent: old }), 'True AgentOutdated'],
  [
    'switched off, and what is reported is of an earlier time',
    see(false, absent, { ...gone, passwordRevision: 'root-1' }, was(true)),
    'True Provisioning, on its way',
  ],
  ['off', see(false, absent, gone, was(true)), undefined],
  ['off, and the agent begins anew', see(false, absent, undefined, was(false)), undefined],
])('%s', (_, o, expected) => {
  const finding = judgeRoot(o)
  const said = finding && `${finding.said.status} ${finding.said.reason}${finding.fault === undefined ? '' : ', on its way'}`
  expect(said).toBe(expected)
})

test.each([
  ['nothing is said of what never was', see(true, present, undefined), undefined],
  ['it is on record from when the engine has it', see(true, present, ready), { enabled: true, firstEnabledAt: '2026-01-01T12:00:00Z' }],
  [
    'the date stays',
    see(true, present, ready, was(false), { binding: 'shown' }),
    { enabled: true, firstEnabledAt: first, binding: { name: 'db-root' } },
  ],
  ['also when it is off', see(false, absent, gone, was(true)), { enabled: false, firstEnabledAt: first }],
  [
    'on its way out it is still in, and has no Secret any more',
    see(false, absent, undefined, was(true)),
    { enabled: true, firstEnabledAt: first },
  ],
  [
    'an agent that begins anew changes nothing',
    see(true, present, undefined, was(true)),
    { enabled: true, firstEnabledAt: first, binding: { name: 'db-root' } },
  ],
])('%s', (_, o, expected) => expect(rootFacts(o).root).toEqual(expected))
