/** What the fields of Databases and DatabaseUsers reach: their entries in the Guest, and the users' passwords and bindings. */
import fc from 'fast-check'
import type { Database } from '../../../../src/api/database.ts'
import type { DatabaseUser } from '../../../../src/api/databaseuser.ts'
import { passwordRevision } from '../../../../src/operator/names.ts'
import { drawn } from '../values.ts'
import type { View, Walked } from '../view.ts'
import { fixed, is, nothing, oneOf, reasonOf, type Statement } from './statement.ts'

const entryOf = (v: View, d: Database) => v.guest.spec.databases?.find(e => e.name === d.spec.name)
const loginOf = (v: View, u: DatabaseUser) => v.guest.spec.users?.find(e => e.name === u.spec.name)
const ofDatabases = (what: string, found: (v: View, d: Database) => unknown, wanted: (d: Database, v: View) => unknown) => (v: View) =>
  v.databases.map(d => is(`${what} of database ${d.metadata.name}`, found(v, d), wanted(d, v)))
const ofUsers = (what: string, found: (v: View, u: DatabaseUser) => unknown, wanted: (u: DatabaseUser, v: View) => unknown) => (v: View) =>
  v.users.map(u => is(`${what} of user ${u.metadata.name}`, found(v, u), wanted(u, v)))

/** Rights on databases that there are. */
const granted = (u: DatabaseUser, v: View) => (u.spec.access ?? []).filter(a => v.databases.some(d => d.spec.name === a.database))
const isComplete = (u: DatabaseUser, v: View) => granted(u, v).length === (u.spec.access ?? []).length
export const isWell = (u: DatabaseUser, v: View) => isComplete(u, v) && u.spec.privilege === undefined
/** A login has a binding once all its databases were there, and from then on. */
const isBound = (u: DatabaseUser, v: View) => isWell(u, v) || u.status?.binding !== undefined
const sorted = (access: readonly { database: string; privilege: string }[]) => access.map(a => `${a.privilege} on ${a.database}`).sort()
const shown = (v: View, u: DatabaseUser, key: string) => {
  const data = v.bindings[u.metadata.name]?.data?.[key]
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString()
}

const ofUser = (o: Walked, part: 'access' | 'passwordRevision') => [
  ...['spec', 'status.conditions', 'status.binding'].map(own => `DatabaseUser ${o.metadata.name}.${own}`),
  `Guest.spec.users[${(o as DatabaseUser).spec.name}].${part}`,
]
const ofBinding = (o: Walked, ...keys: string[]) => keys.map(key => `Binding ${o.metadata.name}.data.${key}`)
/** One that came again while a database was missing has its binding from when all are there. */
const comesToBeBound = (o: Walked) =>
  (o as DatabaseUser).status?.binding === undefined ? [`Binding ${o.metadata.name}`, `DatabaseUser ${o.metadata.name}.status.binding`] : []
const accessMoves = (o: Walked) => [...ofUser(o, 'access'), ...ofBinding(o, 'database', 'uri'), ...comesToBeBound(o)]
const keptInBinding = (o: Walked, v: View, before: Walked) =>
  isWell(o as DatabaseUser, v) ? [] : [...ofBinding(o, 'database', 'uri'), ...comesToBeBound(before)]
/** The rest are root's. */
const isOfUser = (key: string) => !key.startsWith('root-')
/** Of this user and this generation alone. */
const passwordOf = (o: Walked) => `Secret.data.<DatabaseUser ${o.metadata.name}>-${(o as DatabaseUser).spec.passwordGeneration}`

export const ofItems: Readonly<Record<string, Statement>> = {
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
        (u, v) => (u.spec.privilege !== undefined ? 'NotSupported' : isComplete(u, v) ? 'Ready' : 'DatabaseNotFound'),
      )(v),
      ...v.users
        .filter(u => isWell(u, v))
        .map(u => is(`database in the binding of ${u.metadata.name}`, shown(v, u, 'database'), u.spec.access?.[0]?.database)),
    ],
    moves: accessMoves,
    // While a database is missing the binding keeps the one that it had last, whichever that was.
    stays: keptInBinding,
    start: ({ name }, seed) => {
      const some = [[{ database: 'shop', privilege: 'Owner' }], [{ database: 'ware', privilege: 'ReadOnly' }]]
      return oneOf(name === 'app' ? some : [...some, undefined], seed)
    },
    value: (v, _, __, seed) => drawn(accessTo(v), seed),
    wrong: (_, o) => {
      const { access = [], privilege } = (o as DatabaseUser).spec
      const value = [...access, { database: `no-such-${access.length}`, privilege: 'ReadOnly' }]
      return [{ value, code: privilege === undefined ? 'DatabaseNotFound' : 'NotSupported' }]
    },
  },
  'DatabaseUser.spec.access[].database': {
    says: 'moves the rights from one database to the other',
    holds: nothing,
    moves: accessMoves,
    stays: keptInBinding,
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
  'DatabaseUser.spec.privilege': {
    says: 'is refused where rights are given database by database: until it is gone a binding that there is keeps its database, and one that there is not is not made',
    holds: nothing,
    moves: o => [
      ...['spec.privilege', 'status.conditions'].map(own => `DatabaseUser ${o.metadata.name}.${own}`),
      ...((o as DatabaseUser).spec.privilege === undefined ? [] : ofBinding(o, 'database', 'uri')),
      ...comesToBeBound(o),
    ],
    stays: keptInBinding,
    start: () => undefined,
    value: (_, __, ___, seed) => oneOf(['Owner', undefined, 'ReadOnly'], seed),
  },
  'DatabaseUser.spec.passwordGeneration': {
    says: 'makes a new password for every other value, the old one too, and forgets the last: guest’s Secret, Guest, engine, then the binding',
    holds: v => [
      is(
        'passwords in the guest’s Secret',
        Object.keys(v.secret?.data ?? {})
          .filter(isOfUser)
          .sort(),
        v.users.map(passwordRevision).sort(),
      ),
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
    moves: o => [
      ...ofUser(o, 'passwordRevision'),
      `Guest.status.users[${(o as DatabaseUser).spec.name}].passwordRevision`,
      passwordOf(o),
      ...ofBinding(o, 'password', 'uri'),
    ],
    stays: o => [passwordOf(o), ...ofBinding(o, 'password', 'uri')],
    start: () => undefined,
    value: (_, __, ___, seed) => 1 + (seed % 4),
  },
}

/** Names as nobody would choose them, such that engine and schema take them, and none that another of the walk has. */
const oddNames = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter(
    s =>
      /^[^\p{Cc}\p{Cs}]+$/u.test(s) &&
      Buffer.byteLength(s) <= 57 &&
      !/^(pg_|trove|(\.\.?|public|none|shop|ware|app)$)|_(owner|rw|ro)$/.test(s),
  )

const accessTo = (v: View) =>
  fc
    .tuple(
      fc.shuffledSubarray(v.databases.map(d => d.spec.name)),
      fc.array(fc.constantFrom('Owner', 'ReadWrite', 'ReadOnly'), { minLength: v.databases.length, maxLength: v.databases.length }),
    )
    .map(([names, privileges]) => (names.length === 0 ? undefined : names.map((database, i) => ({ database, privilege: privileges[i] }))))
