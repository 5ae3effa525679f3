/** Managers against a real API server: the order of things, one leader at a time, an end without loose ends, and what they tell about it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../../src/kube/client.ts'
import { events, leases } from '../../../src/kube/resource.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { watchEach } from '../../../src/runtime/controller.ts'
import { openRecorder } from '../../../src/runtime/events.ts'
import { serveHealth } from '../../../src/runtime/health.ts'
import { createManager } from '../../../src/runtime/manager.ts'
import { openMetrics } from '../../../src/runtime/metrics.ts'
import { keyOf } from '../../../src/runtime/store.ts'
import { startApiServer, type TestApiServer } from '../apiserver.ts'
import { configMap, configmaps, never, newNamespace, quiet } from './rig.ts'

let api: TestApiServer
let client: ReturnType<typeof connect>
const signal = never
/** Short enough for a test, long enough for a machine that is busy. */
const times = { durationMs: 3_000, renewWithinMs: 2_000, retryMs: 300 }

beforeAll(async () => {
  api = await startApiServer()
  client = connect(api.access)
})

afterAll(async () => {
  await client?.close()
  await api?.stop()
})

/** A manager whose one controller copies `in` to `out` in every ConfigMap, and says who did it. */
function copier(namespace: string, identity: string, o: { reconcileMs?: number; lastWords?: () => Promise<void> } = {}) {
  const metrics = openMetrics()
  const lease = { namespace, name: 'copier', identity, ...times }
  const manager = createManager({ client, log: quiet, metrics, lease, drainMs: 1_000, ...(o.lastWords && { lastWords: o.lastWords }) })
  const maps = manager.collection(configmaps, { namespace })
  const done: string[] = []
  manager.controller({
    name: 'copy',
    concurrency: 2,
    deadlineMs: 5_000,
    sources: [watchEach(maps, c => [keyOf(c)])],
    async reconcile(key, ctx) {
      const map = maps.get(key)
      if (map === undefined || map.data?.in === map.data?.out) return
      await systemClock.sleep(o.reconcileMs ?? 0, ctx.signal)
      const body = { data: { out: map.data?.in, by: identity } }
      await maps.patch(map.metadata, { type: 'merge', body }, { manager: 'copier', signal: ctx.signal })
      done.push(map.metadata.name)
    },
  })
  const stop = new AbortController()
  const ended = manager.run(stop.signal)
  return { manager, metrics, maps, done, stop: () => stop.abort(), ended }
}

const holder = async (namespace: string) => (await client.get(leases, { namespace, name: 'copier' }, { signal })).spec?.holderIdentity

const by = async (namespace: string, name: string) => (await client.get(configmaps, { namespace, name }, { signal })).data?.by

test('one manager works, the other stands by in step, and takes over at once when the first ends in order', async () => {
  const namespace = await newNamespace(client)
  await client.create(configmaps, configMap(namespace, 'early', { in: '1' }), { signal })
  const first = copier(namespace, 'first')
  await expect.poll(() => by(namespace, 'early'), { timeout: 5_000 }).toBe('first')
  const second = copier(namespace, 'second')
  await expect.poll(() => second.manager.ready()).toBe(true)
  await client.create(configmaps, configMap(namespace, 'middle', { in: '1' }), { signal })
  await expect.poll(() => by(namespace, 'middle')).toBe('first')
  const forbidden = configMap(namespace, 'forbidden')
  const attempts = [
    () => second.maps.create(forbidden, signal),
    () => second.manager.client.create(configmaps, forbidden, { signal }),
    () => second.manager.client.apply(configmaps, forbidden, { manager: 'copier', signal }),
    () => second.maps.delete(second.maps.get(`${namespace}/early`)!, { signal }),
  ]
  for (const attempt of attempts) await expect(attempt()).rejects.toThrow('LeaseLost')
  // What it would have to do is no backlog of its own, as long as another does it.
  const told = async (line: RegExp) => line.exec(await second.metrics.registry.metrics())?.[1]
  expect(second.maps.list().length).toBeGreaterThan(0)
  expect([second.manager.leads(), await told(/^workqueue_depth\{name="copy"\} (.*)$/m)]).toEqual([false, '0'])
  expect((await second.manager.client.list(configmaps, { namespace, signal })).items.length).toBe(2)

  first.stop()
  await first.ended
  expect([first.manager.ready(), await holder(namespace)]).not.toEqual([true, 'first'])
  await client.create(configmaps, configMap(namespace, 'late', { in: '1' }), { signal })
  await expect.poll(() => by(namespace, 'late'), { timeout: 2_500 }).toBe('second')
  expect(first.done.sort()).toEqual(['early', 'middle'])
  expect(second.manager.leads()).toBe(true)
  expect(await told(/^reflector_lists_total\{resource="configmaps"\} (.*)$/m), 'lists, at the start alone').toBe('1')
  second.stop()
  await second.ended
  expect(await holder(namespace)).toBe('')
})

test('a manager whose lease is taken stops at once, in the middle of its work, and says so', async () => {
  const namespace = await newNamespace(client)
  const robbed = copier(namespace, 'robbed', { reconcileMs: 1_500 })
  await expect.poll(() => holder(namespace).catch(() => ''), { timeout: 5_000 }).toBe('robbed')
  await client.create(configmaps, configMap(namespace, 'slow', { in: '1' }), { signal })
  const ended = robbed.ended.then(
    () => 'in order',
    (error: Error) => error.message,
  )
  const patch = { type: 'merge', body: { spec: { holderIdentity: 'robber' } } } as const
  await client.patch(leases, { namespace, name: 'copier' }, patch, { manager: 'robber', signal })
  expect(await ended).toContain('LeaseLost')
  expect(robbed.manager.healthy()).toBe(false)
  await systemClock.sleep(1_600, signal)
  expect([await by(namespace, 'slow'), await holder(namespace)]).toEqual([undefined, 'robber'])
})

test('work that is begun when the end comes may finish, and what is not begun is left to the next', async () => {
  const namespace = await newNamespace(client)
  const ending = copier(namespace, 'ending', { reconcileMs: 500 })
  await expect.poll(() => holder(namespace).catch(() => ''), { timeout: 5_000 }).toBe('ending')
  for (const name of ['a', 'b', 'c', 'd']) await client.create(configmaps, configMap(namespace, name, { in: '1' }), { signal })
  await systemClock.sleep(200, signal)
  ending.stop()
  await ending.ended
  expect(ending.done.sort()).toEqual(['a', 'b'])
})

test('last words are said while the lease is still held, and one that hangs keeps nobody', async () => {
  const namespace = await newNamespace(client)
  const one = copier(namespace, 'one', {
    async lastWords() {
      await one.manager.client.create(configmaps, configMap(namespace, 'last', { by: (await holder(namespace)) ?? '' }), { signal })
      await new Promise(() => {})
    },
  })
  await expect.poll(() => holder(namespace).catch(() => undefined), { timeout: 5_000 }).toBe('one')
  one.stop()
  await one.ended
  expect(await by(namespace, 'last')).toBe('one')
  expect(await holder(namespace)).not.toBe('one')
})

test('a manager outlives the API server for as long as its lease does', async () => {
  const namespace = await newNamespace(client)
  const manager = createManager({ client, log: quiet, metrics: openMetrics() })
  const maps = manager.collection(configmaps, { namespace })
  const seen = new Set<string>()
  manager.controller({
    name: 'see',
    concurrency: 1,
    deadlineMs: 5_000,
    sources: [watchEach(maps, c => [keyOf(c)])],
    reconcile: async key => void seen.add(key.split('/').at(-1)!),
  })
  const stop = new AbortController()
  const ended = manager.run(stop.signal)
  await expect.poll(() => manager.ready()).toBe(true)
  await api.restart()
  await client.create(configmaps, configMap(namespace, 'after'), { signal })
  await expect.poll(() => [...seen], { timeout: 20_000 }).toEqual(['after'])
  stop.abort()
  await ended
})

test('health, readiness and metrics are served, under the names that dashboards know', async () => {
  const namespace = await newNamespace(client)
  const { manager, metrics, stop, ended } = copier(namespace, 'watched')
  const health = await serveHealth({ port: 0, healthy: manager.healthy, ready: manager.ready, metrics: () => metrics.registry.metrics() })
  const get = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${health.port}${path}`)
    return { status: response.status, text: await response.text() }
  }
  await client.create(configmaps, configMap(namespace, 'one', { in: '1' }), { signal })
  await expect.poll(() => by(namespace, 'one'), { timeout: 5_000 }).toBe('watched')
  expect([(await get('/healthz')).status, (await get('/readyz')).status, (await get('/nothing')).status]).toEqual([200, 200, 404])
  const { text } = await get('/metrics')
  for (const line of [
    /^controller_runtime_reconcile_total\{controller="copy",result="success"\} [1-9]/m,
    /^controller_runtime_reconcile_time_seconds_count\{controller="copy"\} [1-9]/m,
    /^workqueue_adds_total\{name="copy"\} [1-9]/m,
    /^workqueue_depth\{name="copy"\} 0$/m,
    /^leader_election_master_status\{name="copier"\} 1$/m,
    /^reflector_lists_total\{resource="configmaps"\} 1$/m,
    /^nodejs_eventloop_lag_seconds /m,
  ])
    expect(text).toMatch(line)
  stop()
  await ended
  expect((await get('/readyz')).status).toBe(503)
  await health.close()
})

test('the server accepts our Events, and counts what is said again on the first', async () => {
  const namespace = await newNamespace(client)
  const regarding = await client.create(configmaps, configMap(namespace, 'db1.'.concat('x')), { signal })
  const recorder = openRecorder({ client, log: quiet, clock: systemClock, controller: 'trove.dev/test', instance: 'here', signal })
  const note = { regarding, type: 'Warning', reason: 'VolumeLost', action: 'Check', note: 'the volume is gone' } as const
  for (let i = 0; i < 3; i++) recorder.event(note)
  recorder.event({ ...note, reason: 'VolumeFound' })
  await recorder.flush()
  const { items } = await client.list(events, { namespace, signal })
  const told = items.map(e => [e.reason, e.series?.count, e.regarding?.uid, e.note])
  expect(told.sort()).toEqual([
    ['VolumeFound', undefined, regarding.metadata.uid, 'the volume is gone'],
    ['VolumeLost', 3, regarding.metadata.uid, 'the volume is gone'],
  ])
})
