/** Killing any part, at the moments that hurt, heals without a person; a database is never stopped by anything but its own end. */
import { expect, onTestFinished, test } from 'vitest'
import { missingRows, psql, writer } from './client.ts'
import { kill, onNode, pidsOf, process, stopInTheMiddle, volumePath } from './node.ts'
import { database, instance } from './objects.ts'
import { running } from './running.ts'
import { apply, becomes, condition, get, guestOf, kubectl, maybe, type Obj, ready, tenant, until } from './world.ts'

const agentOf = async (guest: string) =>
  (await get('pod', guest, 'trove-guests')).status.initContainerStatuses.find((c: { name: string }) => c.name === 'guest-agent')

test('the agent killed: the engine runs on and a writer with a new connection for every row sees nothing', async () => {
  const r = await running('agent')
  const before = await r.started()
  const w = await writer(r.ns, r.login)
  const restarts = (await agentOf(r.guest)).restartCount
  await kill(await pidsOf(await r.podUID(), process.agent))
  await until('the agent is back', async () => {
    const agent = await agentOf(r.guest)
    return agent.restartCount > restarts && agent.state.running
  })
  await apply(database('later', r.ns, 'db'))
  await becomes('database', 'later', r.ns, 'Ready', 'True')
  await w.progress(20)
  expect((await w.stop()).failures).toEqual([])
  expect(await r.started()).toBe(before)
})

test('one pod’s agent image changed by hand: the engine runs on under the same writer, and the operator puts it back', async () => {
  const r = await running('agentimage')
  const before = await r.started()
  const w = await writer(r.ns, r.login)
  const { restartCount } = await agentOf(r.guest)
  const image = async () => (await get('pod', r.guest, 'trove-guests')).spec.initContainers[0].image
  const given = await image()
  const other = `${given.replace(/:[^:]*$/, '')}:e2e-other-agent`
  await onNode(`ctr -n k8s.io images tag --force ${given} ${other}`)
  expect(given).not.toBe(other)
  await until(
    'another agent runs',
    async () => {
      const agent = await agentOf(r.guest)
      if (agent.restartCount > restartCount) return agent.state.running
      // Again, for the operator may have put it back before the kubelet knew of it.
      await kubectl(['set', 'image', `pod/${r.guest}`, '-n', 'trove-guests', `guest-agent=${other}`])
      return false
    },
    60_000,
    1000,
  )
  await until('the operator has put it back', async () => (await image()) === given)
  await w.progress(20)
  expect((await w.stop()).failures).toEqual([])
  expect(await r.started()).toBe(before)
  await ready('db', r.ns)
})

test('the engine killed with -9 comes back with every acknowledged row', async () => {
  const r = await running('engine')
  const before = await r.started()
  const w = await writer(r.ns, r.login)
  await w.progress(10)
  await kill(await pidsOf(await r.podUID(), process.postmaster))
  await until('the engine is back', async () => (await r.started()) !== before)
  await w.progress(10)
  const { acknowledged } = await w.stop()
  expect(await missingRows(r.ns, r.login, acknowledged)).toEqual([])
  await ready('db', r.ns)
})

test('three quick crashes are CRASHED, with the reason, and the engine comes back all the same', async () => {
  const r = await running('crash')
  // It is CRASHED only until the engine answers again, so somebody has to be looking before the last crash.
  const crashed = ['wait', '--for=jsonpath={.status.operatingStatus}=CRASHED', '--timeout=120s', '-n', r.ns, 'instance/db', '-o', 'json']
  const seen = kubectl(crashed).then(
    text => JSON.parse(text) as Obj,
    (error: Error) => error,
  )
  for (let i = 0; i < 3; i++) {
    const pids = await until('the engine runs', async () => {
      const found = await pidsOf(await r.podUID(), process.postmaster)
      return found.length > 0 && found
    })
    await kill(pids)
    await until('it is gone', async () => !(await pidsOf(await r.podUID(), process.postmaster)).some(p => pids.includes(p)))
  }
  const db = await seen
  if (db instanceof Error) throw db
  expect(condition(db, 'EngineHealthy')?.reason).toBe('EngineCrashed')
  expect(condition(db, 'EngineHealthy')?.message).toContain('signal KILL')
  await ready('db', r.ns)
})

test('an engine that has stopped answering is UNKNOWN and left alone, and heals once it answers', async () => {
  const r = await running('silent')
  const before = await r.started()
  const uid = await r.podUID()
  // The postmaster first, so that no process is added while the others are found.
  const postmaster = await pidsOf(uid, process.postmaster)
  onTestFinished(async () => {
    await kill(postmaster, 'CONT').catch(() => {})
  })
  await kill(postmaster, 'STOP')
  await kill(await pidsOf(uid, process.engine), 'STOP')
  const engine = await pidsOf(uid, process.engine)
  expect(engine).toEqual(expect.arrayContaining(postmaster))
  const restarts = async () => {
    const { status } = await get('pod', r.guest, 'trove-guests')
    return [...status.initContainerStatuses, ...status.containerStatuses].map((c: { restartCount: number }) => c.restartCount)
  }
  const restartsBefore = await restarts()
  const db = await becomes('instance', 'db', r.ns, 'EngineHealthy', 'EngineSilent', 75_000)
  expect(db.status.operatingStatus).toBe('UNKNOWN')
  expect(condition(db, 'Ready')).toMatchObject({ status: 'False', reason: 'EngineSilent' })
  expect(await r.podUID()).toBe(uid)
  expect(await restarts()).toEqual(restartsBefore)
  expect(await pidsOf(uid, process.engine)).toEqual(engine)
  await kill(engine, 'CONT')
  await ready('db', r.ns)
  expect(await r.started()).toBe(before)
})

test('killed in the middle of initialisation: it begins again', async () => {
  const { ns } = await tenant('init')
  await apply(instance('db', ns))
  const guest = await guestOf('db', ns)
  const uid = await until('the pod is there', async () => (await maybe('pod', guest, 'trove-guests'))?.metadata.uid, 30_000, 50)
  const initdb = await stopInTheMiddle(uid, 'initdb')
  const path = await volumePath(guest)
  const onVolume = async () => (await onNode(`ls ${path}`)).split('\n')
  expect(await onVolume()).toContain('postgresql.init')
  expect(await onVolume()).not.toContain('postgresql')
  // Everything in the pod at once: the engine's container with its launcher, and the agent.
  const launcher = await pidsOf(uid, process.launcher)
  expect(launcher).not.toEqual([])
  expect(await kill([initdb, ...(await pidsOf(uid, process.agent)), ...launcher])).toContain(initdb)
  await ready('db', ns)
  expect(await onVolume()).toContain('postgresql')
  expect(await onVolume()).not.toContain('postgresql.init')
})

test('the pod deleted: the same data comes back in a new pod', async () => {
  const r = await running('deleted')
  await psql(r.ns, r.login, "create table t (x text); insert into t values ('kept')")
  const uid = await r.podUID()
  await kubectl(['delete', 'pod', r.guest, '-n', 'trove-guests'])
  await until('a new pod is there', async () => (await maybe('pod', r.guest, 'trove-guests'))?.metadata.uid !== uid)
  await until('the row is there', async () => (await psql(r.ns, r.login, 'select x from t')) === 'kept')
  await ready('db', r.ns)
})

test('the pod force-deleted while another process holds the volume’s lock: no second engine starts until it is free', async () => {
  const r = await running('lock')
  const w = await writer(r.ns, r.login)
  const lock = `${await volumePath(r.guest)}/.trove-lock`
  const uid = await r.podUID()
  // Waits for the engine's lock and takes it the moment the old engine has ended, as a survivor on the node would keep it.
  await onNode(`setsid nohup flock ${lock} -c 'touch ${lock}.held; exec sleep 600' >/dev/null 2>&1 & echo started`)
  const survivor = `pgrep -f 'sleep 60[0]' || true`
  onTestFinished(async () => {
    await onNode(`for p in $(${survivor}); do kill $p; done; true`)
  })
  await kubectl(['delete', 'pod', r.guest, '-n', 'trove-guests', '--force', '--grace-period=0'])
  await until('the lock has moved', async () => (await onNode(`test -e ${lock}.held && echo yes || echo no`)) === 'yes')
  await becomes('instance', 'db', r.ns, 'Ready', 'VolumeBusy', 90_000)
  const newUID = await r.podUID()
  expect(newUID).not.toBe(uid)
  await new Promise(resolve => setTimeout(resolve, 5_000))
  expect(await pidsOf(newUID, process.postmaster)).toEqual([])
  await onNode(`for p in $(${survivor}); do kill $p; done; rm -f ${lock}.held`)
  await ready('db', r.ns, 180_000)
  await w.progress(5)
  const { acknowledged } = await w.stop()
  expect(await missingRows(r.ns, r.login, acknowledged)).toEqual([])
})

test('a restart that the user asks for happens once', async () => {
  const r = await running('restart')
  const before = await r.started()
  const at = new Date().toISOString()
  await apply(instance('db', r.ns, { restartRequestedAt: at }))
  await until('it was carried out', async () => (await get('instance', 'db', r.ns)).status.lastRestartRequestedAt === at, 90_000)
  await ready('db', r.ns)
  const after = await until('it answers', () => r.started())
  expect(after).not.toBe(before)
  await apply(instance('db', r.ns, { restartRequestedAt: at }))
  await new Promise(resolve => setTimeout(resolve, 3_000))
  expect(await r.started()).toBe(after)
})
