/**
 * The table: for every field of every kind that is walked, what it must reach, where that is seen, and what else a change of it may move. A field that
 * is in a CRD and not here fails the tests. One entry is one promise; `says` is it in words.
 */
import fc from 'fast-check'
import type { Database } from '../../../src/api/database.ts'
import type { DatabaseUser } from '../../../src/api/databaseuser.ts'
import type { FaultCode } from '../../../src/errors.ts'
import { annotations, passwordRevision } from '../../../src/operator/names.ts'
import { parseQuantity } from '../../../src/operator/quantity.ts'
import { drawn, spellings } from './values.ts'
import type { Tenant, View, Walked } from './view.ts'

/** What changes that cannot be taken back have left, as a walk counts them. */
export interface Memory {
  /** The largest size that was asked for and could be given, in bytes. */
  granted: number
  /** The last restart that was asked for, how many there were, and what the last one took up. */
  restart: string | undefined
  restarts: number
  image: string
  pullSecrets: readonly string[]
}

export interface Found {
  what: string
  found: unknown
  wanted: unknown
}

/** A value that is good in itself and wrong where it stands. */
export interface Wrong {
  value: unknown
  code: FaultCode
  /** The condition whose reason the code is. Default Ready. */
  condition?: string
  /** Said by an object of its own beside the others, for on those the field cannot be changed, or is not looked at any more. */
  twin?: { kind: 'Instance' | 'Database' | 'DatabaseUser' | 'DatastoreVersion'; spec?: object }
}

export interface Statement {
  says: string
  holds(v: View, m: Memory): Found[]
  /** Paths of the snapshot below which something may differ after a change. */
  moves(o: Walked, v: View): string[]
  /** Such of them as stay different once the field has its old value again, each for the reason that `says` gives. */
  stays?(o: Walked): string[]
  /** Such as stay different until the next restart. */
  untilRestart?: readonly string[]
  /** What the field has at first. Default: anything that the schema takes. */
  start?(at: { tenant: Tenant; name: string }, seed: number): unknown
  /** Another value that means something here; the present one if there is none. Default: anything that the schema takes. */
  value?(v: View, m: Memory, o: Walked, seed: number): unknown
  /** Where the server must refuse to take back this value, the code that it says. */
  refusesBack?(value: unknown, m: Memory): FaultCode | undefined
  wrong?(v: View, o: Walked): Wrong[]
}

export const elastic = 'walks-elastic'
export const rigid = 'walks-rigid'
const gib = 2 ** 30
const mostBytes = 6 * gib

const is = (what: string, found: unknown, wanted: unknown): Found => ({ what, found, wanted })
const bytes = (quantity: string | number | undefined) => (quantity === undefined ? undefined : parseQuantity(quantity))
/** Quantities of CPU come back in another spelling, with one digit of difference at the sixteenth. */
const number = (quantity: string | number | undefined) => bytes(quantity)?.toPrecision(12)
const reasonOf = (o: Walked, type = 'Ready') => o.status?.conditions?.find(c => c.type === type)?.reason
const database = (v: View) => v.pod.spec?.containers.find(c => c.name === 'database')
const oneOf = <T>(values: readonly T[], seed: number): T => values[seed % values.length] as T
const nothing = () => []
const fixed = { moves: nothing }

const entryOf = (v: View, d: Database) => v.guest.spec.databases?.find(e => e.name === d.spec.name)
const loginOf = (v: View, u: DatabaseUser) => v.guest.spec.users?.find(e => e.name === u.spec.name)
const ofDatabases = (what: string, found: (v: View, d: Database) => unknown, wanted: (d: Database, v: View) => unknown) => (v: View) =>
  v.databases.map(d => is(`${what} of database ${d.metadata.name}`, found(v, d), wanted(d, v)))
const ofUsers = (what: string, found: (v: View, u: DatabaseUser) => unknown, wanted: (u: DatabaseUser, v: View) => unknown) => (v: View) =>
  v.users.map(u => is(`${what} of user ${u.metadata.name}`, found(v, u), wanted(u, v)))

/** Rights on databases that there are. */
const granted = (u: DatabaseUser, v: View) => (u.spec.access ?? []).filter(a => v.databases.some(d => d.spec.name === a.database))
export const isComplete = (u: DatabaseUser, v: View) => granted(u, v).length === (u.spec.access ?? []).length
/** A login has a binding once all its databases were there, and from then on. */
const isBound = (u: DatabaseUser, v: View) => isComplete(u, v) || u.status?.binding !== undefined
const sorted = (access: readonly { database: string; privilege: string }[]) => access.map(a => `${a.privilege} on ${a.database}`).sort()
const shown = (v: View, u: DatabaseUser, key: string) => {
  const data = v.bindings[u.metadata.name]?.data?.[key]
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString()
}

const ofUser = (o: Walked, ...more: string[]) => [
  `DatabaseUser ${o.metadata.name}`,
  `Guest.spec.users[${(o as DatabaseUser).spec.name}]`,
  ...more,
]
const ofBinding = (o: Walked, ...keys: string[]) => keys.map(key => `Binding ${o.metadata.name}.data.${key}`)
const accessMoves = (o: Walked) => ofUser(o, ...ofBinding(o, 'database', 'uri'))

/** Whether another version than the Instance's is the default tells nobody but who looks at the Datastore. */
function defaultJudged(v: View): string {
  const { defaultVersion } = v.datastore.spec
  if (defaultVersion === undefined) return 'Available'
  const found = v.versions.find(x => x.spec.version === defaultVersion)
  if (found === undefined) return 'DatastoreVersionNotFound'
  return found.spec.active ? 'Available' : 'DatastoreVersionInactive'
}

/** What becomes of the size that is asked for now. */
export function judgeSize(
  v: Pick<View, 'instance' | 'versions'>,
  m: Pick<Memory, 'granted'>,
): 'Bound' | 'VolumeTooLarge' | 'VolumeNotExpandable' {
  const asked = parseQuantity(v.instance.spec.volume.size)
  const { maxVolumeSize } = v.versions[0]!.spec
  if (asked <= m.granted) return 'Bound'
  if (maxVolumeSize !== undefined && asked > parseQuantity(maxVolumeSize)) return 'VolumeTooLarge'
  return v.instance.spec.volume.storageClassName === elastic ? 'Bound' : 'VolumeNotExpandable'
}

const takenUpAtRestart = [
  'Instance.status.conditions[RestartPending]',
  'Guest.spec.image',
  'Guest.spec.imageDigest',
  'Claim.metadata.annotations.trove.dev/image',
  'Pod.spec.containers[database].image',
  // The API server's own default, by the image's tag.
  'Pod.spec.containers[database].imagePullPolicy',
  'Pod.spec.imagePullSecrets',
]

/** A new Instance is refused for its version before anything else. */
const unlessInactive = (v: View, code: FaultCode): FaultCode => (v.versions[0]!.spec.active ? code : 'DatastoreVersionInactive')

export const statements: Readonly<Record<string, Statement>> = {
  'Instance.spec.datastore.type': {
    says: 'is decided once, for the Guest and, should that be lost, on the claim',
    holds: v => [
      is('datastore of the Guest', v.guest.spec.datastore, v.instance.spec.datastore.type),
      is('datastore in the status', v.instance.status?.datastore?.type, v.instance.spec.datastore.type),
      is('datastore on the claim', v.claim.metadata.annotations?.[annotations.datastore], v.instance.spec.datastore.type),
    ],
    ...fixed,
    start: ({ tenant }) => tenant.name,
    wrong: () => [{ value: 'no-such', code: 'DatastoreNotFound', twin: { kind: 'Instance' } }],
  },
  'Instance.spec.datastore.version': {
    says: 'is resolved once; from then on it may be stated or not, and neither moves anything',
    holds: v => [
      is('version of the Guest', v.guest.spec.version, v.versions[0]!.spec.version),
      is('version in the status', v.instance.status?.datastore?.version, v.versions[0]!.spec.version),
    ],
    moves: () => ['Instance.spec.datastore.version'],
    start: (_, seed) => oneOf(['17', undefined], seed),
    value: v => (v.instance.spec.datastore.version === undefined ? v.versions[0]!.spec.version : undefined),
    wrong: () => [{ value: '9.6', code: 'DatastoreVersionNotFound', twin: { kind: 'Instance' } }],
  },
  'Instance.spec.flavorRef.name': {
    says: 'is decided once, for the Guest',
    holds: v => [is('flavor of the Guest', v.guest.spec.flavor.name, v.instance.spec.flavorRef.name)],
    ...fixed,
    start: ({ tenant }) => tenant.name,
    wrong: v => [{ value: 'no-such', code: unlessInactive(v, 'FlavorNotFound'), twin: { kind: 'Instance' } }],
  },
  'Instance.spec.volume.size': {
    says: 'reaches the claim where its class lets it grow, and grows only: what was granted stays asked for, and a growth that was refused may be taken back',
    holds: (v, m) => [
      is('size that the claim asks for', bytes(v.claim.spec?.resources?.requests?.storage), m.granted),
      is('size in the status', bytes(v.instance.status?.volume?.size), m.granted),
      is('reason of VolumeBound', reasonOf(v.instance, 'VolumeBound'), judgeSize(v, m)),
    ],
    moves: () => [
      'Instance.spec.volume.size',
      'Instance.status.volume.size',
      'Instance.status.conditions[VolumeBound]',
      'Claim.spec.resources.requests.storage',
      'Claim.status.capacity.storage',
    ],
    stays: () => [
      'Instance.spec.volume.size',
      'Instance.status.volume.size',
      'Claim.spec.resources.requests.storage',
      'Claim.status.capacity.storage',
    ],
    start: (_, seed) => oneOf(spellings(oneOf([1, 1.5, 2], seed) * gib), seed >>> 8),
    value: (v, m, _, seed) => {
      const more = v.instance.spec.volume.storageClassName === elastic ? (seed % 4) * (gib / 8) : 0
      return oneOf(spellings(Math.min(mostBytes, Math.max(m.granted, 1)) + more), seed >>> 8)
    },
    refusesBack: (value, m) => (parseQuantity(value as string) < m.granted ? 'VolumeShrink' : undefined),
    wrong: v => [
      ...(v.versions[0]!.spec.maxVolumeSize === undefined
        ? []
        : [{ value: '7Gi', code: 'VolumeTooLarge', condition: 'VolumeBound' } as const]),
      ...(v.instance.spec.volume.storageClassName === elastic
        ? []
        : [{ value: '5.5Gi', code: 'VolumeNotExpandable', condition: 'VolumeBound' } as const]),
    ],
  },
  'Instance.spec.volume.storageClassName': {
    says: 'is the class of the claim; without it the cluster’s default is',
    holds: v => [is('class of the claim', v.claim.spec?.storageClassName, v.instance.spec.volume.storageClassName ?? 'standard')],
    ...fixed,
    start: (_, seed) => oneOf([elastic, rigid, elastic, undefined], seed),
    wrong: v => [{ value: 'no-such', code: unlessInactive(v, 'VolumeUnbound'), twin: { kind: 'Instance' } }],
  },
  'Instance.spec.availabilityZone': {
    says: 'is the zone that the pod may run in',
    holds: v => [
      is('zone of the Guest', v.guest.spec.availabilityZone, v.instance.spec.availabilityZone),
      is('zone of the pod', v.pod.spec?.nodeSelector?.['topology.kubernetes.io/zone'], v.instance.spec.availabilityZone),
    ],
    ...fixed,
  },
  'Instance.spec.access': {
    says: 'that is left out, or empty, lets in the pods of the namespace and nobody else',
    holds: v => [
      is(
        'peers of the network policy',
        v.networkPolicy.spec?.ingress?.[0]?.from?.length,
        1 + (v.instance.spec.access?.allowedCidrs?.length ?? 0),
      ),
    ],
    moves: () => ['Instance.spec.access', 'NetworkPolicy.spec.ingress'],
    start: (_, seed) => oneOf([undefined, {}], seed),
  },
  'Instance.spec.access.allowedCidrs': {
    says: 'is who the network policy lets in besides the pods of the namespace',
    holds: v => [
      is(
        'networks of the network policy',
        v.networkPolicy.spec?.ingress?.[0]?.from?.flatMap(peer => peer.ipBlock?.cidr ?? []),
        v.instance.spec.access?.allowedCidrs ?? [],
      ),
    ],
    moves: () => ['Instance.spec.access', 'NetworkPolicy.spec.ingress'],
  },
  'Instance.spec.deletionPolicy': {
    says: 'moves nothing before the deletion; the end of every walk deletes its Instance, and looks at what is left',
    holds: nothing,
    moves: () => ['Instance.spec.deletionPolicy'],
  },
  'Instance.spec.restartRequestedAt': {
    says: 'replaces the pod once for every new value, which takes up image and pull secrets; taken back it stays as the last one that was carried out',
    holds: (v, m) => [
      is('restart of the Guest', v.guest.spec.restartRequestedAt, m.restart),
      is('restart that the pod was made for', v.pod.metadata.annotations?.[annotations.restart], m.restart ?? ''),
      is('restart in the status', v.instance.status?.lastRestartRequestedAt, m.restart),
    ],
    moves: () => [
      'Instance.spec.restartRequestedAt',
      'Instance.status.lastRestartRequestedAt',
      'Guest.spec.restartRequestedAt',
      'Pod.metadata.annotations.trove.dev/restart',
      ...takenUpAtRestart,
    ],
    untilRestart: takenUpAtRestart,
    stays: () => ['Instance.status.lastRestartRequestedAt', 'Guest.spec.restartRequestedAt', 'Pod.metadata.annotations.trove.dev/restart'],
  },
  'Database.spec.instanceRef.name': {
    says: 'is the Instance whose Guest speaks of it, and Guests speak of nothing else',
    holds: v => [
      is(
        'databases of the Guest',
        (v.guest.spec.databases ?? []).map(d => `${d.name} ${d.ensure}`).sort(),
        v.databases.map(d => `${d.spec.name} Present`).sort(),
      ),
    ],
    ...fixed,
    start: ({ tenant }) => tenant.name,
    wrong: () => [{ value: 'no-such', code: 'InstanceNotFound', twin: { kind: 'Database' } }],
  },
  'Database.spec.name': {
    says: 'is the name of the Guest’s entry; a name that somebody else has, or that the engine does not give away, is refused',
    holds: ofDatabases(
      'state',
      (_, d) => reasonOf(d),
      () => 'Ready',
    ),
    ...fixed,
    start: ({ name }, seed) => (name === 'odd' ? drawn(oddNames, seed) : name),
    wrong: v => [
      { value: 'template1', code: 'IdentifierReserved', twin: { kind: 'Database' } },
      { value: 'é'.repeat(30), code: 'IdentifierTooLong', twin: { kind: 'Database' } },
      ...v.databases.map(d => ({ value: d.spec.name, code: 'NameTaken', twin: { kind: 'Database' } }) as const),
    ],
  },
  'Database.spec.characterSet': {
    says: 'is in the Guest’s entry as it was written; one that the engine does not have is refused',
    holds: ofDatabases(
      'character set',
      (v, d) => entryOf(v, d)?.characterSet,
      d => d.spec.characterSet,
    ),
    ...fixed,
    start: (_, seed) => oneOf(['UTF8', 'LATIN1', undefined], seed),
    wrong: () => [{ value: 'EBCDIC', code: 'CharacterSetUnknown', twin: { kind: 'Database' } }],
  },
  'Database.spec.collate': {
    says: 'is in the Guest’s entry as it was written',
    holds: ofDatabases(
      'collation',
      (v, d) => entryOf(v, d)?.collate,
      d => d.spec.collate,
    ),
    ...fixed,
  },
  'Database.spec.deletionPolicy': {
    says: 'moves nothing before the deletion; a walk that removes a database looks whether the Guest is told to drop it',
    holds: nothing,
    moves: o => [`Database ${o.metadata.name}.spec.deletionPolicy`],
  },
  'DatabaseUser.spec.instanceRef.name': {
    says: 'is the Instance whose Guest speaks of it, and Guests speak of nobody else',
    holds: v => [
      is(
        'users of the Guest',
        (v.guest.spec.users ?? []).map(u => `${u.name} ${u.ensure}`).sort(),
        v.users.map(u => `${u.spec.name} Present`).sort(),
      ),
    ],
    ...fixed,
    start: ({ tenant }) => tenant.name,
    wrong: () => [{ value: 'no-such', code: 'InstanceNotFound', twin: { kind: 'DatabaseUser' } }],
  },
  'DatabaseUser.spec.name': {
    says: 'is the name of the Guest’s entry and the binding’s username',
    holds: ofUsers(
      'username in the binding',
      (v, u) => shown(v, u, 'username'),
      (u, v) => (isBound(u, v) ? u.spec.name : undefined),
    ),
    ...fixed,
    start: ({ name }, seed) => (name === 'odd' ? drawn(oddNames, seed) : name),
    wrong: v => [
      { value: 'pg_walker', code: 'IdentifierReserved', twin: { kind: 'DatabaseUser' } },
      { value: 'shop_rw', code: 'NameTaken', twin: { kind: 'DatabaseUser' } },
      { value: 'é'.repeat(32), code: 'IdentifierTooLong', twin: { kind: 'DatabaseUser' } },
      ...v.users.map(u => ({ value: u.spec.name, code: 'NameTaken', twin: { kind: 'DatabaseUser' } }) as const),
    ],
  },
  'DatabaseUser.spec.access': {
    says: 'is in the Guest’s entry, as far as there are such databases; the first is the binding’s once all are there, and before that it keeps the one that it had',
    holds: v => [
      ...ofUsers(
        'access',
        (v, u) => sorted(loginOf(v, u)?.access ?? []),
        (u, v) => sorted(granted(u, v)),
      )(v),
      ...ofUsers(
        'state',
        (_, u) => reasonOf(u),
        (u, v) => (isComplete(u, v) ? 'Ready' : 'DatabaseNotFound'),
      )(v),
      ...v.users
        .filter(u => isComplete(u, v))
        .map(u => is(`database in the binding of ${u.metadata.name}`, shown(v, u, 'database'), u.spec.access?.[0]?.database)),
    ],
    moves: accessMoves,
    start: ({ name }, seed) => {
      const some = [[{ database: 'shop', privilege: 'Owner' }], [{ database: 'ware', privilege: 'ReadOnly' }]]
      return oneOf(name === 'app' ? some : [...some, undefined], seed)
    },
    value: (v, _, __, seed) => drawn(accessTo(v), seed),
    wrong: (_, o) => {
      const { access = [] } = (o as DatabaseUser).spec
      return [{ value: [...access, { database: `no-such-${access.length}`, privilege: 'ReadOnly' }], code: 'DatabaseNotFound' }]
    },
  },
  'DatabaseUser.spec.access[].database': {
    says: 'moves the rights from one database to the other',
    holds: nothing,
    moves: accessMoves,
    value: (v, _, o, seed) => {
      const [first, ...others] = (o as DatabaseUser).spec.access ?? []
      const free = v.databases.map(d => d.spec.name).filter(name => others.every(a => a.database !== name))
      return first === undefined || free.length === 0 ? first?.database : oneOf(free, seed)
    },
  },
  'DatabaseUser.spec.access[].privilege': {
    says: 'is in the Guest’s entry for that database',
    holds: nothing,
    moves: o => [
      `DatabaseUser ${o.metadata.name}.spec.access`,
      ...((o as DatabaseUser).spec.access ?? [])
        .slice(0, 1)
        .map(a => `Guest.spec.users[${(o as DatabaseUser).spec.name}].access[${a.database}].privilege`),
    ],
    value: (_, __, o, seed) => ((o as DatabaseUser).spec.access?.length ? oneOf(['Owner', 'ReadWrite', 'ReadOnly'], seed) : undefined),
  },
  'DatabaseUser.spec.passwordGeneration': {
    says: 'makes a new password for every other value, the old one too, and forgets the last: guest’s Secret, Guest, engine, then the binding',
    holds: v => [
      is('passwords in the guest’s Secret', Object.keys(v.secret?.data ?? {}).sort(), v.users.map(passwordRevision).sort()),
      ...ofUsers(
        'password of the entry',
        (v, u) => loginOf(v, u)?.passwordRevision,
        u => passwordRevision(u),
      )(v),
      ...v.users
        .filter(u => isBound(u, v))
        .map(u => {
          const revision = passwordRevision(u)
          const isThere =
            v.secret?.data?.[revision] !== undefined && v.bindings[u.metadata.name]?.data?.password === v.secret.data[revision]
          return is(`that the binding of ${u.metadata.name} shows the password ${revision}`, isThere, true)
        }),
    ],
    moves: o =>
      ofUser(o, 'Secret.data', `Guest.status.users[${(o as DatabaseUser).spec.name}].passwordRevision`, ...ofBinding(o, 'password', 'uri')),
    stays: o => [
      `Secret.data.<DatabaseUser ${o.metadata.name}>-${(o as DatabaseUser).spec.passwordGeneration}`,
      ...ofBinding(o, 'password', 'uri'),
    ],
    start: () => undefined,
    value: (_, __, ___, seed) => 1 + (seed % 4),
  },
  'Datastore.spec.engine': {
    says: 'is the engine of the Guest',
    holds: v => [is('engine of the Guest', v.guest.spec.engine, v.datastore.spec.engine)],
    ...fixed,
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
    holds: v => v.versions.map(x => is(`state of ${x.metadata.name}`, reasonOf(x), 'Available')),
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
    says: 'moves nothing that runs; an Instance that is new is refused, and a Datastore whose default it is says so',
    holds: nothing,
    moves: () => ['DatastoreVersion first.spec.active', 'Datastore.status.conditions'],
    start: ({ name }) => (name === 'old' ? false : undefined),
    wrong: v => [
      {
        value: false,
        code: 'DatastoreVersionInactive',
        twin: { kind: 'Instance', spec: { datastore: { type: v.datastore.metadata.name, version: '12' } } },
      },
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
    start: ({ name }, seed) => (name === 'first' ? oneOf([undefined, ...spellings(mostBytes)], seed) : undefined),
    wrong: v =>
      v.versions[0]!.spec.maxVolumeSize === undefined
        ? []
        : [{ value: mostBytes, code: unlessInactive(v, 'VolumeTooLarge'), twin: { kind: 'Instance', spec: { volume: { size: '7Gi' } } } }],
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

/** Names as nobody would choose them, such that engine and schema take them. */
const oddNames = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter(s => /^[^\p{Cc}\p{Cs}]+$/u.test(s) && Buffer.byteLength(s) <= 57 && !/^(pg_|trove|\.\.?$|public$|none$)|_(owner|rw|ro)$/.test(s))

const accessTo = (v: View) =>
  fc
    .tuple(
      fc.shuffledSubarray(v.databases.map(d => d.spec.name)),
      fc.array(fc.constantFrom('Owner', 'ReadWrite', 'ReadOnly'), { minLength: v.databases.length, maxLength: v.databases.length }),
    )
    .map(([names, privileges]) => (names.length === 0 ? undefined : names.map((database, i) => ({ database, privilege: privileges[i] }))))
