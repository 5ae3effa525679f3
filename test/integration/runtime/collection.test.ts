/** Collections against a real API server: they outlive it, notice what happened while it was away, and know their own writes at once. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../../../src/kube/client.ts'
import { isConflict, isForbidden, isTestFailed } from '../../../src/kube/errors.ts'
import { rolebindings, roles } from '../../../src/kube/resource.ts'
import { startApiServer, type TestApiServer } from '../apiserver.ts'
import { configMap, configmaps, never, newNamespace, watched } from './rig.ts'

let api: TestApiServer
let client: ReturnType<typeof connect>
const signal = never
const manager = 'test'
/** Reflectors pause for up to 30 s between attempts; after the outages here it is a few seconds. */
const soon = { timeout: 20_000 }

beforeAll(async () => {
  api = await startApiServer()
  client = connect(api.access)
})

afterAll(async () => {
  await client?.close()
  await api?.stop()
})

test('a collection shows what others do, filtered and indexed', async () => {
  const namespace = await newNamespace(client)
  await client.create(configmaps, configMap(namespace, 'first', { owner: 'ann' }), { signal })
  const { collection, changes, stop } = await watched(client, configmaps, {
    namespace,
    project: c => ({ ...c, data: { owner: c.data?.owner ?? '' } }),
    indexes: { owner: c => [c.data?.owner ?? ''] },
  })
  const names = () => collection.byIndex('owner', 'ann').map(c => c.metadata.name)
  expect(names()).toEqual(['first'])
  const second = await client.create(configmaps, configMap(namespace, 'second', { owner: 'ann', long: 'text' }), { signal })
  await expect.poll(names).toEqual(['first', 'second'])
  expect(collection.get(`${namespace}/second`)?.data).toEqual({ owner: 'ann' })
  expect(collection.get(`${namespace}/second`)?.metadata).not.toHaveProperty('managedFields')
  await client.replace(configmaps, { ...second, data: { owner: 'bob' } }, { signal })
  await expect.poll(names).toEqual(['first'])
  await client.delete(configmaps, { namespace, name: 'first', uid: collection.get(`${namespace}/first`)!.metadata.uid }, { signal })
  await expect.poll(names).toEqual([])
  expect(changes).toEqual(['+first', '+second', '~second', '-first'])
  await stop()
})

test('a write is in the store when it returns, and is announced once', async () => {
  const namespace = await newNamespace(client)
  const { collection, changes, stop } = await watched(client, configmaps, { namespace })
  for (let i = 0; i < 50; i++) {
    const name = `c${i}`
    const key = `${namespace}/${name}`
    const made = await collection.create(configMap(namespace, name), signal)
    expect(collection.get(key)?.metadata.resourceVersion).toBe(made.metadata.resourceVersion)
    await collection.apply(configMap(namespace, name, { n: String(i) }), { manager, signal })
    expect(collection.get(key)?.data).toEqual({ n: String(i) })
    await collection.delete(made, { signal })
    expect(collection.get(key)).toBeUndefined()
    const again = await collection.create(configMap(namespace, name), signal)
    expect(collection.get(key)?.metadata.uid).toBe(again.metadata.uid)
  }
  const last = await client.create(configmaps, configMap(namespace, 'end'), { signal })
  await expect.poll(() => collection.get(`${namespace}/end`)?.metadata.uid).toBe(last.metadata.uid)
  const all = Array.from({ length: 50 }, (_, i) => [`+c${i}`, `~c${i}`, `-c${i}`, `+c${i}`]).flat()
  expect(changes).toEqual([...all, '+end'])
  await stop()
})

test('deleting what another has deleted and made anew leaves the new one alone', async () => {
  const namespace = await newNamespace(client)
  const { collection, stop } = await watched(client, configmaps, { namespace })
  const old = await collection.create(configMap(namespace, 'c'), signal)
  await client.delete(configmaps, { namespace, name: 'c', uid: old.metadata.uid }, { signal })
  const anew = await client.create(configmaps, configMap(namespace, 'c'), { signal })
  await collection.delete(old, { signal })
  await expect.poll(() => collection.get(`${namespace}/c`)?.metadata.uid).toBe(anew.metadata.uid)
  expect((await client.get(configmaps, { namespace, name: 'c' }, { signal })).metadata.uid).toBe(anew.metadata.uid)
  await stop()
})

test('finalizers are added and removed without touching those of others', async () => {
  const namespace = await newNamespace(client)
  const { collection, stop } = await watched(client, configmaps, { namespace })
  const bare = await collection.create(configMap(namespace, 'held'), signal)
  const one = await collection.addFinalizer(bare, 'test.dev/one', signal)
  const two = await collection.addFinalizer(one, 'test.dev/two', signal)
  expect(two.metadata.finalizers).toEqual(['test.dev/one', 'test.dev/two'])
  expect(await collection.addFinalizer(two, 'test.dev/two', signal)).toBe(two)
  const stale = collection.addFinalizer(bare, 'test.dev/three', signal).catch((error: unknown) => error)
  expect(isTestFailed(await stale)).toBe(true)

  await collection.delete(two, { signal })
  const ending = collection.get(`${namespace}/held`)!
  expect(ending.metadata.deletionTimestamp).toBeDefined()
  await collection.removeFinalizer(ending, 'test.dev/one', signal)
  expect(collection.get(`${namespace}/held`)?.metadata.finalizers).toEqual(['test.dev/two'])
  const staleRemoval = collection.removeFinalizer(ending, 'test.dev/one', signal).catch((error: unknown) => error)
  expect(isTestFailed(await staleRemoval)).toBe(true)
  await collection.removeFinalizer(collection.get(`${namespace}/held`)!, 'test.dev/two', signal)
  await expect.poll(() => collection.get(`${namespace}/held`)).toBeUndefined()
  await collection.removeFinalizer(two, 'test.dev/two', signal)
  await stop()
})

test('what is to be final is confirmed: another version, another object or none is a conflict', async () => {
  const namespace = await newNamespace(client)
  const { collection, stop } = await watched(client, configmaps, { namespace })
  const ref = { namespace, name: 'c' }
  await collection.confirmAbsent(ref, signal)
  const first = await client.create(configmaps, configMap(namespace, 'c'), { signal })
  await collection.confirm(first, signal)
  const failure = (asked: Promise<void>) => asked.catch((error: unknown) => error)
  const later = await client.apply(configmaps, configMap(namespace, 'c', { n: '1' }), { manager, signal })
  expect(isConflict(await failure(collection.confirm(first, signal)))).toBe(true)
  expect(collection.get(`${namespace}/c`)?.metadata.resourceVersion, 'the cache has learnt of it').toBe(later.metadata.resourceVersion)
  expect(isConflict(await failure(collection.confirmAbsent(ref, signal)))).toBe(true)
  await collection.delete(later, { signal })
  expect(isConflict(await failure(collection.confirm(later, signal)))).toBe(true)
  await stop()
})

test('what was found to exist is shown from then on, and it is a conflict if the cache knows better', async () => {
  const namespace = await newNamespace(client)
  const { collection, stop } = await watched(client, configmaps, { namespace })
  const found = await client.create(configmaps, configMap(namespace, 'c'), { signal })
  collection.adopt(found)
  expect(collection.get(`${namespace}/c`)?.metadata.uid).toBe(found.metadata.uid)
  await client.delete(configmaps, { namespace, name: 'c', uid: found.metadata.uid }, { signal })
  await expect.poll(() => collection.get(`${namespace}/c`)).toBeUndefined()
  expect(() => collection.adopt(found)).toThrow(expect.objectContaining({ reason: 'Conflict' }))
  await stop()
})

test('what this process wrote itself is known to be there, what it only found in a list is asked for once', async () => {
  const namespace = await newNamespace(client)
  const old = await client.create(configmaps, configMap(namespace, 'listed'), { signal })
  let asked = 0
  const get: typeof client.get = (...args) => {
    asked += 1
    return client.get(...args)
  }
  const counting = { ...client, get }
  const { collection, stop } = await watched(counting, configmaps, { namespace })
  await collection.confirmOnce(await collection.create(configMap(namespace, 'own'), signal), signal)
  expect(asked).toBe(0)
  await collection.confirmOnce(old, signal)
  await collection.confirmOnce(old, signal)
  expect(asked).toBe(1)
  await stop()
})

test('a finalizer that went with its object is not taken off again, and the object is hidden', async () => {
  const namespace = await newNamespace(client)
  const { collection, stop } = await watched(client, configmaps, { namespace })
  const held = await collection.addFinalizer(await collection.create(configMap(namespace, 'c'), signal), 'test.dev/one', signal)
  await client.delete(configmaps, { namespace, name: 'c', uid: held.metadata.uid }, { signal })
  await client.patch(configmaps, { namespace, name: 'c' }, { type: 'merge', body: { metadata: { finalizers: null } } }, { manager, signal })
  await collection.removeFinalizer(held, 'test.dev/one', signal)
  expect(collection.get(`${namespace}/c`)).toBeUndefined()
  await stop()
})

test('a collection of one name works with rights to that name only', async () => {
  const namespace = await newNamespace(client)
  await client.create(configmaps, configMap(namespace, 'mine', { n: '1' }), { signal })
  await client.create(configmaps, configMap(namespace, 'theirs'), { signal })
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { namespace, name: 'reader' } }
  const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['get', 'list', 'watch'] }]
  await client.create(roles, { ...rbac, kind: 'Role', rules }, { signal })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }
  const subjects = [{ kind: 'ServiceAccount', namespace, name: 'guest' }]
  await client.create(rolebindings, { ...rbac, kind: 'RoleBinding', roleRef, subjects }, { signal })
  const guest = connect(api.accessWith(await tokenOf(namespace, 'guest')))

  const { collection, stop } = await watched(guest, configmaps, { namespace, fieldSelector: 'metadata.name=mine' })
  expect(collection.list().map(c => c.metadata.name)).toEqual(['mine'])
  await client.apply(configmaps, configMap(namespace, 'mine', { n: '2' }), { manager, signal })
  await expect.poll(() => collection.get(`${namespace}/mine`)?.data?.n).toBe('2')
  expect(isForbidden(await guest.list(configmaps, { namespace, signal }).catch((error: unknown) => error))).toBe(true)
  await stop()
  await guest.close()
})

test('a collection survives a restart of the API server and goes on where it was', async () => {
  const namespace = await newNamespace(client)
  const { collection, stop } = await watched(client, configmaps, { namespace })
  await client.create(configmaps, configMap(namespace, 'before'), { signal })
  await expect.poll(() => collection.list().length).toBe(1)
  await api.restart()
  expect(collection.list().length).toBe(1)
  await client.create(configmaps, configMap(namespace, 'after'), { signal })
  await expect.poll(() => collection.list().map(c => c.metadata.name), soon).toEqual(['before', 'after'])
  await stop()
})

test('what vanished from history while nobody could watch is noticed all the same', async () => {
  const namespace = await newNamespace(client)
  await client.create(configmaps, configMap(namespace, 'stays'), { signal })
  await client.create(configmaps, configMap(namespace, 'vanishes'), { signal })
  const seen = await watched(client, configmaps, { namespace })
  expect(seen.lists()).toBe(1)
  await api.restart(async () => {
    const key = Buffer.from(`/registry/configmaps/${namespace}/vanishes`).toString('base64')
    const { header } = await api.etcd('kv/deleterange', { key })
    await api.etcd('kv/compaction', { revision: header!.revision, physical: true })
  })
  await expect.poll(() => seen.collection.list().map(c => c.metadata.name), soon).toEqual(['stays'])
  expect(seen.lists()).toBe(2)
  expect(seen.changes).toEqual(['+stays', '+vanishes', '-vanishes'])
  await client.create(configmaps, configMap(namespace, 'later'), { signal })
  await expect.poll(() => seen.changes.at(-1), soon).toBe('+later')
  await seen.stop()
})

test('a collection that is stopped while the server is away stops at once', async () => {
  const namespace = await newNamespace(client)
  const { stop, collection } = await watched(client, configmaps, { namespace })
  await api.restart(async () => {
    const began = performance.now()
    await stop()
    expect(performance.now() - began).toBeLessThan(500)
  })
  await client.create(configmaps, configMap(namespace, 'unseen'), { signal })
  expect(collection.list()).toEqual([])
})

/** A token of a ServiceAccount that is made for it. */
async function tokenOf(namespace: string, name: string): Promise<string> {
  const accounts = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true }
  await client.create(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } }, { signal })
  const { authorization, tls } = await api.access.credentials()
  const { Agent, fetch } = await import('undici')
  const response = await fetch(`${api.access.server}/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    method: 'POST',
    headers: { authorization: authorization!, 'content-type': 'application/json' },
    body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
    dispatcher: new Agent({ connect: tls }),
  })
  return ((await response.json()) as { status: { token: string } }).status.token
}
