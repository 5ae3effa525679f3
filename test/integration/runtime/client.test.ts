/** What a real API server answers, as far as the client and its predicates rely on it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accessFromKubeconfig } from '../../../src/kube/access.ts'
import { connect } from '../../../src/kube/client.ts'
import {
  type ApiError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isNamespaceTerminating,
  isNotFound,
  isTestFailed,
  isTypedPatchFailure,
  isUidMismatch,
} from '../../../src/kube/errors.ts'
import { namespaces } from '../../../src/kube/resource.ts'
import { startApiServer, type TestApiServer } from '../apiserver.ts'
import { configMap, configmaps, installWidgets, never, newNamespace, widget, widgets } from './rig.ts'

let api: TestApiServer
let client: ReturnType<typeof connect>
let namespace: string
const signal = never
const manager = 'test'
const otherUid = '00000000-0000-0000-0000-000000000000'

beforeAll(async () => {
  api = await startApiServer()
  client = connect(api.access)
  namespace = await newNamespace(client)
  await installWidgets(client)
})

afterAll(async () => {
  await client?.close()
  await api?.stop()
})

const refused = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable('the server took it'),
    (error: unknown) => error,
  )

test('a kubeconfig gives the same access', async () => {
  const own = connect(await accessFromKubeconfig(api.kubeconfig))
  expect((await own.get(namespaces, { name: 'default' }, { signal })).kind).toBe('Namespace')
  await own.close()
})

test('what is not there is not found, and creating what is there already exists', async () => {
  expect(isNotFound(await refused(client.get(configmaps, { namespace, name: 'nothing' }, { signal })))).toBe(true)
  await client.create(configmaps, configMap(namespace, 'twice'), { signal })
  const error = await refused(client.create(configmaps, configMap(namespace, 'twice'), { signal }))
  expect([isAlreadyExists(error), isConflict(error)]).toEqual([true, false])
})

test('replacing an older version is a conflict', async () => {
  const old = await client.create(configmaps, configMap(namespace, 'raced'), { signal })
  await client.replace(configmaps, { ...old, data: { by: 'another' } }, { signal })
  const error = await refused(client.replace(configmaps, { ...old, data: { by: 'us' } }, { signal }))
  expect([isConflict(error), isUidMismatch(error)]).toEqual([true, false])
})

test('lists come in pages whose items say what they are', async () => {
  const own = await newNamespace(client)
  for (const name of ['a', 'b', 'c']) await client.create(configmaps, configMap(own, name), { signal })
  const first = await client.list(configmaps, { namespace: own, limit: 2, signal })
  const second = await client.list(configmaps, { namespace: own, limit: 2, continue: first.continue!, signal })
  expect([...first.items, ...second.items].map(c => [c.apiVersion, c.kind, c.metadata.name])).toEqual([
    ['v1', 'ConfigMap', 'a'],
    ['v1', 'ConfigMap', 'b'],
    ['v1', 'ConfigMap', 'c'],
  ])
  expect(second.continue).toBeUndefined()
})

test('applying with a uid raises nothing from the dead and takes nothing over', async () => {
  const dead = { ...widget(namespace, 'dead', 1), metadata: { namespace, name: 'dead', uid: otherUid } }
  expect(isUidMismatch(await refused(client.apply(widgets, dead, { manager, signal })))).toBe(true)
  await client.apply(widgets, widget(namespace, 'alive', 1), { manager, signal })
  const other = { ...widget(namespace, 'alive', 2), metadata: { namespace, name: 'alive', uid: otherUid } }
  const error = await refused(client.apply(widgets, other, { manager, signal }))
  expect([isUidMismatch(error), isTestFailed(error)]).toEqual([true, false])
})

test('applying the status writes the status alone, and an unchanged one is not written', async () => {
  const made = await client.apply(widgets, widget(namespace, 'stated', 1), { manager, signal })
  const { apiVersion, kind } = made
  const report = { apiVersion, kind, metadata: { namespace, name: 'stated', uid: made.metadata.uid }, status: { seen: 7 } }
  const told = await client.apply(widgets, report, { manager: 'reporter', subresource: 'status', signal })
  expect([told.spec, told.status]).toEqual([{ size: 1 }, { seen: 7 }])
  const again = await client.apply(widgets, report, { manager: 'reporter', subresource: 'status', signal })
  expect(again.metadata.resourceVersion).toBe(told.metadata.resourceVersion)
})

test('a field that the schema does not know is a typed patch failure', async () => {
  const odd = { ...widget(namespace, 'odd', 1), spec: { size: 1, colour: 'red' } }
  const error = await refused(client.apply(widgets, odd, { manager, signal }))
  expect(isTypedPatchFailure(error)).toBe(true)
})

test('a failed test of a JSON patch is told from an invalid object', async () => {
  const { metadata } = await client.apply(widgets, widget(namespace, 'patched', 1), { manager, signal })
  const patch = (body: object[]) => client.patch(widgets, metadata, { type: 'json', body }, { manager, signal })
  expect(isTestFailed(await refused(patch([{ op: 'test', path: '/spec/size', value: 2 }])))).toBe(true)
  expect(isTestFailed(await refused(patch([{ op: 'replace', path: '/spec/size', value: 'big' }])))).toBe(false)
})

test('a delete reaches the object that was meant and no other', async () => {
  const { metadata } = await client.create(configmaps, configMap(namespace, 'mine'), { signal })
  const remove = (uid: string) => client.delete(configmaps, { namespace, name: 'mine', uid }, { signal })
  expect(await remove(otherUid)).toBe('gone')
  expect((await client.get(configmaps, { namespace, name: 'mine' }, { signal })).metadata.uid).toBe(metadata.uid)
  expect(await remove(metadata.uid)).toBe('deleted')
  expect(await remove(metadata.uid)).toBe('gone')
})

test('a namespace that ends takes no new objects', async () => {
  const ending = await newNamespace(client)
  const { metadata } = await client.get(namespaces, { name: ending }, { signal })
  await client.delete(namespaces, { name: ending, uid: metadata.uid }, { signal })
  const error = await refused(client.create(configmaps, configMap(ending, 'late'), { signal }))
  expect([isForbidden(error), isNamespaceTerminating(error)]).toEqual([true, true])
})

test('a watch from a compacted version says that its history is expired', async () => {
  const { metadata } = await client.create(configmaps, configMap(namespace, 'compacted'), { signal })
  await api.etcd('kv/compaction', { revision: metadata.resourceVersion })
  await api.restart()
  const events = client.watch(configmaps, { namespace, resourceVersion: '1', timeoutSeconds: 10, signal })[Symbol.asyncIterator]()
  expect(isExpired(await refused(events.next()))).toBe(true)
})

test('a call that takes too long is an ApiError, one that is called off is not', async () => {
  const silent = connect({ server: `https://127.0.0.1:1`, credentials: () => new Promise(() => {}) })
  const nothing = connect({ ...api.access, server: 'https://127.0.0.1:1' })
  const error = await refused(nothing.get(namespaces, { name: 'default' }, { signal }))
  expect(error).toMatchObject({ status: 0, reason: 'Unreachable' })
  const mute = await refused(silent.get(namespaces, { name: 'default' }, { signal, deadlineMs: 20 }))
  expect((mute as ApiError).reason).toBe('Timeout')
  const late = await refused(client.get(namespaces, { name: 'default' }, { signal, deadlineMs: 0 }))
  expect((late as ApiError).reason).toBe('Timeout')
  const off = new AbortController()
  const reason = new Error('called off')
  const pending = refused(client.get(namespaces, { name: 'default' }, { signal: off.signal }))
  off.abort(reason)
  expect(await pending).toBe(reason)
  await Promise.all([silent.close(), nothing.close()])
})
