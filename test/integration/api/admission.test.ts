/** What the API server itself refuses, with kubectl's own words: schemas, CEL rules and policies of deploy/ on a real server. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { kubeBinaries } from '../../kind/binaries.ts'
import { startApiServer, type TestApiServer } from '../apiserver.ts'

const root = join(import.meta.dirname, '../../..')
let server: TestApiServer
let kubectlPath: string

beforeAll(async () => {
  server = await startApiServer()
  kubectlPath = (await kubeBinaries()).kubectl
  kubectl(['apply', '-k', join(root, 'deploy')])
  kubectl(['wait', '--for=condition=Established', 'crd', '--all'])
  kubectl(['apply', '-k', join(root, 'deploy/catalog')])
  kubectl(['create', 'namespace', 'demo'])
  // Policies are in force once their watch has seen them.
  for (let i = 0; i < 50 && attempt(['apply', '-f', '-'], instance({}, 'probe', 'trove-guests')).code === 0; i++)
    await new Promise(resolve => setTimeout(resolve, 100))
})
afterAll(() => server?.stop())

function attempt(args: string[], input?: object): { code: number | null; words: string } {
  const outcome = spawnSync(kubectlPath, ['--kubeconfig', server.kubeconfig, ...args], {
    input: input && JSON.stringify(input),
    encoding: 'utf8',
  })
  return { code: outcome.status, words: outcome.stderr + outcome.stdout }
}

function kubectl(args: string[], input?: object): string {
  const { code, words } = attempt(args, input)
  expect(code, `kubectl ${args.join(' ')}: ${words}`).toBe(0)
  return words
}

const object = (kind: string, name: string, namespace: string | undefined, spec: object) => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind,
  metadata: { name, ...(namespace && { namespace }) },
  spec,
})
const instance = (spec: object, name = 'db', namespace = 'demo') =>
  object('Instance', name, namespace, { datastore: { type: 'postgresql' }, flavorRef: { name: 'tiny' }, volume: { size: '1Gi' }, ...spec })
const database = (spec: object) => object('Database', 'd', 'demo', { instanceRef: { name: 'db' }, name: 'd', ...spec })
const group = (values: object, namespace = 'demo') =>
  object('ConfigurationGroup', 'g', namespace, { datastore: { type: 'postgresql' }, values })
const user = (spec: object) => object('DatabaseUser', 'u', 'demo', { instanceRef: { name: 'db' }, name: 'u', ...spec })

test.each([
  ['NameInvalid: a name with a dot', instance({}, 'a.b'), 'metadata.name: Invalid value'],
  ['NameInvalid: a name of 51 bytes', instance({}, 'x'.repeat(51)), 'may not be more than 50 bytes'],
  ['NameInvalid: a name that begins with a digit', instance({}, '1a'), 'beginning with a letter'],
  ['VolumeInvalid: a volume of 0', instance({ volume: { size: '0' } }), 'must be a quantity greater than 0'],
  ['VolumeInvalid: a negative volume', instance({ volume: { size: '-1Gi' } }), 'must be a quantity greater than 0'],
  ['VolumeInvalid: a forgotten unit', instance({ volume: { size: 10 } }), 'a number without a unit is bytes'],
  ['VolumeInvalid: a word for a volume', instance({ volume: { size: 'large' } }), 'must be a quantity greater than 0'],
  ['a version that YAML took for a number', instance({ datastore: { type: 'postgresql', version: 17 } }), 'must be of type string'],
  ['a network that is none', instance({ access: { allowedCidrs: ['10.0.0.0'] } }), 'must be a network'],
  ['a field that does not exist', instance({ flavour: 'tiny' }), 'unknown field "spec.flavour"'],
  [
    'EngineUnknown: an engine that this operator does not have',
    object('Datastore', 'x', undefined, { engine: 'oracle' }),
    'Unsupported value: "oracle"',
  ],
  ['an address within a network', instance({ access: { allowedCidrs: ['10.1.2.3/16'] } }), 'must be a network'],
  ['a flavor of no CPU', object('Flavor', 'x', undefined, { cpu: '0', memory: '1Gi' }), 'spec.cpu'],
  // Kubernetes rounds it up, and the pod would have another CPU than its Flavor says.
  ['a flavor finer than a thousandth of a CPU', object('Flavor', 'x', undefined, { cpu: '0.0681', memory: '1Gi' }), 'spec.cpu'],
  ['a flavor without CPU', object('Flavor', 'x', undefined, { cpu: 'two', memory: '1Gi' }), 'spec.cpu'],
  ['an identifier with a control character', database({ name: 'a\nb' }), 'spec.name'],
  ['an identifier that is empty', user({ name: '' }), 'spec.name'],
  [
    'two rights on one database',
    user({
      access: [
        { database: 'd', privilege: 'Owner' },
        { database: 'd', privilege: 'ReadOnly' },
      ],
    }),
    'Duplicate value',
  ],
  ['a privilege that there is not', user({ access: [{ database: 'd', privilege: 'Root' }] }), 'Unsupported value: "Root"'],
  ['SettingMalformed: a setting with settings of its own', group({ work_mem: { size: 1 } }), '(SettingMalformed): work_mem; a name'],
  ['SettingMalformed: one that is a list', group({ work_mem: ['8MB'] }), '(SettingMalformed): work_mem;'],
  ['SettingMalformed: a name with a blank, and no other', group({ 'work mem': 1, ok: 1 }), '(SettingMalformed): work mem;'],
  ['SettingMalformed: more than a line', group({ search_path: 'a\nb' }), '(SettingMalformed): search_path;'],
  ['SettingMalformed: a separator of lines', group({ search_path: 'a\u2028b' }), '(SettingMalformed): search_path;'],
  ['SettingMalformed: a long value', group({ search_path: 'a'.repeat(1025) }), '(SettingMalformed): search_path;'],
  ['SettingMalformed: a long name', group({ ['a'.repeat(129)]: 1 }), '(SettingMalformed): aaaa'],
  [
    'SettingMalformed: among the defaults of a version',
    object('DatastoreVersion', 'x', undefined, { datastoreRef: { name: 'x' }, version: '1', image: 'x', defaults: { a: [1] } }),
    '(SettingMalformed): a;',
  ],
  ['too many settings', group(Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`s${i}`, 1]))), 'must have at most 256 items'],
  ['a ConfigurationGroup among the guests', group({}, 'trove-guests'), 'belong into a namespace of your own'],
  ['an Instance among the guests', instance({}, 'db', 'trove-guests'), 'belong into a namespace of your own'],
])('refused: %s', (_, manifest, words) => {
  const outcome = attempt(['apply', '-f', '-'], manifest)
  expect(outcome.code).not.toBe(0)
  expect(outcome.words).toContain(words)
})

test.each([
  ['VolumeShrink', instance({ volume: { size: '500Mi' } }), 'a volume may only grow (VolumeShrink), not go from 1Gi to 500Mi'],
  ['FieldImmutable: the flavor', instance({ flavorRef: { name: 'small' } }), 'spec.flavorRef cannot be changed once set (FieldImmutable)'],
  [
    'FieldImmutable: the datastore',
    instance({ datastore: { type: 'other' } }),
    'spec.datastore.type cannot be changed once set (FieldImmutable)',
  ],
  [
    'FieldImmutable: the storage class',
    instance({ volume: { size: '1Gi', storageClassName: 'x' } }),
    'storageClassName cannot be changed, added or removed',
  ],
  ['FieldImmutable: the zone', instance({ availabilityZone: 'a' }), 'availabilityZone cannot be changed, added or removed'],
  ['FieldImmutable: a database’s name', database({ name: 'e' }), 'spec.name cannot be changed once set (FieldImmutable)'],
  [
    'FieldImmutable: a user’s instance',
    user({ instanceRef: { name: 'e' } }),
    'spec.instanceRef cannot be changed once set (FieldImmutable)',
  ],
])('a change is refused: %s', (_, changed, words) => {
  const { kind, metadata } = changed
  const first = { Instance: instance({}), Database: database({}), DatabaseUser: user({}) }[kind]!
  kubectl(['apply', '-f', '-'], first)
  const outcome = attempt(['apply', '-f', '-'], changed)
  expect(outcome.code).not.toBe(0)
  expect(outcome.words).toContain(words)
  kubectl(['delete', kind.toLowerCase(), metadata.name, '-n', 'demo'])
})

test('a version may be stated, changed and left out at any time: whether it can be had is the operator’s to say', () => {
  const version = (v: string | undefined) => instance({ datastore: { type: 'postgresql', ...(v && { version: v }) } }, 'versioned')
  kubectl(['apply', '-f', '-'], version('9'))
  kubectl(['apply', '-f', '-'], version('17'))
  kubectl(['apply', '-f', '-'], version(undefined))
  kubectl([
    'patch',
    'instance',
    'versioned',
    '-n',
    'demo',
    '--subresource=status',
    '--type=merge',
    '-p',
    '{"status":{"datastore":{"type":"postgresql","version":"15"}}}',
  ])
  kubectl(['apply', '-f', '-'], version('17'))
  kubectl(['apply', '-f', '-'], version('15'))
  kubectl(['apply', '-f', '-'], version(undefined))
})

test('a larger volume and a new restart are accepted, and an integer counts as bytes', () => {
  kubectl(['apply', '-f', '-'], instance({}, 'grows'))
  kubectl(['apply', '-f', '-'], instance({ volume: { size: 2147483648 }, restartRequestedAt: '2026-01-01T00:00:00Z' }, 'grows'))
  expect(attempt(['apply', '-f', '-'], instance({ volume: { size: '1Gi' } }, 'grows')).words).toContain('VolumeShrink')
})

test('a growth may be taken back as long as the volume does not have it', () => {
  const sized = (size: string) => instance({ volume: { size } }, 'refused')
  const has = (size: string) =>
    kubectl([
      'patch',
      'instance',
      'refused',
      '-n',
      'demo',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status: { volume: { claim: 'c', size } } }),
    ])
  kubectl(['apply', '-f', '-'], sized('1Gi'))
  has('1Gi')
  kubectl(['apply', '-f', '-'], sized('50Gi'))
  expect(attempt(['apply', '-f', '-'], sized('1023Mi')).words).toContain('VolumeShrink), not go from 1Gi to 1023Mi')
  kubectl(['apply', '-f', '-'], sized('1Gi'))
  kubectl(['apply', '-f', '-'], sized('2Gi'))
  has('2Gi')
  expect(attempt(['apply', '-f', '-'], sized('1Gi')).words).toContain('VolumeShrink')
})

test('of a DatastoreVersion only the image, its pull secrets, active, settings and upgradeFrom may change', () => {
  const version = (spec: object) =>
    object('DatastoreVersion', 'v', undefined, { datastoreRef: { name: 'postgresql' }, version: '1', image: 'a', ...spec })
  kubectl(['apply', '-f', '-'], version({}))
  kubectl(['apply', '-f', '-'], version({ image: 'b', active: false, imagePullSecrets: ['s'], defaults: { a: 1 }, upgradeFrom: ['0.9'] }))
  kubectl(['apply', '-f', '-'], version({ image: 'b', upgradeFrom: ['0.8', '0.9'] }))
  for (const change of [{ version: '2' }, { datastoreRef: { name: 'x' } }, { maxVolumeSize: '1Gi' }, { allowedFlavors: ['tiny'] }])
    expect(attempt(['apply', '-f', '-'], version({ image: 'b', ...change })).words, JSON.stringify(change)).toContain('FieldImmutable')
})

test('a finalizer of ours is taken off by the operator and by trove:admins only', () => {
  kubectl(['apply', '-f', '-'], instance({}, 'held'))
  const finalizers = (value: string[] | null, ...as: string[]) =>
    attempt(['patch', 'instance', 'held', '-n', 'demo', '--type=merge', '-p', JSON.stringify({ metadata: { finalizers: value } }), ...as])
  expect(finalizers(['trove.dev/instance', 'other.io/x']).code).toBe(0)
  expect(finalizers(['other.io/x']).words).toContain('only the operator and the group trove:admins may remove finalizers')
  expect(finalizers(['trove.dev/instance']).code).toBe(0)
  expect(finalizers([], '--as=system:serviceaccount:trove-system:trove-operator').code).toBe(0)
  expect(finalizers(['trove.dev/instance']).code).toBe(0)
  expect(finalizers([], '--as=me', '--as-group=system:masters', '--as-group=trove:admins').code).toBe(0)
})

test('kubectl explain has a description for every field of the API', () => {
  for (const kind of ['instances', 'databases', 'databaseusers', 'datastores', 'datastoreversions', 'flavors', 'guests'])
    for (const part of ['spec', 'status'])
      expect(kubectl(['explain', `${kind}.trove.dev.${part}`]), `${kind} ${part}`).not.toContain('<no description>')
})

test('an object that the operator has not looked at says so, to whoever asks whether it is done', () => {
  kubectl(['apply', '-f', '-'], instance({}, 'unseen'))
  kubectl(['apply', '-f', '-'], database({}))
  kubectl(['apply', '-f', '-'], user({}))
  const unseen = [
    'instance/unseen',
    'database/d',
    'databaseuser/u',
    'datastore/postgresql',
    'datastoreversion/postgresql-17',
    'flavor/tiny',
  ]
  for (const name of unseen)
    expect(JSON.parse(kubectl(['get', '-n', 'demo', name, '-o', 'json'])).status, name).toEqual({ observedGeneration: -1 })
})
