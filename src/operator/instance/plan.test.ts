import { expect, test } from 'vitest'
import type { GuestStatus } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import type { Draft } from '../../kube/objects.ts'
import type { Pod } from '../../kube/resource.ts'
import {
  aClaim,
  aDatabase,
  aGuest,
  ago,
  anInstance,
  aPod,
  aSecret,
  aUser,
  aVersion,
  engine,
  healthy,
  madeForRestart,
  observed,
} from '../examples.ts'
import { annotations, labels } from '../names.ts'
import { buildNetworkPolicy, buildRole, buildServiceAccount, buildTenantService } from './children.ts'
import { type GuestSide, type Observed, restartOf } from './observed.ts'
import { planInstance } from './plan.ts'
import { buildPod } from './pod.ts'
import { renderGuest } from './render-guest.ts'

const settings = { agentImage: 'agent:1', launcher: 'x' }
const plan = (o: Observed) => planInstance(o, settings)
const does = (o: Observed) => plan(o).actions.map(a => ('kind' in a ? `${a.do} ${a.kind}` : a.do))

const as = <T>(draft: unknown, uid: string) =>
  ({
    ...(draft as Draft<Pod>),
    metadata: { creationTimestamp: ago(600), ...(draft as Draft<Pod>).metadata, uid, resourceVersion: '1' },
  }) as unknown as T

/** The Guest as it is rendered, so that there is nothing to write to it. */
const settled = (o: Observed, more: Parameters<typeof aGuest>[0] = {}, status = healthy()) => {
  const decided = { datastore: 'pg', engine, version: '17', flavor: { name: 'small', cpu: '500m', memory: '1Gi' }, image: 'pg:17' }
  const { databases, users, instance } = o
  const rendered = renderGuest({
    previous: undefined,
    instance,
    decided,
    initialisedClaim: 'claim-1',
    isRestarting: false,
    digestInUse: undefined,
    databases,
    users,
    root: undefined,
  })
  return aGuest({ ...rendered, ...more }, status, { annotations: { [annotations.agentImage]: settings.agentImage } })
}
const side = (o: Observed, more: Partial<GuestSide> = {}): GuestSide => {
  const guest = more.guest ?? settled(o)
  const pod = as<Pod>(buildPod(guest, engine, settings), 'pod-1')
  return {
    guest,
    claim: aClaim(),
    pod: { ...pod, status: aPod().status! },
    serviceAccount: as(buildServiceAccount(guest), 'sa'),
    role: as(buildRole(guest), 'role'),
    networkPolicy: as(buildNetworkPolicy(guest, o.instance, engine), 'policy'),
    ...more,
  }
}
/** With everything else in place that the plan would make first. */
const complete = (o: Observed): Observed => {
  const made = plan(o).actions.flatMap(a => ('draft' in a ? [a] : []))
  const children = made.flatMap(a => (a.do === 'create' ? [[a.kind, as(a.draft, a.kind)]] : []))
  const service = made.find(a => a.do === 'createTenantService')
  if (children.length === 0 && service === undefined) return o
  const side = { ...o.side, ...Object.fromEntries(children) }
  return complete({ ...o, side, ...(service && { tenantService: as(service.draft, 'service') }) })
}
/** Only what the test is about: the other children and the tenant's Service are of no interest here. */
const others = ['create roleBinding', 'create service', 'create networkPolicy', 'createTenantService']
const doesAboutPod = (o: Observed) => does(o).filter(a => !others.includes(a))

test('the finalizer comes before anything else', () => {
  expect(does(observed({ instance: anInstance({}, { finalizers: [] }) }))).toEqual(['addFinalizer'])
})

test('at first claim, Guest and address go out together; the pod waits for its account, and the fence is there before it', () => {
  const o = observed()
  expect(does(o)).toEqual(['writeGuest', 'create claim', 'createTenantService'])
  const guest = settled(o, { volume: {} }, {})
  expect(does(observed({ side: { guest, claim: aClaim() } }))).toEqual([
    'create serviceAccount',
    'create role',
    'create networkPolicy',
    'createTenantService',
  ])
  const { pod: _, networkPolicy, ...made } = side(o, { guest, claim: aClaim({}, { phase: 'Pending' }) })
  expect(does(observed({ side: made }))).not.toContain('createPod')
  expect(does(observed({ side: { ...made, networkPolicy: networkPolicy! } }))[0]).toBe('createPod')
})

test('no pod is made from a Guest that is about to be another', () => {
  const o = observed({ databases: [aDatabase({ name: 'shop' })] })
  const { pod: _, ...rest } = side(observed())
  expect(doesAboutPod({ ...o, side: rest })).toEqual(['writeGuest'])
})

test('a Guest that somebody deleted is spoken to for as long as its pod is there', () => {
  const o = observed({ databases: [aDatabase({ name: 'shop' })] })
  const before = side(observed())
  const guest = { ...before.guest!, metadata: { ...before.guest!.metadata, deletionTimestamp: ago(60) } }
  expect(doesAboutPod({ ...o, side: { ...before, guest } })).toEqual(['writeGuest'])
  const { pod: _, ...rest } = before
  expect(doesAboutPod({ ...o, side: { ...rest, guest } })).toEqual(['releaseGuest'])
})

test('passwords are made before the Guest names them', () => {
  const users = [aUser({ name: 'app' })]
  expect(does(observed({ users }))).toEqual(['makePasswords', 'create claim', 'createTenantService'])
  expect(does(observed({ users, side: { secret: aSecret({ 'uid-app-1': 'eA==' }) } }))).toContain('writeGuest')
})

test('none is made for a user who is not in force', () => {
  const users = [aUser({ name: 'reserved' }), aUser({ name: 'app' }, { finalizers: [] })]
  expect(does(observed({ users }))).not.toContain('makePasswords')
})

test('a wrong reference provisions nothing', () => {
  expect(plan(observed({ catalog: { versions: [] } }))).toMatchObject({ actions: [], fault: { code: 'DatastoreNotFound' } })
})

test('what bears another UID is not adopted, and nothing else is done', () => {
  const labels = { 'trove.dev/instance-uid': 'another' }
  expect(plan(observed({ side: { claim: aClaim({ labels }) } }))).toMatchObject({ actions: [], fault: { code: 'NameCollision' } })
})

test('what bears no UID and nothing else that makes it ours is not adopted either', () => {
  const claim = aClaim({ labels: {}, uid: 'unknown' })
  expect(plan(observed({ side: { claim } }))).toMatchObject({ actions: [], fault: { code: 'NameCollision' } })
})

test('when all is as it should be nothing is done', () => {
  const databases = [aDatabase({ name: 'shop' })]
  const o = observed({ databases })
  expect(doesAboutPod({ ...o, side: side(o) })).toEqual([])
  const service = as<NonNullable<Observed['tenantService']>>(buildTenantService(o.instance, o.place), 'svc')
  expect(does({ ...o, tenantService: service, side: side(o) })).not.toContain('createTenantService')
})

test.each([
  ['gone', undefined, ['createPod']],
  ['failed', { status: { phase: 'Failed', reason: 'Evicted' } }, ['delete pod']],
  ['failed as soon as it was made', { status: { phase: 'Failed', reason: 'OutOfcpu' }, metadata: { creationTimestamp: ago(4) } }, []],
  ['ending', { metadata: { deletionTimestamp: ago(1000) } }, []],
  ['made from another template', { annotations: { [annotations.template]: 'other' } }, []],
])('a pod that is %s', (_, change: { status?: object; metadata?: object; annotations?: object } | undefined, expected) => {
  const o = observed()
  const { pod, ...rest } = side(o)
  const changed = pod &&
    change && {
      ...pod,
      status: { ...pod.status, ...change.status },
      metadata: { ...pod.metadata, ...change.metadata, ...(change.annotations && { annotations: change.annotations }) },
    }
  expect(doesAboutPod({ ...o, side: { ...rest, ...(changed && { pod: changed as Pod }) } })).toEqual(expected)
})

test.each<[string | undefined, string | undefined, string | undefined, string[]]>([
  ['t1', 't2', 't1', ['delete pod']],
  [undefined, 't2', undefined, ['delete pod']],
  // A pod is there that was made for it, and may not have reported yet.
  ['t2', 't2', 't1', []],
  ['t2', 't2', undefined, []],
  // Taken back, whether it was carried out or not.
  ['t2', undefined, 't2', []],
  ['t2', undefined, 't1', []],
  // Made anew while the request was taken back, which is given again; or by a version that notes elsewhere what it made a pod for.
  [undefined, 't2', 't2', []],
  [undefined, undefined, undefined, []],
])('of a pod made for the restart %j, where %j is asked for and %j was carried out last', (madeFor, asked, last, expected) => {
  const instance = anInstance(asked === undefined ? {} : { restartRequestedAt: asked }, {}, { lastRestartRequestedAt: last })
  const o = observed({ instance, catalog: { ...observed().catalog, versions: [aVersion({ image: 'pg:17.1' })] } })
  const guest = settled(o)
  const pod = { ...side(o).pod!, spec: madeForRestart(madeFor).spec! }
  expect(doesAboutPod({ ...o, side: side(o, { guest, pod }) })).toEqual(expected)
})

test.each([
  ['t1', 'pg:17.1'],
  ['t0', 'pg:17'],
  [undefined, 'pg:17'],
])('a pod that is made anew, where %j is asked for and t0 was carried out last, runs %s', (asked, image) => {
  const instance = anInstance(asked === undefined ? {} : { restartRequestedAt: asked }, {}, { lastRestartRequestedAt: 't0' })
  const o = observed({ instance, catalog: { ...observed().catalog, versions: [aVersion({ image: 'pg:17.1' })] } })
  const { pod: _, ...gone } = side(o)
  const written = plan({ ...o, side: gone }).actions.find(a => a.do === 'writeGuest')
  const guest = written === undefined ? gone.guest! : { ...gone.guest!, spec: written.spec }
  const made = plan({ ...o, side: { ...gone, guest } }).actions.find(a => a.do === 'createPod')
  expect(made?.draft.spec?.containers[0]?.image).toBe(image)
  expect(restartOf(made!.draft)).toBe(asked)
})

test.each<[string, Partial<Observed>, Partial<GuestSide>]>([
  ['a password is to be made first', { users: [aUser({ name: 'app' })] }, {}],
  ['the Secret is being deleted', {}, { secret: aSecret({}, { deletionTimestamp: ago(1) }) }],
])('where %s, no pod is ended or made for a restart yet, but a lost one is made again', (_, more, there) => {
  const { pod, ...gone } = side(observed(), there)
  const aboutPod = (instance: Instance, side: GuestSide) =>
    doesAboutPod(observed({ instance, ...more, side })).filter(a => a === 'createPod' || a === 'delete pod')
  const asking = anInstance({ restartRequestedAt: 't1' })
  expect(aboutPod(asking, { ...gone, pod: pod! })).toEqual([])
  expect(aboutPod(asking, gone)).toEqual([])
  expect(aboutPod(anInstance(), gone)).toEqual(['createPod'])
})

test('the claim’s record follows what a restart took up, so that a Guest that is lost brings nothing old back', () => {
  const o = { ...observed(), side: side(observed(), { guest: settled(observed(), { image: 'pg:17.1' }) }) }
  const [action] = plan(o).actions.filter(a => a.do === 'recordDecision')
  expect(action?.marks).toMatchObject({ 'trove.dev/image': 'pg:17.1', 'trove.dev/version': '17' })
  expect(does({ ...o, side: { ...o.side, claim: aClaim({ annotations: action!.marks }) } })).not.toContain('recordDecision')
})

test('drift of template, image or formulas is said and touches nothing', () => {
  const versions = [aVersion({ image: 'pg:17.1' })]
  const o = observed({ engines: { postgresql: { ...engine, formulas: 2 } } })
  const drifted = { ...o, catalog: { ...o.catalog, versions }, side: side(observed()) }
  drifted.side.pod = { ...drifted.side.pod!, metadata: { ...drifted.side.pod!.metadata, annotations: {} } }
  expect(plan(drifted).restartPending).toHaveLength(3)
  expect(doesAboutPod(drifted)).toEqual([])
})

test.each([
  ['gone', undefined],
  ['another one', aClaim({ uid: 'claim-2' })],
  ['without its PersistentVolume', aClaim({}, { phase: 'Lost' })],
])('an initialised volume that is %s is lost: neither claim nor pod is made', (_, claim) => {
  const o = observed()
  const { pod: _pod, claim: _claim, ...rest } = side(o)
  const lost = { ...o, side: { ...rest, ...(claim && { claim }) } }
  expect(plan(lost).fault).toMatchObject({ code: 'VolumeLost' })
  expect(doesAboutPod(lost)).toEqual([])
})

test('a volume is lost too if only the agent’s last report knows that it was initialised', () => {
  const o = observed()
  const { claim: _claim, ...rest } = side(o, { guest: settled(o, { volume: {} }) })
  expect(plan({ ...o, side: rest }).fault).toMatchObject({ code: 'VolumeLost' })
})

test('no pod is made on a claim that is being deleted', () => {
  const o = observed()
  const { pod: _pod, ...rest } = side(o, { claim: aClaim({ deletionTimestamp: ago(1) }) })
  expect(doesAboutPod({ ...o, side: rest })).toEqual([])
})

test.each([
  ['grows where the class allows it', { kind: 'found', name: 'standard', expandable: true }, ['growVolume'], undefined],
  ['is left where it does not', { kind: 'found', name: 'standard', expandable: false }, [], 'VolumeNotExpandable'],
] as const)('a larger volume %s', (_, storageClass, expected, note) => {
  const o = observed({ instance: anInstance({ volume: { size: '2Gi' } }), inquired: { storageClass } })
  const grown = complete({ ...o, side: side(o) })
  expect(does(grown)).toEqual(expected)
  expect(plan(grown).volumeNote?.code).toBe(note)
})

test('a volume is grown last of all, and only one that is there', () => {
  const inquired = { storageClass: { kind: 'found', name: 'standard', expandable: true } } as const
  const o = observed({ instance: anInstance({ volume: { size: '2Gi' } }), inquired })
  const { pod: _, ...gone } = complete({ ...o, side: side(o) }).side
  expect(doesAboutPod({ ...o, side: gone })).toEqual(['createPod'])
  expect(does(complete({ ...o, side: side(o, { claim: aClaim({}, { phase: 'Pending' }) }) }))).toEqual([])
})

test('a Guest that somebody deleted is held while its pod lives, and let go after it', () => {
  const o = observed()
  const guest = { ...settled(o), metadata: { ...settled(o).metadata, deletionTimestamp: ago(1) } }
  const { pod, ...rest } = side(o, { guest })
  expect(doesAboutPod({ ...o, side: { ...rest, pod: pod! } })).toEqual([])
  expect(doesAboutPod({ ...o, side: rest })).toEqual(['releaseGuest'])
})

const remembers = (): Observed => {
  const o = observed()
  return { ...o, instance: { ...o.instance, status: { ...o.instance.status, volume: { claim: o.place.name, claimUID: 'claim-uid' } } } }
}

test('Guest and claim both lost: the Instance remembers its volume, and nothing is made anew', () => {
  const { actions, fault } = plan(remembers())
  expect(fault?.code).toBe('VolumeLost')
  expect(actions).toEqual([])
})

test('the Guest lost: the one made anew knows that the volume was initialised', () => {
  const o = { ...remembers(), side: { claim: aClaim({ uid: 'claim-uid' }) } }
  const written = plan(o).actions.find(a => a.do === 'writeGuest')
  expect(written).toMatchObject({ spec: { volume: { claimUID: 'claim-uid' } } })
})

/** A fleet of one, whose pod has its agent changed from agent:1 to agent:2. */
const rolled = (more: Partial<NonNullable<GuestStatus['agent']>>, upSeconds = 30) => {
  const o = observed()
  const before = side(o)
  const guest = { ...before.guest!, status: healthy({ agent: { version: '1', capabilities: [], startedAt: whole(upSeconds), ...more } }) }
  const note = { from: 'agent:1', to: 'agent:2', at: ago(40), container: 'old', worked: true }
  const { pod } = before
  const agent = { ...pod!.status!.initContainerStatuses![0]!, containerID: 'new', state: { running: { startedAt: whole(upSeconds) } } }
  return complete({
    ...o,
    side: {
      ...before,
      guest,
      pod: {
        ...pod!,
        metadata: { ...pod!.metadata, annotations: { ...pod!.metadata.annotations, [annotations.agentRoll]: JSON.stringify(note) } },
        spec: { ...pod!.spec!, initContainers: [{ name: 'guest-agent', image: 'agent:2' }] },
        status: { ...pod!.status, initContainerStatuses: [agent] },
      },
    },
  })
}
const whole = (seconds: number) => ago(seconds).replace('.000', '')

test('an agent that came back with another image is recorded, once, and nothing else is touched', () => {
  const o = rolled({})
  expect(plan(o).actions).toEqual([expect.objectContaining({ do: 'writeGuest', agentImage: 'agent:2', spec: o.side.guest!.spec })])
  expect(plan(o).restartPending).toEqual([])
  const { metadata } = o.side.guest!
  const recorded = {
    ...o.side.guest!,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.agentImage]: 'agent:2' } },
  }
  expect(does({ ...o, side: { ...o.side, guest: recorded } })).toEqual([])
})

test('one that has only just come back is looked at again when it has stayed up', () => {
  const o = rolled({}, 4)
  expect(plan(o)).toMatchObject({ actions: [], againMs: 6000 })
})

test('what the agent before it reported records nothing', () => expect(does(rolled({ startedAt: whole(600) }))).toEqual([]))

test('a pod that is made again while its agent is away gets the image that worked', () => {
  const o = rolled({ startedAt: whole(600) })
  const { pod: _, ...rest } = o.side
  const [created] = plan({ ...o, side: rest }).actions
  expect(created).toMatchObject({ do: 'createPod', draft: { spec: { initContainers: [{ name: 'guest-agent', image: 'agent:1' }] } } })
})

test('the first record goes out in the write that names the claim, and in none of its own', () => {
  const o = observed()
  const { pod, claim, serviceAccount, role, networkPolicy } = side(o)
  const made = settled(o, { volume: {} })
  const unrecorded = (status: GuestStatus) => ({ ...made, status, metadata: { ...made.metadata, annotations: {} } })
  const at = (status: GuestStatus) =>
    complete({
      ...o,
      side: {
        pod: pod!,
        claim: claim!,
        serviceAccount: serviceAccount!,
        role: role!,
        networkPolicy: networkPolicy!,
        guest: unrecorded(status),
      },
    })
  expect(does(at({ podUID: 'pod-1', operatingStatus: 'BUILDING' }))).toEqual([])
  expect(plan(at(healthy())).actions).toEqual([
    expect.objectContaining({
      do: 'writeGuest',
      agentImage: 'agent:1',
      spec: expect.objectContaining({ volume: { claimUID: 'claim-1' } }),
    }),
  ])
})

test.each([
  ['pod', labels.managedBy],
  ['pod', labels.instanceUid],
  ['claim', labels.managedBy],
  ['claim', labels.instanceUid],
  ['secret', labels.managedBy],
] as const)('of the %s the label %s comes back if somebody took it off, and nothing else is done to it', (kind, label) => {
  const o = observed()
  const all = complete({ ...o, side: side(o, { secret: aSecret() }) })
  expect(does(all)).toEqual([])
  const found = all.side[kind]!
  const { [label]: _, ...kept } = found.metadata.labels!
  const stripped = { ...found, metadata: { ...found.metadata, labels: kept } }
  expect(plan({ ...all, side: { ...all.side, [kind]: stripped } }).actions).toEqual([{ do: 'label', kind, labels: found.metadata.labels }])
})

const offered = [aVersion(), aVersion({ version: '17.2', image: 'pg:17.2', upgradeFrom: ['17'] }, { name: 'pg-17.2' })]
/** An Instance of version 17 that states this one. */
const stating = (version: string | undefined, there: Partial<GuestSide> = {}): Observed => {
  const o = observed({ catalog: { ...observed().catalog, versions: offered } })
  const instance = anInstance({ datastore: { type: 'pg', ...(version !== undefined && { version }) } })
  return { ...o, instance, side: side(o, there) }
}
const podless = (o: Observed): Observed => {
  const { pod: _, ...gone } = o.side
  return { ...o, side: gone }
}
/** The same, once the plan's writes to Guest and claim are there. */
const written = (o: Observed): Observed => {
  const next = { ...o.side }
  for (const action of plan(o).actions) {
    if (action.do === 'writeGuest') next.guest = { ...o.side.guest!, spec: action.spec }
    if (action.do === 'recordDecision') next.claim = aClaim({ annotations: { ...o.side.claim?.metadata.annotations, ...action.marks } })
  }
  return { ...o, side: next }
}
const stopped = healthy({ operatingStatus: 'SHUTDOWN', step: 'Stopped' })
const reporting = (status: GuestStatus) => settled(observed(), {}, status)

test('another version ends the pod of an engine that is well, and of no other', () => {
  expect(doesAboutPod(stating('17.2'))).toEqual(['delete pod'])
  expect(plan(stating('17.2')).actions[0]).toMatchObject({ why: 'version 17.2 is to run' })
  expect(doesAboutPod(stating('17.2', { guest: reporting(healthy({ operatingStatus: 'CRASHED' })) }))).toEqual([])
  expect(doesAboutPod(stating('17.2', { guest: reporting(healthy({ podUID: 'earlier' })) }))).toEqual([])
  expect(doesAboutPod(stating('17'))).toEqual([])
  expect(doesAboutPod(stating('15'))).toEqual([])
  expect(plan(stating('15')).refusal).toMatchObject({ code: 'DatastoreVersionNotFound' })
})

test('an agent that does not know how is not asked', () => {
  const agent = { version: 'old', capabilities: ['databases'] }
  const o = stating('17.2', { guest: reporting(healthy({ agent })) })
  expect(doesAboutPod(o)).toEqual([])
  expect(plan(o).refusal).toMatchObject({ code: 'AgentOutdated' })
})

test('between two pods the claim learns of both versions first, then the Guest, and only then a pod is made', () => {
  const ended = podless(stating('17.2', { guest: reporting(stopped) }))
  expect(doesAboutPod(ended)).toEqual(['recordDecision'])
  const recorded = written(ended)
  expect(recorded.side.claim?.metadata.annotations).toMatchObject({
    [annotations.version]: '17.2',
    [annotations.upgradeFrom]: '17',
    [annotations.image]: 'pg:17.2',
  })
  expect(doesAboutPod(recorded)).toEqual(['writeGuest'])
  const moved = written(recorded)
  expect(moved.side.guest?.spec).toMatchObject({ version: '17.2', upgradeFrom: '17', image: 'pg:17.2' })
  expect(doesAboutPod(moved)).toEqual(['createPod'])
  expect(plan(moved).change).toEqual({ from: '17', to: '17.2' })
})

const refusedSetting = { code: 'ConfigurationRefused', message: 'no' }
const notApplied = { code: 'ConfigurationNotApplied', message: 'no' }
test.each([
  ['its volume is full', { fault: { code: 'VolumeFull', message: 'full' } }, undefined],
  ['it runs with settings from before', { configuration: { hash: 'h0', refused: 'h1', fault: refusedSetting } }, 'VersionChangeWaits'],
  ['a setting is not taken while it runs', { configuration: { hash: 'h0', fault: notApplied } }, 'VersionChangeWaits'],
])('nor does one of which %s', (_, said, refusal) => {
  const o = stating('17.2', { guest: reporting(healthy(said)) })
  expect(doesAboutPod(o)).toEqual([])
  expect(plan(o).refusal?.code).toBe(refusal)
})

test('an engine that was cut short keeps its version, and is not ended for the other again before somebody asks for a restart', () => {
  const o = podless(stating('17.2', { guest: reporting(healthy({ operatingStatus: 'SHUTDOWN' })) }))
  const [made] = plan(o).actions.filter(a => a.do === 'createPod')
  expect(plan(o).change).toBeUndefined()
  const pod = as<Pod>(made!.draft, 'pod-1')
  const again = stating('17.2', { pod })
  expect(doesAboutPod(again)).toEqual([])
  expect(plan(again).refusal?.code).toBe('VersionChangeWaits')
  const { instance } = again
  const asked = { ...again, instance: { ...instance, spec: { ...instance.spec, restartRequestedAt: '2026-02-03T04:05:06Z' } } }
  expect(doesAboutPod(asked)).toEqual(['delete pod'])
})

test('a pod that was lost comes back with the version that it had, for its engine has not ended in order', () => {
  expect(doesAboutPod(podless(stating('17.2')))).toEqual(['createPod'])
  expect(plan(podless(stating('17.2'))).change).toBeUndefined()
})

const moving = (status: GuestStatus | undefined, there: Partial<GuestSide> = {}, version = '17.2'): Observed => {
  const guest = settled(observed(), { version: '17.2', upgradeFrom: '17', image: 'pg:17.2' }, status)
  return stating(version, { guest, ...there })
}

test('once the engine answers with the new version, Guest and claim forget the old one', () => {
  expect(doesAboutPod(moving(healthy()))).not.toContain('writeGuest')
  const done = written(moving(healthy({ volume: { initialised: true, version: '17.2' } })))
  expect(done.side.guest?.spec).toMatchObject({ version: '17.2' })
  expect(done.side.guest?.spec).not.toHaveProperty('upgradeFrom')
  expect(done.side.claim?.metadata.annotations?.[annotations.upgradeFrom] ?? '').toBe('')
  expect(plan(done).change).toBeUndefined()
  expect(doesAboutPod(done)).toEqual([])
})

test('as long as the data is the old version’s, stating that again ends the pod, whatever state it is in, and brings the old one back', () => {
  const back = moving(healthy({ operatingStatus: 'FAILED', volume: { initialised: true, version: '17' } }), {}, '17')
  expect(doesAboutPod(back)).toContain('delete pod')
  const recorded = written(podless(back))
  expect(recorded.side.claim?.metadata.annotations).toMatchObject({ [annotations.version]: '17', [annotations.image]: 'pg:17' })
  const returned = written(recorded)
  expect(returned.side.guest?.spec).toMatchObject({ version: '17', image: 'pg:17' })
  expect(returned.side.guest?.spec).not.toHaveProperty('upgradeFrom')
  expect(doesAboutPod(returned)).toEqual(['createPod'])
  const { podUID: _, ...unheard } = healthy()
  expect(doesAboutPod(moving(unheard, {}, '17')), 'nobody has looked').toContain('delete pod')
})

test('after that it is refused, and the new version goes on', () => {
  const late = moving(healthy({ podUID: 'earlier', volume: { initialised: true, version: '17.2' } }), {}, '17')
  expect(doesAboutPod(late)).not.toContain('delete pod')
  expect(plan(late)).toMatchObject({ refusal: { code: 'DowngradeImpossible' }, change: { from: '17', to: '17.2' } })
})

test('a Guest that is lost in the middle is made anew for both versions', () => {
  const o = moving(healthy())
  const { guest: _, pod: __, ...left } = written(o).side
  const again = plan({ ...o, side: left }).actions.find(a => a.do === 'writeGuest')
  expect(again?.spec).toMatchObject({ version: '17.2', upgradeFrom: '17', image: 'pg:17.2' })
})

test('data that turns out to be a newer version’s gets that one’s engine, and the old one is refused', () => {
  const volume = { initialised: false, version: '17.2' }
  const o = stating('17', { guest: reporting(healthy({ operatingStatus: 'FAILED', volume })) })
  expect(doesAboutPod(o)).toEqual(['delete pod'])
  expect(plan(o).refusal).toMatchObject({ code: 'DowngradeImpossible' })
  expect(written(written(podless(o))).side.guest?.spec).toMatchObject({ version: '17.2', upgradeFrom: '17' })
})
