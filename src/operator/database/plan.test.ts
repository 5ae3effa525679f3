import { expect, test } from 'vitest'
import { aDatabase, aGuest, ago, anInstance, engine, healthy } from '../examples.ts'
import type { GuestView } from '../guest-view.ts'
import { planDatabase } from './plan.ts'

const leaving = { deletionTimestamp: ago(1) }
const asked = (ensure: 'Present' | 'Absent') => ({ databases: [{ name: 'shop', ensure }] })
const guest = (ensure?: 'Present' | 'Absent', state?: 'Ready' | 'Absent' | 'Failed', generation = 1) => {
  const results = state === undefined ? {} : { databases: [{ name: 'shop', state, code: 'StatementFailed', message: 'no' }] }
  return aGuest(ensure === undefined ? {} : asked(ensure), healthy(results), { generation })
}
const withAgent = (capabilities: string[]) =>
  aGuest(asked('Present'), healthy({ agent: { version: '0', capabilities }, databases: [{ name: 'shop', state: 'Ready' }] }))
const initialised = { ...anInstance(), status: { volume: { claimUID: 'uid-claim' } } }
const view = (g = guest('Present', 'Ready')): GuestView => ({ instance: anInstance(), engine, guest: g })
const plan = (database: ReturnType<typeof aDatabase>, v: GuestView) => {
  const { do: act, said } = planDatabase(database, [database], v)
  return `${act} ${said.find(s => s.type === 'Ready')?.reason ?? ''}`.trim()
}
const shop = (metadata = {}, deletionPolicy: 'Retain' | 'Delete' = 'Retain') => aDatabase({ name: 'shop', deletionPolicy }, metadata)
const readyBefore = {
  ...shop(),
  status: {
    conditions: [{ type: 'Ready', status: 'True' as const, reason: 'Ready', message: '', observedGeneration: 1, lastTransitionTime: '' }],
  },
}

test.each([
  ['there is no Instance', shop(), {}, 'nothing InstanceNotFound'],
  ['the name is reserved', aDatabase({ name: 'reserved' }), view(), 'nothing IdentifierReserved'],
  [
    'the engine has no databases',
    shop(),
    { ...view(), engine: { ...engine, capabilities: { databases: false, users: true, root: true } } },
    'nothing NotSupported',
  ],
  ['it is new', shop({ finalizers: [] }), view(), 'addFinalizer InstanceNotReady'],
  ['there is no guest yet', shop(), { instance: anInstance(), engine }, 'nothing InstanceNotReady'],
  ['the guest has not been asked yet', shop(), view(guest()), 'nothing InstanceNotReady'],
  ['it is there', shop(), view(), 'nothing Ready'],
  ['the agent knows nothing of databases', shop(), view(withAgent([])), 'nothing AgentOutdated'],
  ['the agent can do it', shop(), view(withAgent(['databases'])), 'nothing Ready'],
  ['the engine refused it', shop(), view(guest('Present', 'Failed')), 'nothing StatementFailed'],
  ['the report is of an earlier asking', shop(), view(guest('Present', 'Ready', 2)), 'nothing InstanceNotReady'],
  ['something else was asked since it was Ready', readyBefore, view(guest('Present', 'Ready', 2)), 'nothing Ready'],
  ['a new agent has yet to look at it', readyBefore, view(guest('Present')), 'nothing Ready'],
  ['it goes and the Instance is gone', shop(leaving, 'Delete'), {}, 'removeFinalizer'],
  ['it goes with its Instance', shop(leaving, 'Delete'), { ...view(), instance: anInstance({}, leaving) }, 'removeFinalizer'],
  ['it goes and nothing was ever made', shop(leaving, 'Delete'), { instance: anInstance(), engine }, 'removeFinalizer'],
  ['it goes while the guest is made anew', shop(leaving, 'Delete'), { instance: initialised, engine }, 'nothing Deleting'],
  ['it goes and is kept', shop(leaving), view(guest()), 'removeFinalizer'],
  ['it goes, is kept, and is still spoken of', shop(leaving), view(), 'nothing Deleting'],
  ['it goes and is to be dropped', shop(leaving, 'Delete'), view(guest('Absent', 'Ready')), 'nothing Deleting'],
  ['it goes and could not be dropped', shop(leaving, 'Delete'), view(guest('Absent', 'Failed')), 'nothing StatementFailed'],
  ['it goes and is dropped', shop(leaving, 'Delete'), view(guest('Absent', 'Absent')), 'removeFinalizer'],
  [
    'it goes; that it is dropped was said of an earlier asking',
    shop(leaving, 'Delete'),
    view(guest('Absent', 'Absent', 2)),
    'nothing Deleting',
  ],
] as [string, ReturnType<typeof aDatabase>, GuestView, string][])('%s', (_, database, v, expected) => {
  expect(plan(database, v)).toBe(expected)
})
