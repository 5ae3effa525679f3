import { expect, test } from 'vitest'
import { ApiError } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { aClaim, aDatabase, aGuest, ago, anInstance, aPod, aUser, aVersion, observed } from '../examples.ts'
import type { World } from '../world.ts'
import { confirmAllEnded, confirmInputs, confirmWell } from './confirm.ts'
import type { Observed } from './observed.ts'
import type { Action } from './plan.ts'

const signal = new AbortController().signal
const gone = () => new ApiError(404, 'NotFound', 'none')

/** A server that has these objects, by plural, and collections that note what is asked. */
function serverWith(there: Record<string, KubeObject> = {}) {
  const asked: string[] = []
  const learned: string[] = []
  const collection = (plural: string) => ({
    resource: { plural },
    confirm: async ({ kind }: KubeObject) => void asked.push(`${kind} now`),
    confirmOnce: async ({ kind }: KubeObject) => void asked.push(`${kind} once`),
    confirmAbsent: async () => void asked.push(`no ${plural}`),
    wrote: ({ kind }: KubeObject) => void learned.push(kind),
  })
  const get = async ({ plural }: { plural: string }) => {
    asked.push(`any ${plural}`)
    if (there[plural] === undefined) throw gone()
    return there[plural]
  }
  const collections = Object.fromEntries(
    ['instances', 'guests', 'claims', 'pods', 'databases', 'users', 'versions', 'groups', 'services', 'secrets'].map(plural => [
      plural,
      collection(plural),
    ]),
  )
  const list = async ({ plural }: { plural: string }, { fieldSelector }: { fieldSelector: string }) => {
    asked.push(`${plural} where ${fieldSelector}`)
    return { items: there[plural] === undefined ? [] : [there[plural]] }
  }
  return { world: { collections, client: { get, list } } as unknown as World, collections, asked, learned }
}

const leaving = anInstance({}, { deletionTimestamp: ago(1) })
const told = { ...anInstance(), status: { observedGeneration: 1 } }
const whole = observed({
  side: { guest: aGuest(), claim: aClaim(), pod: aPod() },
  databases: [aDatabase({ name: 'a' }), aDatabase({ name: 'b' }, { deletionTimestamp: ago(1) })],
  users: [aUser({ name: 'u' })],
  catalog: { versions: [aVersion()] },
})

test.each<[string, Action, Observed, string[]]>([
  ['a child', { do: 'create' } as Action, whole, ['Instance once']],
  [
    'what the guest is told',
    { do: 'writeGuest' } as Action,
    whole,
    [
      'Instance once',
      'Guest once',
      'PersistentVolumeClaim once',
      'Pod once',
      'Database once',
      'Database now',
      'DatabaseUser once',
      'DatastoreVersion once',
    ],
  ],
  [
    'what a guest is told that has no pod',
    { do: 'writeGuest' } as Action,
    observed({ side: { guest: aGuest() } }),
    ['Instance once', 'Guest once', 'any pods', 'DatastoreVersion once'],
  ],
  ['a guest’s first word', { do: 'writeGuest' } as Action, observed(), ['Instance once', 'DatastoreVersion once']],
  ['passwords of an Instance of which nothing was ever said', { do: 'makePasswords' } as Action, observed(), ['Instance once']],
  [
    'passwords of another that has no Guest',
    { do: 'makePasswords' } as Action,
    observed({ instance: told }),
    ['Instance once', 'no guests'],
  ],
  ['a pod', { do: 'createPod' } as Action, whole, ['Instance once', 'Guest once']],
  [
    'a pod of another version than is asked for',
    { do: 'createPod' } as Action,
    { ...whole, instance: anInstance({ datastore: { type: 'pg', version: '17.2' } }) },
    ['Instance once', 'Guest now', 'DatastoreVersion once', 'versions where spec.datastoreRef.name=pg,spec.version=17.2'],
  ],
  [
    'a pod of another version than is asked for, because there is no such group',
    { do: 'createPod' } as Action,
    { ...whole, instance: anInstance({ datastore: { type: 'pg', version: '17.2' }, configurationRef: { name: 'settings' } }) },
    ['Instance once', 'Guest now', 'DatastoreVersion once', 'no groups', 'versions where spec.datastoreRef.name=pg,spec.version=17.2'],
  ],
  ['a volume’s growth', { do: 'growVolume' } as Action, whole, ['Instance now', 'DatastoreVersion once']],
  ['a restart', { do: 'delete', kind: 'pod' } as Action, whole, ['Instance now', 'Guest now', 'Pod now']],
  ['a pod’s end for good', { do: 'delete', kind: 'pod' } as Action, { ...whole, instance: leaving }, ['Instance now', 'Pod now']],
  ['the data’s end', { do: 'delete', kind: 'claim' } as Action, observed({ instance: leaving }), ['Instance now', 'any pods']],
  ['what goes onto the version that was seen', { do: 'correct' } as Action, whole, []],
])('%s rests on what the server says', async (_, action, o, questions) => {
  const { world, asked } = serverWith()
  await confirmInputs([action], o, world, signal)
  expect(asked).toEqual(questions)
})

test('nothing of an Instance goes while the server has its pod, whatever the cache says', async () => {
  const { world, learned } = serverWith({ pods: aPod() })
  const o = observed({ instance: leaving })
  await expect(confirmInputs([{ do: 'delete', kind: 'claim', why: '' }], o, world, signal)).rejects.toThrow('still there')
  expect(learned).toEqual(['Pod'])
})

test('all that is still there is known before anybody tries again', async () => {
  const { world, collections, learned } = serverWith({ pods: aPod(), claims: aClaim() })
  await expect(confirmAllEnded(Object.values(collections) as never, observed({ instance: leaving }), world, signal)).rejects.toThrow(
    'still there',
  )
  expect(learned.sort()).toEqual(['PersistentVolumeClaim', 'Pod'])
})

test('only volume and Secret are kept, and only for as long as the policy says so', async () => {
  const retained = <T extends KubeObject>(object: T): T => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, 'trove.dev/retained': 'true' } },
  })
  const end = (policy: 'Retain' | 'Delete', there: Record<string, KubeObject>) => {
    const { world, collections } = serverWith(there)
    const instance = anInstance({ deletionPolicy: policy }, { deletionTimestamp: ago(1) })
    return confirmAllEnded(Object.values(collections) as never, observed({ instance }), world, signal)
  }
  await expect(end('Retain', { claims: retained(aClaim()) })).resolves.toBeUndefined()
  await expect(end('Delete', { claims: retained(aClaim()) })).rejects.toThrow('still there')
  await expect(end('Retain', { pods: retained(aPod()) })).rejects.toThrow('still there')
})

test('good news rests on what the server says of pod and agent', async () => {
  const { world, asked } = serverWith()
  await confirmWell(whole, world, signal)
  expect(asked).toEqual(['Guest once', 'Pod once'])
})

test('no pod of the old version is made while the server has the one that is asked for, whatever the cache says', async () => {
  const { world, learned } = serverWith({ versions: aVersion({ version: '17.2' }) })
  const o = { ...whole, instance: anInstance({ datastore: { type: 'pg', version: '17.2' } }) }
  await expect(confirmInputs([{ do: 'createPod' } as Action], o, world, signal)).rejects.toThrow('after all')
  expect(learned).toEqual(['DatastoreVersion'])
})
