import { expect, test } from 'vitest'
import type { GuestStatus } from '../../api/guest.ts'
import { fault } from '../../errors.ts'
import type { PersistentVolumeClaim, Pod, Service } from '../../kube/resource.ts'
import { aClaim, aGuest, ago, anInstance, aPod, healthy, madeForRestart, observed } from '../examples.ts'
import { annotations } from '../names.ts'
import { conduct } from './conduct.ts'
import { notable } from './notable.ts'
import type { GuestSide, Observed } from './observed.ts'
import type { Plan } from './plan.ts'

const initialised = { volume: { claimUID: 'claim-1' } }
const service = {} as Service
const well = (side: Partial<GuestSide> = {}, more: Partial<Observed> = {}): Observed =>
  observed({ tenantService: service, side: { guest: aGuest(initialised, healthy()), claim: aClaim(), pod: aPod(), ...side }, ...more })
const rest: Plan = { actions: [], restartPending: [] }
const judge = (o: Observed, plan: Partial<Plan> = {}) => conduct(o, { ...rest, ...plan }, [])
const condition = (o: Observed, type: string, plan: Partial<Plan> = {}) => judge(o, plan).status.conditions?.find(c => c.type === type)

test('an engine that answers, at its address, is ACTIVE', () => {
  const { status, stands, requeueAfterMs } = judge(well())
  expect(stands).toBeUndefined()
  expect(requeueAfterMs).toBeUndefined()
  expect(status).toMatchObject({
    observedGeneration: 1,
    phase: 'ACTIVE',
    operatingStatus: 'HEALTHY',
    address: 'db.team.svc',
    port: 5432,
    datastore: { type: 'pg', version: '17' },
    volume: { claim: 'db-11111111', size: '1Gi' },
    configuration: { hash: 'h1' },
  })
  expect(status.fault).toBeUndefined()
  expect(status.conditions?.map(c => `${c.type}=${c.status}`)).toEqual([
    'Ready=True',
    'VolumeBound=True',
    'PodRunning=True',
    'EngineHealthy=True',
    'ConfigurationApplied=True',
  ])
})

const waiting = (name: string, reason: string, message = 'why') => ({
  phase: 'Pending',
  containerStatuses: [{ name, image: 'pg:17', imageID: '', restartCount: 0, ready: false, state: { waiting: { reason, message } } }],
})
const unscheduled = (message: string, seconds = 5) => ({
  phase: 'Pending',
  conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: ago(seconds) }],
})
const says = (status: object) => aGuest(initialised, healthy(status))
const without = (key: keyof GuestSide, o = well()): Observed => {
  const { [key]: _, ...side } = o.side
  return { ...o, side }
}

test.each<[string, Observed, string, string]>([
  ['no node takes the pod', well({ guest: aGuest(), pod: aPod(unscheduled('0/1 nodes: Insufficient cpu')) }), 'PodUnschedulable', 'BUILD'],
  ['the scheduler is given a moment', well({ guest: aGuest(), pod: aPod(unscheduled('0/1', 1)) }), 'Provisioning', 'BUILD'],
  ['another pod has the volume', well({ pod: aPod(unscheduled('ReadWriteOncePod access mode already in-use')) }), 'VolumeInUse', 'REBOOT'],
  [
    'the volume cannot be bound',
    well({ pod: aPod(unscheduled('pod has unbound immediate PersistentVolumeClaims')) }),
    'VolumeUnbound',
    'REBOOT',
  ],
  ['the image cannot be pulled', well({ pod: aPod(waiting('database', 'ErrImagePull')) }), 'ImagePullFailed', 'REBOOT'],
  [
    'it needs more memory than it has',
    well({
      pod: aPod({
        phase: 'Running',
        containerStatuses: [
          {
            name: 'database',
            image: 'pg:17',
            imageID: '',
            restartCount: 3,
            ready: false,
            state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
            lastState: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
          },
        ],
      }),
    }),
    'OutOfMemory',
    'REBOOT',
  ],
  ['a container does not start', well({ pod: aPod(waiting('database', 'RunContainerError')) }), 'ContainerFailed', 'REBOOT'],
  [
    'the image has no shell',
    well({ pod: aPod(waiting('database', 'RunContainerError', 'exec: "sh": executable file not found')) }),
    'ImageUnsuitable',
    'ERROR',
  ],
  ['the pod is gone', without('pod'), 'PodLost', 'REBOOT'],
  ['its volume goes with it', without('pod', well({ claim: aClaim({ deletionTimestamp: ago(1) }) })), 'VolumeLost', 'ERROR'],
  [
    'its volume will go with it, and is not even on record',
    well({ guest: aGuest({}, healthy()), claim: aClaim({ deletionTimestamp: ago(1) }) }),
    'VolumeLost',
    'ERROR',
  ],
  ['the pod was evicted', well({ pod: aPod({ phase: 'Failed', reason: 'Evicted' }) }), 'PodLost', 'REBOOT'],
  ['the pod is ending', well({ pod: aPod({}, { deletionTimestamp: ago(5) }) }), 'PodTerminating', 'REBOOT'],
  [
    'the engine does not start',
    well({ guest: says({ operatingStatus: 'FAILED', fault: { code: 'EngineStartFailed', message: 'm' } }) }),
    'EngineStartFailed',
    'ERROR',
  ],
  ['the engine starts', well({ guest: says({ operatingStatus: 'RESTARTING', step: 'starting' }) }), 'Provisioning', 'REBOOT'],
  [
    'a former pod’s report is history',
    well({ guest: says({ podUID: 'pod-0' }), pod: aPod({ initContainerStatuses: [] }) }),
    'Provisioning',
    'REBOOT',
  ],
  ['there is no address yet', { ...well(), tenantService: undefined } as unknown as Observed, 'Provisioning', 'ACTIVE'],
])('%s', (_, o, code, phase) => {
  const { status, stands } = judge(o)
  expect(stands?.code).toBe(code)
  expect(status.phase).toBe(phase)
  expect(status.conditions?.find(c => c.type === 'Ready')).toMatchObject({ status: 'False', reason: code })
})

test.each<[string, PersistentVolumeClaim, Observed['inquired'], string]>([
  [
    'names a StorageClass that is not there',
    aClaim({}, { phase: 'Pending' }),
    { storageClass: { kind: 'missing', name: 'fast' } },
    'VolumeUnbound',
  ],
  ['has none to be made by', aClaim({}, { phase: 'Pending' }), { storageClass: { kind: 'none' } }, 'VolumeUnbound'],
  ['its provisioner refuses', aClaim({}, { phase: 'Pending' }), { unprovisioned: 'the pool is full' }, 'VolumeUnbound'],
  ['waits for its pod’s node', aClaim({}, { phase: 'Pending' }), {}, 'Provisioning'],
  ['is being deleted under its pod', aClaim({ deletionTimestamp: ago(1) }), {}, 'VolumeLost'],
])('a claim that %s says so', (_, claim, inquired, reason) => {
  expect(condition(well({ claim }, { inquired }), 'VolumeBound')).toMatchObject({ status: 'False', reason })
})

test('a growth that is refused is no reason not to be Ready', () => {
  const refusal = fault('VolumeGrowthRefused', { to: '2Gi', why: 'exceeded quota' })
  const { status } = conduct(well(), { actions: [], restartPending: [] }, [refusal])
  expect(status.phase).toBe('ACTIVE')
  expect(status.conditions?.find(c => c.type === 'VolumeBound')).toMatchObject({ status: 'True', reason: 'VolumeGrowthRefused' })
})

test('a volume that cannot grow is no reason not to be Ready', () => {
  const volumeNote = fault('VolumeNotExpandable', { from: '1Gi', to: '2Gi', storageClass: 's' })
  expect(condition(well(), 'Ready', { volumeNote })?.status).toBe('True')
  expect(condition(well(), 'VolumeBound', { volumeNote })).toMatchObject({ status: 'True', reason: 'VolumeNotExpandable' })
})

test('settings that wait for a restart are named, and all the rest is Ready and RESTART_REQUIRED', () => {
  const o = well({ guest: says({ configuration: { hash: 'h1', restartRequired: ['shared_buffers', 'wal_level'] } }) })
  expect(judge(o).status).toMatchObject({
    phase: 'RESTART_REQUIRED',
    configuration: { hash: 'h1', restartRequired: ['shared_buffers', 'wal_level'] },
  })
  expect(condition(o, 'Ready')?.status).toBe('True')
  expect(condition(o, 'ConfigurationApplied')).toMatchObject({
    status: 'False',
    reason: 'RestartRequired',
    message: expect.stringContaining('shared_buffers, wal_level'),
  })
})

test('a group that is no good is told, and the database is as Ready as it was', () => {
  const note = fault('ConfigurationGroupNotFound', { group: 'settings' })
  const { status, stands } = judge(well(), { configurationNote: note })
  expect(stands).toBeUndefined()
  expect(status).toMatchObject({ phase: 'ACTIVE' })
  const waits = well({ guest: says({ configuration: { hash: 'h1', restartRequired: ['wal_level'] } }) })
  expect(judge(waits, { configurationNote: note }).status, 'what was taken before it still waits').toMatchObject({
    phase: 'RESTART_REQUIRED',
  })
  expect(condition(well(), 'ConfigurationApplied', { configurationNote: note })).toMatchObject({ status: 'False', reason: note.code })
})

test('settings that give up what a crash would leave whole are named', () => {
  const set = (group: Record<string, string>) => {
    const { configuration } = aGuest().spec
    return aGuest({ ...initialised, configuration: { ...configuration, layers: { ...configuration.layers, group } } }, healthy())
  }
  expect(condition(well({ guest: set({ fsync: 'off', work_mem: '8MB' }) }), 'DurabilityReduced')).toMatchObject({
    status: 'True',
    reason: 'DurabilityReduced',
    message: 'fsync is off and not on: a crash may lose what was acknowledged, or leave the data damaged',
  })
  expect(condition(well({ guest: set({ fsync: 'on' }) }), 'DurabilityReduced')).toBeUndefined()
})

test.each(['ConfigurationNotApplied', 'ConfigurationRefused'])('%s is told of a database that runs on as it was', code => {
  const o = well({ guest: says({ configuration: { hash: 'h0', fault: { code, message: 'why' } } }) })
  expect(judge(o).status.phase).toBe('ACTIVE')
  expect(condition(o, 'Ready')?.status).toBe('True')
  expect(condition(o, 'ConfigurationApplied')).toMatchObject({ status: 'False', reason: code })
})

test('ConfigurationRefused: the engine’s own last words are why, and where there are none the agent’s', () => {
  const refused = fault('ConfigurationRefused', { why: 'it ended with status 1' })
  const guest = says({ configuration: { hash: 'h0', refused: 'h1', fault: refused } })
  const message = (refusalLog: string) => condition(well({ guest }, { inquired: { refusalLog } }), 'ConfigurationApplied')?.message
  expect(message('LOG: starting\nFATAL: no such "setting"\n')).toBe(
    refused.message.replace('it ended with status 1', 'FATAL: no such "setting"'),
  )
  expect(message('LOG: starting\n')).toBe(refused.message)
})

test('while settings are being changed it is not Ready, and for a moment nothing is said', () => {
  const asked = (seconds: number) =>
    well({
      guest: {
        ...says({ configuration: { hash: 'h0' } }),
        metadata: { ...aGuest().metadata, annotations: { [annotations.askedAt]: ago(seconds) } },
      },
    })
  expect(condition(asked(5), 'Ready')).toMatchObject({ status: 'False', reason: 'Provisioning' })
  expect(judge(asked(5)).momentMs).toBeUndefined()
  expect(judge(asked(1)).momentMs).toBe(1000)
})

test('an agent that cannot change settings is told of', () => {
  const o = well({ guest: says({ agent: { version: '0', capabilities: [] }, configuration: { hash: 'h0' } }) })
  expect(condition(o, 'ConfigurationApplied')).toMatchObject({ status: 'False', reason: 'AgentOutdated' })
  expect(condition(o, 'Ready')?.status).toBe('True')
})

test('an engine that answers on a full volume is not ready, for it will not take what it is given', () => {
  const full = healthy({ fault: { code: 'VolumeFull', message: 'the data volume is full' } })
  const { status } = judge(well({ guest: aGuest(initialised, full) }))
  expect(status).toMatchObject({ phase: 'ERROR', operatingStatus: 'HEALTHY', fault: { code: 'VolumeFull' } })
})

test('what a restart would bring is said while it is pending, and changes nothing else', () => {
  expect(condition(well(), 'RestartPending')).toBeUndefined()
  expect(condition(well(), 'RestartPending', { restartPending: ['another image'] })?.message).toContain('another image')
  expect(judge(well(), { restartPending: ['x'] }).status.phase).toBe('ACTIVE')
})

const agentGone = {
  initContainerStatuses: [{ name: 'guest-agent', ready: false, state: { terminated: { exitCode: 1, finishedAt: ago(61) } } }],
}
test.each<[string, Partial<GuestSide>]>([
  ['its container does not run', { pod: aPod(agentGone) }],
  ['it never reported', { guest: aGuest() }],
  ['it does not take up what was asked', { guest: aGuest(initialised, healthy(), { generation: 2 }) }],
  [
    'it says HEALTHY and nobody answers',
    {
      pod: aPod({
        conditions: [
          { type: 'PodScheduled', status: 'True' },
          { type: 'ContainersReady', status: 'False', lastTransitionTime: ago(61) },
        ],
        containerStatuses: [{ name: 'database', ready: false, state: { running: { startedAt: ago(300) } } }],
      }),
    },
  ],
])('a guest is silent when %s for a minute', (_, side) => {
  const { status } = judge(well(side as Partial<GuestSide> & { pod?: Pod }))
  expect(status).toMatchObject({ operatingStatus: 'UNKNOWN', fault: { code: 'GuestSilent' } })
  expect(status.conditions?.find(c => c.type === 'Ready')?.status).toBe('Unknown')
})

test('an agent that ends and starts all the time is silent until it stays up', () => {
  const after = (ended: number, up: number) => {
    const agent = { ...agentGone.initContainerStatuses[0], state: { running: { startedAt: ago(up) } } }
    const pod = aPod({ initContainerStatuses: [{ ...agent, lastState: { terminated: { exitCode: 1, finishedAt: ago(ended) } } }] })
    return judge(well({ pod })).status.operatingStatus
  }
  expect(after(160, 5)).toBe('UNKNOWN')
  expect(after(160, 25)).toBe('HEALTHY')
  expect(after(10, 5)).toBe('HEALTHY')
})

test('before that it is looked at again just then, and nothing is said', () => {
  const finishedAt = ago(50)
  const pod = aPod({
    initContainerStatuses: [{ ...agentGone.initContainerStatuses[0], state: { terminated: { exitCode: 0, finishedAt } } }],
  })
  const { requeueAfterMs, status } = judge(well({ pod }))
  expect(status.phase).toBe('ACTIVE')
  expect(requeueAfterMs).toBeGreaterThan(9000)
  expect(requeueAfterMs).toBeLessThan(11_000)
})

test('a pod that does not end on a node that does not answer is NodeLost after a minute', () => {
  const pod = aPod({}, { deletionTimestamp: new Date('2026-01-01T12:03:55Z').toISOString(), deletionGracePeriodSeconds: 300 })
  const lost = { node: { name: 'n1', ready: false } }
  expect(judge(well({ pod }, { inquired: lost })).stands?.code).toBe('NodeLost')
  expect(judge(well({ pod }, { inquired: { node: { name: 'n1', ready: true } } })).stands?.code).toBe('PodTerminating')
})

test('a fault says when it was first seen, and a tenant’s message has no control characters', () => {
  const guest = says({ operatingStatus: 'FAILED', fault: { code: 'VolumeFull', message: 'a\u001bb' } })
  const first = judge(well({ guest })).status
  expect(first.fault).toMatchObject({ code: 'VolumeFull', message: 'a b', at: '2026-01-01T12:00:00Z' })
  const later = well({ guest }, { instance: { ...anInstance(), status: first }, now: new Date('2026-01-01T13:00:00Z') })
  expect(judge(later).status.fault?.at).toBe('2026-01-01T12:00:00Z')
})

test('a code that is none of ours is not passed on as one', () => {
  const guest = says({ operatingStatus: 'FAILED', fault: { code: 'constructor', message: 'm' } })
  expect(judge(well({ guest })).status.fault?.code).toBe('Internal')
})

test('the engine’s own last words are the message', () => {
  const guest = says({ operatingStatus: 'FAILED', fault: { code: 'EngineStartFailed', message: 'm' } })
  const o = well({ guest }, { inquired: { engineLog: '2026-01-01 00:00:00.000 UTC [1] FATAL: no space left\n' } })
  expect(judge(o).status.fault?.message).toContain('FATAL: no space left')
})

test('what is deleted is in SHUTDOWN, whatever its engine says', () => {
  const o = well({}, { instance: anInstance({}, { deletionTimestamp: ago(1) }) })
  const { status } = judge(o, { fault: fault('Deleting', { step: 'x' }) })
  expect(status).toMatchObject({ phase: 'SHUTDOWN', operatingStatus: 'SHUTDOWN' })
  expect(status.conditions?.map(c => c.type)).toEqual(['Ready', 'Reconciling'])
})

test('a restart is done once a pod made for it reports', () => {
  const done = (madeFor: string, status: Partial<GuestStatus> = {}) => {
    const instance = anInstance({ restartRequestedAt: 't1' }, {}, { lastRestartRequestedAt: 't0' })
    const guest = aGuest(initialised, healthy(status))
    return judge(well({ pod: madeForRestart(madeFor), guest }, { instance })).status.lastRestartRequestedAt
  }
  expect(done('t1')).toBe('t1')
  expect(done('t1', { podUID: 'old' })).toBe('t0')
  expect(done('t0')).toBe('t0')
})

test('nothing is Ready before it is on record that its volume was initialised', () => {
  expect(judge(well({ guest: aGuest({}, healthy({ volume: { initialised: true } })) })).stands).toMatchObject({
    code: 'Provisioning',
    message: expect.stringContaining('put on record'),
  })
})

test('a good start is worth two Events, a fault one, and rest none', () => {
  const said = (instance = anInstance(), o = well()) => notable(instance, judge(o)).map(n => `${n.type} ${n.reason}`)
  const building = judge(well({ guest: aGuest() })).status
  expect(said(anInstance(), without('pod', well({ guest: aGuest() })))).toEqual(['Normal Provisioning'])
  expect(said({ ...anInstance(), status: building })).toEqual(['Normal Active'])
  expect(said({ ...anInstance(), status: judge(well()).status })).toEqual([])
  expect(said(anInstance(), well({ pod: aPod(waiting('database', 'ErrImagePull')) }))).toEqual(['Warning ImagePullFailed'])
})

const refusal = fault('VersionChangeNotAllowed', { datastore: 'pg', from: '17', to: '17.2', allowed: 'no other version' })
test('an Instance that asks for a version which may not come is Stalled, and its database is as well as it was', () => {
  const { status } = judge(well(), { refusal })
  expect(status).toMatchObject({ phase: 'ACTIVE', operatingStatus: 'HEALTHY', datastore: { version: '17' }, fault: { code: refusal.code } })
  expect(status.datastore).not.toHaveProperty('upgradingTo')
  expect(status.conditions?.map(c => `${c.type}=${c.status} ${c.reason}`)).toEqual(
    expect.arrayContaining([`Ready=False ${refusal.code}`, `Stalled=True ${refusal.code}`, 'EngineHealthy=True Healthy']),
  )
  const lost = well({ pod: aPod({ phase: 'Failed', reason: 'Evicted' }) })
  expect(judge(lost, { refusal }).stands?.code, 'a database that is not well has worse').toBe(judge(lost).stands?.code)
})

const change = { from: '17', to: '17.2' }
const inBetween = { ...initialised, version: '17.2', upgradeFrom: '17' }
test.each<[string, Observed, string]>([
  ['its pod ends', well({ pod: aPod({}, { deletionTimestamp: ago(1) }) }), 'PodTerminating'],
  ['there is none', without('pod'), 'PodLost'],
  [
    'the next one starts',
    well({ guest: aGuest(inBetween, healthy({ operatingStatus: 'RESTARTING', step: 'Upgrading' })) }),
    'Provisioning',
  ],
  ['its image cannot be pulled', well({ guest: aGuest(inBetween), pod: aPod(waiting('database', 'ErrImagePull')) }), 'ImagePullFailed'],
  ['the Guest still names both', well({ guest: aGuest(inBetween, healthy()) }), 'Provisioning'],
])('a version that is being changed is told as UPGRADE while %s', (_, o, reason) => {
  const { status } = judge(o, { change })
  expect(status).toMatchObject({ phase: 'UPGRADE', datastore: { type: 'pg', version: '17', upgradingTo: '17.2' } })
  expect(status.conditions?.find(c => c.type === 'Ready')).toMatchObject({ status: 'False', reason })
})

test('going back, the version that its data may yet come to is still spoken of, and so held', () => {
  const { status } = judge(well({ guest: aGuest(inBetween, healthy()) }), { change: { from: '17.2', to: '17' } })
  expect(status).toMatchObject({ phase: 'UPGRADE', datastore: { version: '17' } })
  expect(status.datastore?.upgradingTo).toBe('17.2')
})

test('whoever wants to go back from an engine that fails is told that there is no way, and still sees why it fails', () => {
  const failed = healthy({ operatingStatus: 'FAILED', fault: fault('EngineStartFailed', { log: 'it ended' }) })
  const { status } = judge(well({ guest: aGuest(inBetween, failed) }), {
    change,
    refusal: fault('DowngradeImpossible', { from: '17.2', to: '17' }),
  })
  expect(status).toMatchObject({ phase: 'UPGRADE', fault: { code: 'DowngradeImpossible' } })
  expect(status.conditions?.find(c => c.type === 'EngineHealthy')).toMatchObject({ status: 'False', reason: 'EngineStartFailed' })
})

test('an engine whose own upgrade of the data fails is in ERROR, with its words', () => {
  const failed = healthy({ operatingStatus: 'FAILED', fault: fault('UpgradeFailed', { log: 'no space' }) })
  const { status } = judge(well({ guest: aGuest(inBetween, failed) }), { change })
  expect(status).toMatchObject({ phase: 'ERROR', fault: { code: 'UpgradeFailed' } })
})
