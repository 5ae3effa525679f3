import { expect, test } from 'vitest'
import type { GuestSpec } from '../../api/guest.ts'
import { fault } from '../../errors.ts'
import type { Job } from '../launcher/launcher.ts'
import { untroubled } from './history.ts'
import { type EngineRun, type Observed, plan } from './plan.ts'

const spec: GuestSpec = {
  instance: { namespace: 'demo', name: 'db', uid: 'i1' },
  datastore: 'postgresql',
  engine: 'postgresql',
  version: '17',
  image: 'image:17',
  flavor: { name: 'small', cpu: '1', memory: '1Gi' },
  volume: {},
  configuration: { hash: 'abc', formulas: 1, files: [], layers: { defaults: {} } },
}
const recorded: GuestSpec = { ...spec, volume: { claimUID: 'claim' } }
const marker = { engine: 'postgresql', version: '17', instanceUID: 'i1' }
const engine: Job = { id: 'engine-1', startedAt: new Date(0) }
const ended: Job = { ...engine, exit: 1, endedAt: new Date(1000) }
const run: EngineRun = { job: 'engine-1', boot: 'b', sinceMs: 0, answered: false, silent: false }
const live = (jobs: readonly Job[] = [], stopping = false) => ({ launcher: { kind: 'live' as const, boot: 'b', stopping, jobs } })

const idle: Observed = {
  nowMs: 1000,
  agentVersion: '1',
  spec,
  engineKnown: true,
  built: false,
  ...live(),
  full: undefined,
  volume: { kind: 'empty' },
  initialisation: { running: false, retryAtMs: 0 },
  history: untroubled,
  run: undefined,
  upgrade: undefined,
}
const initialised: Partial<Observed> = { volume: { kind: 'initialised', marker } }
const crashed: Partial<Observed> = {
  history: {
    ...untroubled,
    times: 3,
    retryAtMs: 3000,
    trouble: { operatingStatus: 'CRASHED', fault: fault('EngineCrashed', { why: 'x', times: 3 }) },
  },
}
const failedInitialisation: Partial<Observed> = {
  initialisation: { running: false, retryAtMs: 5000, failure: fault('InitialiseFailed', { log: 'x' }) },
}

test.each<[string, Partial<Observed>, string[], object]>([
  ['no container yet: nothing is done', { launcher: { kind: 'absent' } }, [], { operatingStatus: 'BUILDING', step: 'WaitingForContainer' }],
  ['an image without tools is a fault', { launcher: { kind: 'unsuitable', lacks: 'flock' } }, [], { fault: { code: 'ImageUnsuitable' } }],
  ['a newer launcher is a fault', { launcher: { kind: 'foreign', protocol: '9' } }, [], { fault: { code: 'AgentOutdated' } }],
  [
    'an engine that this agent lacks is a fault',
    { engineKnown: false },
    [],
    { operatingStatus: 'FAILED', fault: { code: 'AgentOutdated' } },
  ],
  ['without a Guest nothing is started', { spec: undefined }, [], { step: 'WaitingForSpec' }],

  ['an empty volume is initialised', {}, ['initialise'], { operatingStatus: 'BUILDING', step: 'Initialising' }],
  ['one initialisation at a time', { initialisation: { running: true, retryAtMs: 0 } }, [], { step: 'Initialising' }],
  [
    'an initialisation of an earlier agent is taken over, whatever the volume looks like',
    { ...live([{ id: 'initialise' }]), ...initialised },
    ['initialise'],
    { step: 'Initialising' },
  ],
  [
    'a failed one is tried again later, its fault shown',
    failedInitialisation,
    [],
    { operatingStatus: 'FAILED', fault: { code: 'InitialiseFailed' } },
  ],
  ['and shown while it is tried again', { ...failedInitialisation, nowMs: 5000 }, ['initialise'], { operatingStatus: 'FAILED' }],
  ['a recorded volume is never initialised', { spec: recorded }, [], { operatingStatus: 'FAILED', fault: { code: 'VolumeLost' } }],
  ['nor is one without our marker', { volume: { kind: 'unmarked' } }, [], { fault: { code: 'DataVersionMismatch' } }],
  ['a recorded one without a marker is lost', { spec: recorded, volume: { kind: 'unmarked' } }, [], { fault: { code: 'VolumeLost' } }],
  ['a root that cannot be written is a fault', { volume: { kind: 'unwritable', why: 'x' } }, [], { fault: { code: 'VolumeNotWritable' } }],
  ['before the volume was looked at nothing is done', { volume: undefined }, [], { step: 'LookingAtVolume' }],

  [
    'an initialised volume gets its engine, before it is recorded',
    initialised,
    ['start'],
    { operatingStatus: 'BUILDING', step: 'Starting' },
  ],
  ['and after', { ...initialised, spec: recorded, built: true }, ['start'], { operatingStatus: 'RESTARTING', step: 'Starting' }],
  [
    'another version’s data is not started upon',
    { volume: { kind: 'initialised', marker: { ...marker, version: '15' } } },
    [],
    { fault: { code: 'DataVersionMismatch' } },
  ],
  [
    'unless it is the one that may be taken over',
    { spec: { ...recorded, upgradeFrom: '15' }, volume: { kind: 'initialised', marker: { ...marker, version: '15' } } },
    ['start'],
    { operatingStatus: 'BUILDING', step: 'Starting' },
  ],
  [
    'nor on data of a version before that',
    { spec: { ...recorded, upgradeFrom: '15' }, volume: { kind: 'initialised', marker: { ...marker, version: '14' } } },
    [],
    { fault: { code: 'DataVersionMismatch' } },
  ],
  [
    'an engine that answers has its own work done first',
    { ...live([engine]), run: { ...run, answered: true }, upgrade: { retryAtMs: 0 } },
    ['upgrade'],
    { operatingStatus: 'BUILDING', step: 'Upgrading' },
  ],
  [
    'once at a time',
    { ...live([engine]), nowMs: 700_000, run: { ...run, answered: true }, upgrade: { runningSinceMs: 100_001, retryAtMs: 0 } },
    [],
    { step: 'Upgrading' },
  ],
  [
    'where it takes long, that is said, and it is left alone',
    { ...live([engine]), nowMs: 700_000, run: { ...run, answered: true }, upgrade: { runningSinceMs: 100_000, retryAtMs: 0 } },
    [],
    { operatingStatus: 'FAILED', fault: { code: 'UpgradeSlow' } },
  ],
  [
    'where it failed, that is shown until it is tried again',
    {
      ...live([engine]),
      run: { ...run, answered: true },
      upgrade: { retryAtMs: 5000, failure: fault('UpgradeFailed', { log: 'x' }) },
    },
    [],
    { operatingStatus: 'FAILED', fault: { code: 'UpgradeFailed' } },
  ],
  [
    'its tool is nobody’s orphan as long as it may be needed',
    { ...live([{ id: 'upgrade' }, engine]), spec: { ...recorded, upgradeFrom: '15' }, run },
    [],
    { step: 'Starting' },
  ],
  [
    'nor another engine’s',
    { volume: { kind: 'initialised', marker: { ...marker, engine: 'mysql' } } },
    [],
    { fault: { code: 'DataVersionMismatch' } },
  ],
  [
    'nor another Instance’s',
    { volume: { kind: 'initialised', marker: { ...marker, instanceUID: 'i2' } } },
    [],
    { fault: { code: 'DataVersionMismatch' } },
  ],
  [
    'a crashed engine waits for its time',
    { ...initialised, ...crashed },
    [],
    { operatingStatus: 'CRASHED', fault: { code: 'EngineCrashed' } },
  ],
  ['and is started then, the crash still shown', { ...initialised, ...crashed, nowMs: 3000 }, ['start'], { operatingStatus: 'CRASHED' }],

  ['a running engine is attended to', live([engine]), ['attend'], { step: 'Starting' }],
  ['even without a Guest', { ...live([engine]), spec: undefined }, ['attend'], {}],
  [
    'even if the volume looks lost',
    { ...live([engine]), spec: recorded, run: { ...run, answered: true } },
    [],
    { operatingStatus: 'HEALTHY' },
  ],
  [
    'one that answers on a full volume is said to',
    { ...live([engine]), run: { ...run, answered: true }, full: { percent: 95 } },
    [],
    { operatingStatus: 'HEALTHY', fault: { code: 'VolumeFull' } },
  ],
  ['it is starting until it answers', { ...live([engine]), run }, [], { operatingStatus: 'BUILDING', step: 'Starting' }],
  ['with what went wrong before', { ...live([engine]), run, ...crashed }, [], { operatingStatus: 'CRASHED' }],
  [
    'a slow one is reported and left alone',
    { ...live([engine]), run, nowMs: 60_000 },
    [],
    { operatingStatus: 'FAILED', fault: { code: 'EngineSlow' } },
  ],
  ['one that answers is healthy', { ...live([engine]), run: { ...run, answered: true } }, [], { operatingStatus: 'HEALTHY' }],
  [
    'one that no longer answers is unknown and left alone',
    { ...live([engine]), run: { ...run, answered: true, silent: true } },
    [],
    { operatingStatus: 'UNKNOWN', fault: { code: 'EngineSilent' } },
  ],
  ['one that has ended is noted', { ...live([ended]), run }, ['noteEnd'], {}],
  ['a container that was restarted has lost its engine', { ...live(), run: { ...run, boot: 'earlier' } }, ['noteLoss'], {}],

  ['a pod that ends starts nothing', { ...live([], true), ...initialised }, [], { operatingStatus: 'SHUTDOWN' }],
  ['and initialises nothing', live([], true), [], { operatingStatus: 'SHUTDOWN' }],
  ['its engine is stopping until it has ended', { ...live([engine], true), run }, [], { operatingStatus: 'SHUTDOWN', step: 'Stopping' }],
  ['and its end is no crash', { ...live([ended], true), run }, [], { operatingStatus: 'SHUTDOWN' }],
  [
    'a job that nobody waits for is swept, whatever else happens',
    { ...live([{ id: 'backup-1' }, engine]), run: { ...run, answered: true } },
    ['sweep'],
    { operatingStatus: 'HEALTHY' },
  ],
])('%s', (_, observed, actions, says) => {
  const decided = plan({ ...idle, ...observed })
  expect(decided.actions.map(a => a.do)).toEqual(actions)
  expect(decided.says).toMatchObject(says)
  if (!('fault' in says) && !('operatingStatus' in says && says.operatingStatus !== 'HEALTHY'))
    expect(decided.says.fault?.code).toBeUndefined()
})

test.each([
  ['had answered, and ended by itself', 0, { ...run, answered: true }, 'Stopped'],
  ['was killed in the end', 137, { ...run, answered: true }, undefined],
  ['had never answered', 0, run, undefined],
  ['is not known to have answered', 0, undefined, undefined],
])('whether it has left its data in order is said of an engine that %s', (_, exit, of, step) => {
  const { says } = plan({ ...idle, ...live([{ ...ended, exit }], true), ...(of !== undefined && { run: of }) })
  expect(says).toEqual({ operatingStatus: 'SHUTDOWN', ...(step !== undefined && { step }) })
})

test('waiting for time alone says until when', () => {
  expect(plan({ ...idle, ...initialised, ...crashed }).againAtMs).toBe(3000)
  expect(plan({ ...idle, ...failedInitialisation }).againAtMs).toBe(5000)
  expect(plan({ ...idle, ...live([engine]), run }).againAtMs).toBe(60_000)
})

test('a start says whether it takes an older version’s data over', () => {
  const start = (version: string) => {
    const volume = { kind: 'initialised' as const, marker: { ...marker, version } }
    return plan({ ...idle, spec: { ...recorded, upgradeFrom: '15' }, volume }).actions
  }
  expect(start('15')).toEqual([{ do: 'start', takesOver: true }])
  expect(start('17')).toEqual([{ do: 'start', takesOver: false }])
})
