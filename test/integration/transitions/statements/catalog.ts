/** What the fields of the catalog reach. None of them moves what runs, but for image and pull secrets of a version. */
import { parseQuantity } from '../../../../src/operator/quantity.ts'
import { spellings } from '../values.ts'
import type { View } from '../view.ts'
import { mostBytes } from './instance.ts'
import {
  configurationOfGuest,
  countsOfGroups,
  database,
  fixed,
  is,
  isWrong,
  lastGood,
  noSuchSetting,
  nothing,
  oneOf,
  printed,
  reasonOf,
  type Statement,
  unlessInactive,
} from './statement.ts'

/** Quantities of CPU come back in another spelling, with one digit of difference at the sixteenth. */
const number = (quantity: string | number | undefined) => (quantity === undefined ? undefined : parseQuantity(quantity).toPrecision(12))

/** Whether another version than the Instance's is the default tells nobody but who looks at the Datastore. */
function defaultJudged(v: View): string {
  const { defaultVersion } = v.datastore.spec
  if (defaultVersion === undefined) return 'Available'
  const found = v.versions.find(x => x.spec.version === defaultVersion)
  if (found === undefined) return 'DatastoreVersionNotFound'
  return found.spec.active ? 'Available' : 'DatastoreVersionInactive'
}

/** The engine of the table takes nothing over into a version like the first one's. */
const judgedSteps = ({ spec: { upgradeFrom = [] } }: View['versions'][number]) =>
  upgradeFrom.map(from => (from === '15' ? 'UpgradeImpossible' : 'DowngradeImpossible'))[0]
const someSettings = [
  undefined,
  { work_mem: '8MB' },
  { work_mem: '16MB', random_page_cost: 1.5, enable_seqscan: false },
  { shared_buffers: '48MB' },
]
const reached = [...configurationOfGuest, 'Instance.status.phase', ...countsOfGroups]

export const ofCatalog: Readonly<Record<string, Statement>> = {
  'Datastore.spec.engine': {
    says: 'is the engine of the Guest',
    holds: v => [is('engine of the Guest', v.guest.spec.engine, v.datastore.spec.engine)],
    ...fixed,
    // Versions, names and character sets of the table are this one's.
    start: () => 'postgresql',
  },
  'Datastore.spec.defaultVersion': {
    says: 'moves nothing that runs; one that is not there, or not active, is told',
    holds: v => [is('state of the Datastore', reasonOf(v.datastore), defaultJudged(v))],
    moves: () => ['Datastore.spec.defaultVersion', 'Datastore.status.conditions'],
    start: () => '17',
    value: (_, __, ___, seed) => oneOf(['17', '15', '12', undefined], seed),
    wrong: () => [{ value: 'no-such', code: 'DatastoreVersionNotFound' }],
  },
  'Datastore.spec.description': {
    says: 'is for people',
    holds: nothing,
    moves: () => ['Datastore.spec.description'],
  },
  'DatastoreVersion.spec.datastoreRef.name': {
    says: 'is the Datastore whose version it is',
    holds: v =>
      v.versions.map(x =>
        is(`state of ${x.metadata.name}`, reasonOf(x), isWrong(x.spec.defaults) ? 'ConfigurationInvalid' : (judgedSteps(x) ?? 'Available')),
      ),
    ...fixed,
    start: ({ tenant }) => tenant.name,
    wrong: () => [{ value: 'no-such', code: 'DatastoreNotFound', twin: { kind: 'DatastoreVersion' } }],
  },
  'DatastoreVersion.spec.version': {
    says: 'is what Instances state; of two that are alike the younger is not in force',
    holds: nothing,
    ...fixed,
    start: ({ name }) => ({ first: '17', other: '15', old: '12' })[name],
    wrong: () => [{ value: '17', code: 'DatastoreVersionAmbiguous', twin: { kind: 'DatastoreVersion' } }],
  },
  'DatastoreVersion.spec.image': {
    says: 'is told as RestartPending, and reaches Guest and pod at the next restart that the user asks for',
    holds: (v, m) => [
      is('image of the Guest', v.guest.spec.image, m.image),
      is('image of the pod', database(v)?.image, m.image),
      is('whether a restart is pending', reasonOf(v.instance, 'RestartPending') !== undefined, v.versions[0]!.spec.image !== m.image),
    ],
    moves: () => ['DatastoreVersion first.spec.image', 'Instance.status.conditions[RestartPending]'],
    start: () => 'postgres:17',
  },
  'DatastoreVersion.spec.imagePullSecrets': {
    says: 'reaches the Guest at once, and the pod whenever one is made',
    holds: (v, m) => [
      is('pull secrets of the Guest', v.guest.spec.imagePullSecrets ?? [], v.versions[0]!.spec.imagePullSecrets ?? []),
      is(
        'pull secrets of the pod',
        (v.pod.spec?.imagePullSecrets ?? []).map(s => s.name),
        m.pullSecrets,
      ),
    ],
    moves: () => ['DatastoreVersion first.spec.imagePullSecrets', 'Guest.spec.imagePullSecrets'],
  },
  'DatastoreVersion.spec.active': {
    says: 'moves nothing that runs; an Instance that is new is refused, and a Datastore whose default it is says so; groups are judged for the active ones',
    holds: nothing,
    moves: (_, v) => [
      'DatastoreVersion first.spec.active',
      'Datastore.status.conditions',
      ...v.groups.filter(g => isWrong(g.spec.values)).map(g => `ConfigurationGroup ${g.metadata.name}.status.conditions`),
    ],
    start: ({ name }) => (name === 'old' ? false : undefined),
    wrong: v => [
      {
        value: false,
        code: 'DatastoreVersionInactive',
        twin: { kind: 'Instance', spec: { datastore: { type: v.datastore.metadata.name, version: '12' } } },
      },
    ],
  },
  'DatastoreVersion.spec.defaults': {
    says: 'is laid over the default formulas in the Guest, at once and without a restart; a name that the engine does not have is told, and all stays as it was',
    holds: v => {
      const { defaults = {} } = v.versions[0]!.spec
      // What was accepted before it is not told by what is wrong now.
      if (isWrong(defaults)) return []
      return [
        is('settings of the version in the Guest', printed(v.guest.spec.configuration.layers.version ?? {}), printed(defaults)),
        is('hash in the status', v.instance.status?.configuration?.hash, v.guest.spec.configuration.hash),
      ]
    },
    // One that becomes right says so.
    moves: () => [
      'DatastoreVersion first.spec.defaults',
      'DatastoreVersion first.status.conditions',
      'Instance.status.conditions[ConfigurationApplied]',
      ...reached,
    ],
    // Going back to what is wrong gives back nothing.
    stays: (_, v) => (isWrong(v.versions[0]!.spec.defaults) ? reached : [lastGood]),
    start: ({ name }, seed) => (name === 'first' ? oneOf(someSettings, seed) : undefined),
    value: (_, __, ___, seed) => oneOf(someSettings, seed),
    wrong: () => [{ value: noSuchSetting, code: 'ConfigurationInvalid', tells: ['Instance.status.conditions[ConfigurationApplied]'] }],
  },
  'DatastoreVersion.spec.upgradeFrom': {
    says: 'moves nothing that runs; a step that the engine cannot take is told',
    holds: nothing,
    // One that becomes right says so.
    moves: () => ['DatastoreVersion first.spec.upgradeFrom', 'DatastoreVersion first.status.conditions'],
    start: (_, seed) => oneOf([undefined, []], seed),
    value: (_, __, ___, seed) => oneOf([undefined, []], seed),
    wrong: v =>
      isWrong(v.versions[0]!.spec.defaults)
        ? []
        : [
            { value: ['15'], code: 'UpgradeImpossible' },
            { value: ['17.1'], code: 'DowngradeImpossible' },
          ],
  },
  'DatastoreVersion.spec.allowedFlavors': {
    says: 'refuses a new Instance that has another Flavor',
    holds: nothing,
    ...fixed,
    start: ({ tenant, name }, seed) => (name === 'first' ? oneOf([undefined, [tenant.name]], seed) : []),
    wrong: v => [
      {
        value: [],
        code: 'FlavorNotAllowed',
        twin: { kind: 'Instance', spec: { datastore: { type: v.datastore.metadata.name, version: '15' } } },
      },
    ],
  },
  'DatastoreVersion.spec.maxVolumeSize': {
    says: 'refuses a new Instance that asks for more, and a growth beyond it',
    holds: nothing,
    ...fixed,
    start: ({ name }, seed) => (name === 'first' ? oneOf(spellings(mostBytes), seed) : undefined),
    wrong: v => [
      { value: mostBytes, code: unlessInactive(v, 'VolumeTooLarge'), twin: { kind: 'Instance', spec: { volume: { size: '7Gi' } } } },
    ],
  },
  'Flavor.spec.cpu': {
    says: 'is what the database’s container asks for and may have',
    holds: v => [
      is('CPU that is requested', number(database(v)?.resources?.requests?.cpu), number(v.flavor.spec.cpu)),
      is('CPU that is limited', number(database(v)?.resources?.limits?.cpu), number(v.flavor.spec.cpu)),
    ],
    ...fixed,
  },
  'Flavor.spec.memory': {
    says: 'is what the database’s container asks for and may have',
    holds: v => [
      is('memory that is requested', number(database(v)?.resources?.requests?.memory), number(v.flavor.spec.memory)),
      is('memory that is limited', number(database(v)?.resources?.limits?.memory), number(v.flavor.spec.memory)),
    ],
    ...fixed,
  },
}
