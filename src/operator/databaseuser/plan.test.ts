import { expect, test } from 'vitest'
import type { Database } from '../../api/database.ts'
import type { GuestUser } from '../../api/guest.ts'
import { aDatabase, aGuest, ago, anInstance, aSecret, aUser, engine, healthy } from '../examples.ts'
import type { GuestView } from '../guest-view.ts'
import { planUser } from './plan.ts'

const leaving = { deletionTimestamp: ago(1) }
const access = [{ database: 'shop', privilege: 'Owner' as const }]
const revision = 'uid-app-1'
const entry: GuestUser = { name: 'app', ensure: 'Present', passwordRevision: revision, access }
const done = { name: 'app', state: 'Ready' as const, passwordRevision: revision }
const guest = (users: GuestUser[] = [entry], results: object[] = [done], generation = 1) =>
  aGuest({ databases: [{ name: 'shop', ensure: 'Present' }], users }, healthy({ users: results as never }), { generation })
const initialised = { ...anInstance(), status: { volume: { claimUID: 'uid-claim' } } }
const reachable = { ...anInstance(), status: { address: 'db.team.svc' } }
const view = (g = guest()): GuestView => ({ instance: reachable, engine, guest: g })
const user = (metadata = {}, spec = {}) => aUser({ name: 'app', access, ...spec }, { uid: 'uid-app', ...metadata })
const secret = aSecret({ [revision]: Buffer.from('pässword').toString('base64') })
const plan = (u: ReturnType<typeof aUser>, v: GuestView, s: typeof secret | undefined = secret, databases: Database[] = []) => {
  const p = planUser(u, [u], databases, v, s)
  return `${p.do} ${p.said.find(c => c.type === 'Ready')?.reason ?? ''}`.trim()
}
const absent: GuestUser = { name: 'app', ensure: 'Absent', passwordRevision: revision }

test.each([
  ['there is no Instance', user(), {}, 'nothing InstanceNotFound'],
  ['it is new', user({ finalizers: [] }), view(), 'addFinalizer InstanceNotReady'],
  ['no object names its database', user({}, { access: [{ database: 'other', privilege: 'Owner' }] }), view(), 'nothing DatabaseNotFound'],
  ['the guest has not been asked yet', user(), view(guest([])), 'nothing InstanceNotReady'],
  [
    'the guest was asked for fewer rights',
    user(),
    view(guest([{ name: 'app', ensure: 'Present', passwordRevision: revision }])),
    'nothing InstanceNotReady',
  ],
  ['the engine has it', user(), view(), 'bind Ready'],
  ['the engine has it and the address is not ours yet', user(), { ...view(), instance: anInstance() }, 'nothing InstanceNotReady'],
  [
    'the engine has an earlier password',
    user(),
    view(guest([entry], [{ ...done, passwordRevision: 'uid-app-0' }])),
    'nothing InstanceNotReady',
  ],
  ['the report is of an earlier asking', user(), view(guest([entry], [done], 2)), 'nothing InstanceNotReady'],
  [
    'the engine refused it',
    user(),
    view(guest([entry], [{ ...done, state: 'Failed', code: 'NameTaken', message: 'm' }])),
    'nothing NameTaken',
  ],
  ['it goes with its Instance', user(leaving), { ...view(), instance: anInstance({}, leaving) }, 'removeFinalizer'],
  ['it goes and nothing was ever made', user(leaving), { instance: anInstance(), engine }, 'removeFinalizer'],
  ['it goes while the guest is made anew', user(leaving), { instance: initialised, engine }, 'nothing Deleting'],
  ['it goes and still can log in', user(leaving), view(), 'nothing Deleting'],
  ['it goes and is gone from the engine', user(leaving), view(guest([absent], [{ name: 'app', state: 'Absent' }])), 'removeFinalizer'],
] as [string, ReturnType<typeof aUser>, GuestView, string][])('%s', (_, u, v, expected) => {
  expect(plan(u, v)).toBe(expected)
})

test.each([
  ['an object names its database and the guest has not been asked yet', aDatabase({ name: 'new' }), 'nothing InstanceNotReady'],
  ['the object that names its database is being deleted', aDatabase({ name: 'new' }, leaving), 'nothing DatabaseNotFound'],
  ['the object that names its database is refused', aDatabase({ name: 'reserved' }), 'nothing DatabaseNotFound'],
] as [string, Database, string][])('%s', (_, database, expected) => {
  const asks = user({}, { access: [{ database: database.spec.name, privilege: 'Owner' }] })
  expect(plan(asks, view(), secret, [database])).toBe(expected)
})

test('a password that the Guest names and the Secret lacks is lost', () => {
  expect(plan(user(), view(), aSecret())).toBe('nothing CredentialsLost')
})

test('a new password reaches the binding even while a database is missing, and no binding is made before all are there', () => {
  const partial = user({}, { access: [...access, { database: 'other', privilege: 'ReadOnly' }] })
  const bound = { ...partial, status: { binding: { name: 'app-credentials' } } }
  expect(plan(partial, view())).toBe('nothing DatabaseNotFound')
  expect(plan(bound, view())).toBe('bind DatabaseNotFound')
  expect(planUser(bound, [bound], [], view(), secret)).toMatchObject({ password: 'pässword', keepsDatabase: true })
  expect(plan(bound, view(guest([entry], [{ ...done, passwordRevision: 'uid-app-0' }])))).toBe('nothing DatabaseNotFound')
})

test('the password in the binding is the one that the engine has', () => {
  expect(planUser(user(), [user()], [], view(), secret)).toMatchObject({ do: 'bind', password: 'pässword' })
})

test('rights are asked for in the way that the engine gives them', () => {
  const whole = { ...engine, capabilities: { databases: false, users: true, root: true } }
  const { access: _, ...bare } = entry
  const has = guest([{ ...bare, privilege: 'ReadOnly' }])
  const inWhole = user({}, { access: [], privilege: 'ReadOnly' })
  expect(plan(inWhole, { ...view(has), engine: whole })).toBe('bind Ready')
  expect(plan(inWhole, { ...view(guest([bare])), engine: whole })).toBe('nothing InstanceNotReady')
  expect(plan(inWhole, view(has))).toBe('nothing NotSupported')
  expect(plan(user(), { ...view(has), engine: whole })).toBe('nothing NotSupported')
})

test('a new password reaches the binding although the rights are asked for in the wrong way', () => {
  const bound = { ...user({}, { privilege: 'Owner' }), status: { binding: { name: 'app-credentials' } } }
  expect(plan(bound, view())).toBe('bind NotSupported')
})
