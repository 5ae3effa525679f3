import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeEngine } from '../../../test/launcher/fake-engine.ts'
import { LauncherProcess } from '../../../test/launcher/process.ts'
import type { Guest, GuestSpec, GuestStatus } from '../../api/guest.ts'
import { ApiError } from '../../kube/errors.ts'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import { openLauncher } from '../launcher/client.ts'
import { Agent } from './agent.ts'
import { takeLeave } from './farewell.ts'
import type { GuestApi } from './guest-api.ts'
import { openLog } from './log.ts'

const base: GuestSpec = {
  instance: { namespace: 'demo', name: 'db', uid: 'instance-uid' },
  datastore: 'postgresql',
  engine: 'postgresql',
  version: '17',
  image: 'image',
  flavor: { name: 'small', cpu: '1', memory: '1Gi' },
  volume: {},
  configuration: { hash: 'abc', formulas: 1, files: [{ name: 'engine.conf', content: 'setting\n' }], layers: { defaults: {} } },
}

/** The API server, as far as one guest sees it. */
class OneGuest implements GuestApi {
  readonly writes: GuestStatus[] = []
  readonly secrets = new Map([['r1', 'password-1']])
  refusing: ApiError | undefined
  #guest: Guest | undefined
  #listeners: (() => void)[] = []

  constructor(spec: GuestSpec) {
    this.#guest = {
      apiVersion: 'trove.dev/v1alpha1',
      kind: 'Guest',
      metadata: { name: 'g', uid: 'u', resourceVersion: '1', generation: 1 },
      spec,
    }
  }
  guest = () => this.#guest
  onChange = (listener: () => void) => void this.#listeners.push(listener)
  set(change: Partial<GuestSpec>): void {
    const { metadata, spec, ...rest } = this.#guest!
    this.#guest = { ...rest, metadata: { ...metadata, generation: (metadata.generation ?? 0) + 1 }, spec: { ...spec, ...change } }
    for (const listener of this.#listeners) listener()
  }
  remove(): void {
    this.#guest = undefined
    for (const listener of this.#listeners) listener()
  }
  async applyStatus(guest: Guest, status: GuestStatus): Promise<Guest> {
    await sleep(2)
    if (this.refusing !== undefined) throw this.refusing
    // As over the wire: what is undefined is not there.
    const received = JSON.parse(JSON.stringify(status)) as GuestStatus
    this.writes.push(received)
    this.#guest = { ...(this.#guest ?? guest), status: received }
    return this.#guest
  }
  mergeStatus = async (guest: Guest, patch: object) => this.applyStatus(guest, { ...guest.status, ...patch })
  passwords = async () => this.secrets
  get status(): GuestStatus {
    return this.#guest?.status ?? {}
  }
}

let container: LauncherProcess
let data: string
let api: OneGuest
let agents: { stop: AbortController; ended: Promise<void> }[]

beforeEach(async () => {
  container = new LauncherProcess()
  data = join(container.dir, 'data')
  mkdirSync(data)
  api = new OneGuest(base)
  agents = []
  await container.start()
})
afterEach(async () => {
  for (const { stop, ended } of agents) {
    stop.abort()
    await ended
  }
  container[Symbol.dispose]()
})

function startAgent(
  podUID = 'pod',
  clock = systemClock,
  log = openLog('error'),
  startedAt = clock.now(),
): { agent: Agent; kill(): Promise<void> } {
  const stop = new AbortController()
  const agent = new Agent(
    {
      api,
      launcher: openLauncher(container.dir),
      engines: { postgresql: async () => fakeEngine(container.dir) },
      mounts: { data, trove: container.dir },
      podUID,
      version: 'test',
      startedAt,
      clock,
      log,
    },
    stop.signal,
  )
  const ended = agent.run()
  agents.push({ stop, ended })
  return {
    agent,
    kill: async () => {
      stop.abort()
      await ended
    },
  }
}

/** The system's clock, which can be put forward. Whoever sleeps by it then wakes at once. */
function hastyClock(): Clock & { pass(ms: number): void } {
  let ahead = 0
  const monotonicMs = () => systemClock.monotonicMs() + ahead
  return {
    now: () => new Date(Date.now() + ahead),
    monotonicMs,
    sleep: async (ms, signal) => {
      for (const end = monotonicMs() + ms; monotonicMs() < end; ) await systemClock.sleep(Math.min(10, end - monotonicMs()), signal)
    },
    pass: ms => {
      ahead += ms
    },
  }
}

async function until(what: string, test: () => unknown, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!test()) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}; status ${JSON.stringify(api.status)}`)
    await sleep(10)
  }
}
const healthy = () => until('HEALTHY', () => api.status.operatingStatus === 'HEALTHY')
const fault = (code: string) => until(code, () => api.status.fault?.code === code)
const enginePid = () => Number(readFileSync(join(container.dir, 'sockets', 'up'), 'utf8'))
const home = (...names: string[]) => join(data, 'postgresql', ...names)
const steer = (name: string, text = '') => writeFileSync(join(container.dir, name), text)
const release = (name: string) => rmSync(join(container.dir, name))

test('an empty volume becomes a running engine, each step is told, and then nothing is written any more', async () => {
  startAgent()
  await healthy()
  expect(api.status).toEqual({
    podUID: 'pod',
    observedGeneration: 1,
    agent: {
      version: 'test',
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      capabilities: ['databases', 'users', 'configuration', 'root', 'upgrade'],
    },
    operatingStatus: 'HEALTHY',
    engine: { version: '1.2.3', startedAt: expect.stringMatching(/^\d{4}-.*Z$/), startedWith: 'abc' },
    configuration: { hash: 'abc' },
    volume: { initialised: true, version: '17', usedPercent: expect.any(Number) },
  })
  expect(JSON.parse(readFileSync(home('marker'), 'utf8'))).toEqual({ engine: 'postgresql', version: '17', instanceUID: 'instance-uid' })
  expect(readFileSync(join(container.dir, 'configuration', 'engine.conf'), 'utf8')).toBe('setting\n')
  expect(readdirSync(data).sort()).toEqual(['.trove-lock', 'postgresql'])
  expect(new Set(api.writes.map(w => w.operatingStatus))).toEqual(new Set(['BUILDING', 'HEALTHY']))
  const before = api.writes.length
  await sleep(1500)
  expect(api.writes.length).toBe(before)
})

test('an agent that is killed and comes back leaves the engine running, and tells of nothing but its own start, once', async () => {
  const { kill } = startAgent()
  await healthy()
  const [pid, writes, before] = [enginePid(), api.writes.length, api.status]
  await kill()
  startAgent('pod', systemClock, openLog('error'), new Date('2030-01-02T03:04:05.678Z'))
  await sleep(1000)
  expect(enginePid()).toBe(pid)
  expect(api.writes.slice(writes)).toEqual([{ ...before, agent: { ...before.agent, startedAt: '2030-01-02T03:04:05Z' } }])
  // It attends to it all the same.
  process.kill(pid, 'SIGKILL')
  await until('a new engine', () => existsSync(join(container.dir, 'sockets', 'up')) && enginePid() !== pid)
  await healthy()
})

test('an engine that is killed is started again, and how it ended is told', async () => {
  startAgent()
  await healthy()
  const { startedAt } = api.status.engine ?? {}
  process.kill(enginePid(), 'SIGKILL')
  await until('RESTARTING', () => api.writes.some(w => w.operatingStatus === 'RESTARTING' && w.fault?.code === 'EngineStopped'))
  await healthy()
  expect(api.status.engine).toMatchObject({ lastExit: { code: 137 } })
  expect(api.status.engine?.startedAt).not.toBe(startedAt)
  expect(api.status).not.toHaveProperty('fault')
})

test('an engine that ends before it answers is FAILED, steadily, and heals once it can start', async () => {
  steer('refuse', '4')
  startAgent()
  await fault('EngineStartFailed')
  const from = api.writes.length - 1
  await until('several attempts', () => (api.writes.at(-1)?.engine?.lastExit?.at ?? '') > (api.writes[from]?.engine?.lastExit?.at ?? 'z'))
  expect(new Set(api.writes.slice(from).map(w => w.operatingStatus))).toEqual(new Set(['FAILED']))
  release('refuse')
  await healthy()
})

test('EngineSlow: an engine that has not answered for a minute is FAILED and left alone, and HEALTHY once it answers', async () => {
  steer('deaf')
  const clock = hastyClock()
  const { agent } = startAgent('pod', clock)
  await until('its start', () => existsSync(join(container.dir, 'sockets', 'up')) && api.status.step === 'Starting')
  const pid = enginePid()
  const pass = (ms: number) => {
    clock.pass(ms)
    agent.wake()
  }
  pass(50_000)
  await sleep(500)
  expect(api.status).toMatchObject({ operatingStatus: 'BUILDING', step: 'Starting' })
  pass(10_000)
  await fault('EngineSlow')
  expect(api.status.operatingStatus).toBe('FAILED')
  pass(3_600_000)
  await sleep(500)
  expect(enginePid()).toBe(pid)
  release('deaf')
  await healthy()
  expect(api.status).not.toHaveProperty('fault')
  expect(api.status.engine).not.toHaveProperty('lastExit')
  expect(enginePid()).toBe(pid)
  expect(readFileSync(home('data', 'starts'), 'utf8')).toBe('setting\n')
})

test('EngineSilent: an engine that stops answering for half a minute is UNKNOWN and left alone, and HEALTHY once it answers', async () => {
  const clock = hastyClock()
  startAgent('pod', clock)
  await healthy()
  const pid = enginePid()
  steer('deaf')
  clock.pass(20_000)
  await sleep(500)
  expect(api.status.operatingStatus).toBe('HEALTHY')
  clock.pass(10_000)
  await fault('EngineSilent')
  expect(api.status.operatingStatus).toBe('UNKNOWN')
  clock.pass(3_600_000)
  await sleep(500)
  expect(enginePid()).toBe(pid)
  release('deaf')
  clock.pass(10_000)
  await healthy()
  expect(api.status).not.toHaveProperty('fault')
  expect(enginePid()).toBe(pid)
  expect(readFileSync(home('data', 'starts'), 'utf8')).toBe('setting\n')
})

test('three quick crashes are CRASHED, with the reason', async () => {
  startAgent()
  for (let crash = 1; crash <= 3; crash++) {
    await healthy()
    process.kill(enginePid(), 'SIGKILL')
    await until('its end', () => api.status.operatingStatus !== 'HEALTHY')
  }
  await until('CRASHED', () => api.writes.some(w => w.operatingStatus === 'CRASHED' && w.fault?.code === 'EngineCrashed'))
  expect(api.writes.find(w => w.operatingStatus === 'CRASHED')?.fault?.message).toContain('ended by signal KILL')
  await healthy()
})

test('a lock held by another process is VolumeBusy, no crash, and heals by itself', async () => {
  const holder = spawn('sh', ['-c', `exec 9>>${data}/.trove-lock; flock 9; echo held; exec sleep 60`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(holder.stdout, 'data')
  startAgent()
  await fault('VolumeBusy')
  expect(existsSync(home())).toBe(false)
  holder.kill('SIGKILL')
  await healthy()
  expect(api.status.engine).not.toHaveProperty('lastExit')
})

test('the lock is held for as long as the last process of the engine lives', async () => {
  const { kill } = startAgent()
  await healthy()
  const attempt = spawn('flock', ['-n', join(data, '.trove-lock'), 'true'])
  expect(await once(attempt, 'exit')).toEqual([1, null])
  await kill()
})

test('Internal: a turn that fails is told with its code, to the log as in the report, and is tried again', async () => {
  const logged: Record<string, unknown>[] = []
  api.set({ configuration: { ...base.configuration, hash: '../abc' } })
  startAgent(
    'pod',
    systemClock,
    openLog('error', {}, line => logged.push(JSON.parse(line))),
  )
  await fault('Internal')
  expect(logged[0]).toMatchObject({ msg: 'turn failed', code: 'Internal' })
  api.set({ configuration: base.configuration })
  await healthy()
})

test('an initialisation killed half-way is begun anew, and what it left is gone', async () => {
  steer('slow-init', '60')
  const { kill } = startAgent()
  await until('half of it', () => existsSync(`${home()}.init/data/state`))
  await kill()
  container.kill9()
  release('slow-init')
  await container.start()
  startAgent()
  await healthy()
  expect(readFileSync(home('data', 'state'), 'utf8')).toBe('whole\n')
  expect(readdirSync(data)).not.toContain('postgresql.init')
})

test('an agent killed during initialisation takes the running one over', async () => {
  steer('slow-init', '0.6')
  const { kill } = startAgent()
  await until('half of it', () => existsSync(`${home()}.init/data/state`))
  await kill()
  release('slow-init')
  writeFileSync(`${home()}.init/data/of-the-first`, '')
  startAgent()
  await healthy()
  expect(existsSync(home('data', 'of-the-first'))).toBe(true)
})

test('an initialisation that fails says why in the engine’s own words', async () => {
  steer('fail-init')
  startAgent()
  await fault('InitialiseFailed')
  expect(api.status.fault?.message).toContain('the fake engine cannot be initialised')
  expect(existsSync(home())).toBe(false)
  release('fail-init')
  await healthy()
})

test('data without a marker is never initialised over nor started upon', async () => {
  mkdirSync(home('data'), { recursive: true })
  writeFileSync(home('data', 'precious'), 'rows')
  startAgent()
  await fault('DataVersionMismatch')
  await sleep(500)
  expect(readFileSync(home('data', 'precious'), 'utf8')).toBe('rows')
  expect(readdirSync(data)).toEqual(['postgresql'])
})

test('a recorded volume that comes back empty is VolumeLost and stays empty', async () => {
  api.set({ volume: { claimUID: 'claim' } })
  startAgent()
  await fault('VolumeLost')
  await sleep(500)
  expect(readdirSync(data)).toEqual([])
  expect(api.status.volume?.initialised).toBe(false)
})

test('a symbolic link in the place of the data directory is not followed', async () => {
  using victim = new LauncherProcess()
  mkdirSync(join(victim.dir, 'data'))
  writeFileSync(join(victim.dir, 'marker'), `${JSON.stringify({ engine: 'postgresql', version: '17', instanceUID: 'instance-uid' })}\n`)
  symlinkSync(victim.dir, home())
  startAgent()
  await fault('DataVersionMismatch')
})

test('a container that is restarted gets its engine back, with the same data', async () => {
  startAgent()
  await healthy()
  container.kill9()
  await container.start()
  await until('the second start', () => readFileSync(home('data', 'starts'), 'utf8') === 'setting\nsetting\n')
  await healthy()
  expect(api.status.engine?.lastExit?.code).toBe(137)
})

test('a pod that ends has its engine stopped cleanly, never started again, and SHUTDOWN reported before the agent ends', async () => {
  const { agent } = startAgent()
  await healthy()
  expect(await container.terminate()).toBe(0)
  const { ended, stop } = agents[0]!
  await takeLeave(agent, ended, stop, 2000)
  await ended
  expect(api.status.operatingStatus).toBe('SHUTDOWN')
  expect(existsSync(join(container.dir, 'sockets', 'up'))).toBe(false)
  expect(api.status.engine).not.toHaveProperty('lastExit')
})

test('losing the Guest, or every right, stops no engine: it is even started again', async () => {
  startAgent()
  await healthy()
  api.remove()
  api.refusing = new ApiError(403, 'Forbidden', 'no')
  const pid = enginePid()
  process.kill(pid, 'SIGKILL')
  await until('a new engine', () => existsSync(join(container.dir, 'sockets', 'up')) && enginePid() !== pid)
})

test('databases and users are made, told one by one, and a sick one delays no other', async () => {
  api.set({
    databases: [
      { name: 'taken', ensure: 'Present' },
      { name: 'shop', ensure: 'Present' },
    ],
    users: [
      { name: 'hanging', ensure: 'Present', passwordRevision: 'r1' },
      { name: 'app', ensure: 'Present', passwordRevision: 'r1', access: [{ database: 'shop', privilege: 'Owner' }] },
      { name: 'lost', ensure: 'Present', passwordRevision: 'r9' },
    ],
  })
  startAgent()
  await until('the sound ones', () => api.status.users?.some(u => u.name === 'app'))
  expect(readFileSync(home('data', 'user-app'), 'utf8')).toBe('password-1')
  await until('the lost one', () => api.status.users?.some(u => u.name === 'lost'))
  expect(api.status.databases).toEqual([
    { name: 'taken', state: 'Failed', code: 'NameTaken', message: expect.stringContaining('somebody else') },
    { name: 'shop', state: 'Ready' },
  ])
  expect(api.status.users).toContainEqual({ name: 'app', state: 'Ready', passwordRevision: 'r1' })
  expect(api.status.users).toContainEqual(expect.objectContaining({ name: 'lost', state: 'Failed', code: 'CredentialsLost' }))
  expect(JSON.stringify(api.writes)).not.toContain('password-1')
})

test('a new password, a new database and a user that must go are each brought about', async () => {
  api.set({ users: [{ name: 'app', ensure: 'Present', passwordRevision: 'r1' }] })
  startAgent()
  await until('the user', () => api.status.users?.[0]?.state === 'Ready')
  api.secrets.set('r2', 'password-2')
  api.set({ databases: [{ name: 'shop', ensure: 'Present' }], users: [{ name: 'app', ensure: 'Present', passwordRevision: 'r2' }] })
  await until('the new password', () => api.status.users?.[0]?.passwordRevision === 'r2' && api.status.databases?.[0]?.state === 'Ready')
  expect(readFileSync(home('data', 'user-app'), 'utf8')).toBe('password-2')
  api.set({ users: [{ name: 'app', ensure: 'Absent', passwordRevision: 'r2' }] })
  await until('its going', () => api.status.users?.[0]?.state === 'Absent')
  expect(api.status.observedGeneration).toBe(4)
})

const asks = (hash: string, defaults: Record<string, string>, more: Partial<GuestSpec['configuration']> = {}) =>
  api.set({ configuration: { hash, formulas: 1, files: [{ name: 'engine.conf', content: `${hash}\n` }], layers: { defaults }, ...more } })
const configured = () => JSON.parse(readFileSync(home('data', 'configured'), 'utf8'))

test('another configuration comes into force without a restart, and what cannot waits for one', async () => {
  startAgent()
  await healthy()
  const pid = enginePid()
  asks('def', { warm: '1' })
  await until('it is in force', () => api.status.configuration?.hash === 'def')
  expect(api.status.configuration).toEqual({ hash: 'def' })
  expect(configured()).toEqual({ warm: '1' })
  asks('ghi', { cold: '2' })
  await until('that, too', () => api.status.configuration?.hash === 'ghi')
  expect(api.status.configuration).toEqual({ hash: 'ghi', restartRequired: ['cold'] })
  expect(api.status.engine?.startedWith).toBe('abc')
  expect(enginePid()).toBe(pid)
  expect(readFileSync(home('data', 'starts'), 'utf8')).toBe('setting\n')
  process.kill(pid, 'SIGKILL')
  await until('it was started with all of it', () => readFileSync(home('data', 'starts'), 'utf8') === 'setting\nghi\n')
  await until('nothing waits', () => api.status.engine?.startedWith === 'ghi')
  expect(api.status.configuration).toEqual({ hash: 'ghi' })
})

test('ConfigurationNotApplied: what the engine does not take while it runs is told, and what waits for a restart besides', async () => {
  startAgent()
  await healthy()
  asks('def', { bad: '1', cold: '2' })
  await until('it is told', () => api.status.configuration?.fault?.code === 'ConfigurationNotApplied')
  expect(api.status).toMatchObject({
    operatingStatus: 'HEALTHY',
    configuration: {
      hash: 'abc',
      restartRequired: ['cold'],
      fault: { message: expect.stringContaining('bad: the fake engine does not take it') },
    },
  })
  asks('ghi', { warm: '1' })
  await until('the next is taken', () => api.status.configuration?.hash === 'ghi')
  expect(api.status.configuration).toEqual({ hash: 'ghi' })
})

test('what waits for a restart waits on where the next change fails before anything can be said of it', async () => {
  startAgent()
  await healthy()
  asks('def', { cold: '2' })
  await until('it waits', () => api.status.configuration?.restartRequired !== undefined)
  asks('ghi', { cold: '2', lost: '1' })
  await until('it is told', () => api.status.configuration?.fault?.code === 'ConfigurationNotApplied')
  expect(api.status.configuration).toMatchObject({
    hash: 'def',
    restartRequired: ['cold'],
    fault: { message: expect.stringContaining('has gone') },
  })
})

test('what was taken of a change that failed half-way is given back when the change is taken back', async () => {
  startAgent()
  await healthy()
  asks('def', { warm: '1', bad: '1' })
  await until('it is told', () => api.status.configuration?.fault?.code === 'ConfigurationNotApplied')
  expect(configured()).toEqual({ warm: '1' })
  asks('abc', {})
  await until('it is as before', () => api.status.observedGeneration === 3 && api.status.configuration?.fault === undefined)
  expect(configured()).toEqual({})
  expect(api.status.configuration).toEqual({ hash: 'abc' })
})

test('so it is where the agent was killed in the middle of the change, or before it is taken back', async () => {
  const first = startAgent()
  await healthy()
  asks('def', { warm: '1', hanging: '1' })
  await until('a part of it', () => existsSync(home('data', 'configured')) && configured().warm === '1')
  await first.kill()
  asks('abc', {})
  const second = startAgent()
  await until('it is as before', () => Object.keys(configured()).length === 0)
  asks('ghi', { warm: '1', bad: '1' })
  await until('it is told', () => api.status.configuration?.fault?.code === 'ConfigurationNotApplied')
  await second.kill()
  asks('abc', {})
  startAgent()
  await until('it is as before once more', () => Object.keys(configured()).length === 0)
  await until('nothing is wrong', () => api.status.observedGeneration === 5 && api.status.configuration?.fault === undefined)
})

test('until a change that failed half-way is undone nothing is said to be in force, whichever agent undoes it', async () => {
  const first = startAgent()
  await healthy()
  asks('def', { warm: '1', bad: '1' })
  await until('it is told', () => api.status.configuration?.fault?.code === 'ConfigurationNotApplied')
  asks('abc', { hanging: '1' })
  await until('it is being undone', () => api.status.observedGeneration === 3)
  expect(api.status.configuration).toMatchObject({ hash: 'abc', fault: { code: 'ConfigurationNotApplied' } })
  let last = first
  for (const agent of ['another', 'a third']) {
    await last.kill()
    rmSync(home('data', 'configured'))
    last = startAgent()
    await until(`${agent} undoes it`, () => existsSync(home('data', 'configured')))
    await until('it says nothing of it', () => api.status.configuration === undefined)
  }
})

test('what was told of an earlier run of the engine is not taken for the one that an agent finds', async () => {
  const first = startAgent()
  await healthy()
  asks('def', { cold: '1' })
  await until('it waits for a restart', () => api.status.configuration?.restartRequired !== undefined)
  const pid = enginePid()
  api.refusing = new ApiError(500, 'InternalError', 'not now')
  process.kill(pid, 'SIGKILL')
  await until('it was started with it', () => readFileSync(home('data', 'starts'), 'utf8') === 'setting\ndef\n')
  await first.kill()
  api.refusing = undefined
  asks('def', {})
  steer('deaf')
  startAgent()
  await until('that nothing is known of it', () => api.status.configuration === undefined)
  expect(api.status.engine?.startedWith).toBe('abc')
  release('deaf')
  await until('what it runs with', () => api.status.engine?.startedWith === 'def')
  expect(api.status.configuration).toEqual({ hash: 'def' })
})

test('what the engine answered with last is told while none answers, to the last word and in the next pod, but not of another version', async () => {
  const { agent, kill } = startAgent()
  await healthy()
  asks('def', { warm: '1' })
  await until('it is in force', () => api.status.configuration?.hash === 'def')
  steer('deaf')
  process.kill(enginePid(), 'SIGKILL')
  const told = () => ({ ...api.status.configuration, startedWith: api.status.engine?.startedWith })
  await until('it starts with it', () => api.status.operatingStatus === 'RESTARTING' && api.status.engine?.startedAt !== undefined)
  await until('it is running', () => readFileSync(home('data', 'starts'), 'utf8') === 'setting\ndef\n')
  await sleep(300)
  expect(told()).toEqual({ startedWith: 'abc' })
  release('deaf')
  await healthy()
  expect(told()).toEqual({ hash: 'def', startedWith: 'def' })
  await container.terminate()
  await agent.farewell(AbortSignal.timeout(2000))
  expect(api.status.operatingStatus).toBe('SHUTDOWN')
  expect(told()).toEqual({ startedWith: 'def' })
  await kill()
  await container.start()
  steer('deaf')
  const next = startAgent('pod-2')
  await until('the next pod', () => api.status.podUID === 'pod-2' && api.status.step === 'Starting')
  expect(told()).toEqual({ startedWith: 'def' })
  await next.kill()
  await another({ version: '18', upgradeFrom: '17' })
  startAgent('pod-3')
  await until('another version', () => api.status.podUID === 'pod-3' && api.status.step === 'Starting')
  expect(told()).toEqual({})
})

test('ConfigurationRefused: so does one whose container ends with it, as where memory runs out', async () => {
  startAgent()
  await healthy()
  asks('def', { warm: '1' }, { lastGood: { hash: 'abc', files: base.configuration.files } })
  await until('it is in force', () => api.status.configuration?.hash === 'def')
  steer('deaf')
  process.kill(enginePid(), 'SIGKILL')
  await until('it starts with it', () => readFileSync(home('data', 'starts'), 'utf8') === 'setting\ndef\n')
  container.kill9()
  release('deaf')
  await container.start()
  await until('it starts with the other', () => readFileSync(home('data', 'starts'), 'utf8') === 'setting\ndef\nsetting\n')
  await until('it is told', () => api.status.configuration?.refused === 'def' && api.status.operatingStatus === 'HEALTHY')
})

test('ConfigurationRefused: an engine that does not start with what is asked for comes up with the last that it started with', async () => {
  startAgent()
  await healthy()
  const lastGood = { hash: 'abc', files: base.configuration.files }
  asks('refused', { warm: '1' }, { lastGood })
  await until('it is in force', () => api.status.configuration?.hash === 'refused')
  process.kill(enginePid(), 'SIGKILL')
  await until('it came up', () => readFileSync(home('data', 'starts'), 'utf8') === 'setting\nsetting\n')
  await healthy()
  expect(api.status.configuration).toMatchObject({ hash: 'abc', refused: 'refused', fault: { code: 'ConfigurationRefused' } })
  const { startedAt = '', endedAt = '' } = api.status.configuration?.refusedRun ?? {}
  expect(Date.parse(endedAt)).toBeGreaterThanOrEqual(Date.parse(startedAt))
  // What the one said last and the other first can be told apart by their times.
  expect(Date.parse(api.status.engine?.startedAt ?? '') - Date.parse(endedAt)).toBeGreaterThan(200)
  expect(api.writes.some(w => w.operatingStatus === 'FAILED' || w.operatingStatus === 'CRASHED')).toBe(false)
  // It is not tried again by itself, not even by another agent.
  const pid = enginePid()
  const [{ stop, ended }] = agents as [(typeof agents)[0]]
  stop.abort()
  await ended
  startAgent()
  await sleep(1000)
  process.kill(pid, 'SIGKILL')
  await until('it came up again', () => readFileSync(home('data', 'starts'), 'utf8') === 'setting\nsetting\nsetting\n')
  await until('it is told as before', () => api.status.configuration?.refused === 'refused' && api.status.operatingStatus === 'HEALTHY')
  asks('good', { warm: '2' }, { lastGood })
  await until('another one is taken', () => api.status.configuration?.hash === 'good')
  expect(api.status.configuration).toEqual({ hash: 'good' })
  expect(api.status.engine?.startedWith).toBe('abc')
})

test('where the last good configuration does not start either, it is not the other one that is at fault', async () => {
  startAgent()
  await healthy()
  asks('def', { warm: '1' }, { lastGood: { hash: 'abc', files: base.configuration.files } })
  await until('it is in force', () => api.status.configuration?.hash === 'def')
  steer('refuse', '7')
  process.kill(enginePid(), 'SIGKILL')
  // With both of them, more than once.
  await fault('EngineCrashed')
  release('refuse')
  await healthy()
  expect(readFileSync(home('data', 'starts'), 'utf8')).toBe('setting\ndef\n')
  expect(api.status.configuration).toEqual({ hash: 'def' })
})

const markedVersion = () => (JSON.parse(readFileSync(home('marker'), 'utf8')) as { version: string }).version
const upgrades = () => (existsSync(home('data', 'upgrades')) ? readFileSync(home('data', 'upgrades'), 'utf8').trim().split('\n') : [])
/** A pod of the older version comes to an end, and another takes its volume. */
async function another(change: Partial<GuestSpec>): Promise<void> {
  for (const { stop, ended } of agents.splice(0)) {
    stop.abort()
    await ended
  }
  await container.terminate()
  api.set(change)
  await container.start()
}

test('data of the version that may be taken over is marked before the engine starts on it; the engine’s own tool runs, and only then it is HEALTHY', async () => {
  const first = startAgent()
  await healthy()
  await first.kill()
  await another({ version: '18', upgradeFrom: '17', databases: [{ name: 'shop', ensure: 'Present' }] })
  steer('slow-upgrade', '1')
  startAgent('pod-2')
  await until('the tool', () => upgrades().length === 1)
  expect(markedVersion()).toBe('18')
  expect(api.status).toMatchObject({ operatingStatus: 'RESTARTING', step: 'Upgrading', volume: { initialised: true, version: '18' } })
  expect(existsSync(home('data', 'database-shop')), 'nothing else is done meanwhile').toBe(false)
  await healthy()
  expect(upgrades()).toEqual(['begun', 'ended'])
  await until('the database', () => existsSync(home('data', 'database-shop')))
  // As the operator says it then.
  api.set({ upgradeFrom: undefined as never })
  await until('that it is heard', () => api.status.observedGeneration === 3)
  expect(upgrades()).toEqual(['begun', 'ended'])
})

test('an older engine is not started on what a newer one was, and the version of the data is told', async () => {
  const first = startAgent()
  await healthy()
  await first.kill()
  await another({ version: '18', upgradeFrom: '17' })
  startAgent('pod-2')
  await until('the newer engine', () => api.status.podUID === 'pod-2' && api.status.operatingStatus === 'HEALTHY')
  const starts = readFileSync(home('data', 'starts'), 'utf8')
  await another({ version: '17', upgradeFrom: undefined as never })
  startAgent('pod-3')
  await fault('DataVersionMismatch')
  await sleep(300)
  expect(api.status.volume).toMatchObject({ initialised: false, version: '18' })
  expect(readFileSync(home('data', 'starts'), 'utf8')).toBe(starts)
})

test('UpgradeFailed: a tool that fails is told in its own words and run again; one that an agent before us began is waited for', async () => {
  const first = startAgent()
  await healthy()
  await first.kill()
  await another({ version: '18', upgradeFrom: '17' })
  steer('fail-upgrade')
  const second = startAgent('pod-2')
  await fault('UpgradeFailed')
  expect(api.status).toMatchObject({ operatingStatus: 'FAILED', fault: { message: expect.stringContaining('cannot take it over') } })
  await until('another attempt', () => upgrades().length > 1)
  steer('slow-upgrade', '2')
  release('fail-upgrade')
  const before = upgrades().length
  await until('one that goes on', () => upgrades().length > before)
  await second.kill()
  startAgent('pod-2')
  await healthy()
  expect(upgrades().filter(line => line === 'ended')).toHaveLength(1)
})

test('an engine that is killed while its tool runs is started again, and so is the tool', async () => {
  const first = startAgent()
  await healthy()
  await first.kill()
  await another({ version: '18', upgradeFrom: '17' })
  steer('slow-upgrade', '1')
  startAgent('pod-2')
  await until('the tool', () => upgrades().length === 1)
  process.kill(enginePid(), 'SIGKILL')
  release('slow-upgrade')
  await healthy()
  expect(upgrades().at(-1)).toBe('ended')
  expect(markedVersion()).toBe('18')
})
