import { expect, test } from 'vitest'
import type { GuestDatabase, GuestSpec, GuestStatus, GuestUser } from '../../api/guest.ts'
import type { EngineSession } from '../../engines/guest-engine.ts'
import { fault, TroveError } from '../../errors.ts'
import { systemClock } from '../../runtime/clock.ts'
import { Items } from './items.ts'
import { openLog } from './log.ts'

/**
 * Asks for these until each has been tried, and tells what was done to the engine, how each came out, and what was logged. The engine fails at
 * what `failing` names.
 */
async function brought(
  spec: { databases?: object[]; users?: object[]; root?: object },
  reported?: GuestStatus,
  failing: Record<string, Error> = {},
) {
  const done: string[] = []
  const logged: Record<string, unknown>[] = []
  const does = (what: string) => async (item: GuestDatabase | GuestUser) => {
    const failure = failing[item.name]
    if (failure !== undefined) throw failure
    done.push(`${what} ${item.name}`)
  }
  const session: EngineSession = {
    facts: async () => ({ version: '1' }),
    configure: async () => ({ restartRequired: [] }),
    ensureDatabase: does('ensure database'),
    dropDatabase: does('drop database'),
    ensureUser: does('ensure user'),
    dropUser: does('drop user'),
    ensureRoot: password => does('ensure root with')({ name: password } as GuestUser),
    dropRoot: () => does('drop')({ name: 'root' } as GuestUser),
    close: async () => {},
  }
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const items = new Items({
    clock: systemClock,
    log: openLog('info', {}, line => logged.push(JSON.parse(line))),
    agentVersion: '1.0',
    connect: async () => session,
    passwords: async () => new Map([['r1', 'secret']]),
    onChange: () => items.underWaySinceMs === undefined && end(),
  })
  items.want(spec as GuestSpec, reported)
  const nextAtMs = items.work('run', new AbortController().signal)
  if (items.underWaySinceMs !== undefined) await ended
  return { done, logged, nextAtMs, ...items.outcomes() }
}

const user = (name: string, more: object = {}) => ({ name, ensure: 'Present', passwordRevision: 'r1', ...more })
const outdated = (name: string, feature: string) => ({
  name,
  state: 'Failed',
  code: 'AgentOutdated',
  message: expect.stringContaining(`(version 1.0) does not know ${feature}`),
})

test('first goes what must go, users before databases; then comes what must come, databases before users', async () => {
  const { done, databases, users } = await brought({
    databases: [
      { name: 'new', ensure: 'Present' },
      { name: 'old', ensure: 'Absent' },
    ],
    users: [user('new'), user('old', { ensure: 'Absent' })],
  })
  expect(done).toEqual(['drop user old', 'drop database old', 'ensure database new', 'ensure user new'])
  expect(databases).toEqual([
    { name: 'new', state: 'Ready' },
    { name: 'old', state: 'Absent' },
  ])
  expect(users).toEqual([
    { name: 'new', state: 'Ready', passwordRevision: 'r1' },
    { name: 'old', state: 'Absent' },
  ])
})

test.each(['Archived', 'present', 'absent', '', 'constructor'])(
  'AgentOutdated: what an agent does not know, like ensure %j, it leaves as it is, and does the rest',
  async ensure => {
    const { done, nextAtMs, databases, users } = await brought({
      databases: [
        { name: 'shop', ensure },
        { name: 'blog', ensure: 'Present' },
      ],
      users: [user('app', { ensure }), user('other')],
    })
    expect(done).toEqual(['ensure database blog', 'ensure user other'])
    expect(databases).toEqual([outdated('shop', `ensure "${ensure}"`), { name: 'blog', state: 'Ready' }])
    expect(users).toEqual([outdated('app', `ensure "${ensure}"`), { name: 'other', state: 'Ready', passwordRevision: 'r1' }])
    expect(nextAtMs).toBeUndefined()
  },
)

test('nor does it take what another agent reported of that for its own', async () => {
  const reported: GuestStatus = { databases: [{ name: 'shop', state: 'Absent' }] }
  const { done, databases } = await brought({ databases: [{ name: 'shop', ensure: 'Archived' }] }, reported)
  expect(done).toEqual([])
  expect(databases).toEqual([outdated('shop', 'ensure "Archived"')])
})

test('AgentOutdated: a user with a privilege that the agent does not know keeps what it has, and can still be deleted', async () => {
  const access = [
    { database: 'shop', privilege: 'Owner' },
    { database: 'blog', privilege: 'Backup' },
  ]
  const { done, users } = await brought({ users: [user('app', { access }), user('gone', { ensure: 'Absent', access })] })
  expect(done).toEqual(['drop user gone'])
  expect(users).toEqual([outdated('app', 'privilege "Backup"'), { name: 'gone', state: 'Absent' }])
})

test('what an agent before it has reported of the same is no news, and is looked at all the same', async () => {
  const reported: GuestStatus = { databases: [{ name: 'shop', state: 'Ready' }] }
  const { done, databases } = await brought({ databases: [{ name: 'shop', ensure: 'Present' }] }, reported)
  expect(done).toEqual(['ensure database shop'])
  expect(databases).toEqual([{ name: 'shop', state: 'Ready' }])
})

test('each failure is logged with the code that is reported of it', async () => {
  const failing = {
    taken: new TroveError(fault('NameTaken', { kind: 'Database', name: 'taken', owner: 'somebody else' })),
    broken: new Error('connection terminated'),
  }
  const databases = Object.keys(failing).map(name => ({ name, ensure: 'Present' }))
  const { logged, ...outcomes } = await brought({ databases, users: [user('lost', { passwordRevision: 'r9' })] }, undefined, failing)
  const codes = [
    { database: 'taken', code: 'NameTaken' },
    { database: 'broken', code: 'StatementFailed' },
    { user: 'lost', code: 'CredentialsLost' },
  ]
  expect(logged).toMatchObject(codes.map(code => ({ level: 'warn', msg: 'failed', ...code })))
  expect([...outcomes.databases, ...outcomes.users]).toMatchObject(codes.map(({ code }) => ({ state: 'Failed', code })))
})

test.each([
  [
    'root is let in with the password that is named',
    { ensure: 'Present', passwordRevision: 'r1' },
    ['ensure root with secret'],
    { state: 'Ready' },
  ],
  ['root goes', { ensure: 'Absent', passwordRevision: 'r1' }, ['drop root'], { state: 'Absent' }],
  [
    'CredentialsLost: root is not let in without one',
    { ensure: 'Present', passwordRevision: 'r9' },
    [],
    { state: 'Failed', code: 'CredentialsLost' },
  ],
  ['AgentOutdated: root is left as it is', { ensure: 'Archived', passwordRevision: 'r1' }, [], { state: 'Failed', code: 'AgentOutdated' }],
])('%s, and what came of it says of which password it is', async (_, root, expected, outcome) => {
  const { done, root: said } = await brought({ root })
  expect(done).toEqual(expected)
  expect(said).toMatchObject({ ...outcome, passwordRevision: root.passwordRevision })
})

test('root goes before all else goes', async () => {
  const databases = [{ name: 'old', ensure: 'Absent' }]
  const { done } = await brought({ databases, root: { ensure: 'Absent', passwordRevision: 'r1' } })
  expect(done).toEqual(['drop root', 'drop database old'])
})
