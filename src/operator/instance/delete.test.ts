import { expect, test } from 'vitest'
import type { Service, ServiceAccount } from '../../kube/resource.ts'
import { aClaim, aGuest, ago, anInstance, aPod, aSecret, observed } from '../examples.ts'
import { planDeletion } from './delete.ts'
import type { Observed } from './observed.ts'

const leaving = { deletionTimestamp: ago(1) }
const ended = (o: Partial<Observed>, deletionPolicy: 'Delete' | 'Retain' = 'Delete') =>
  planDeletion(observed({ instance: anInstance({ deletionPolicy }, leaving), ...o })).actions.map(a =>
    'kind' in a ? `${a.do} ${a.kind}` : a.do,
  )
const kept = { metadata: { ...aClaim().metadata, labels: { ...aClaim().metadata.labels, 'trove.dev/retained': 'true' } } }
const account = { ...aSecret(), kind: 'ServiceAccount' } as unknown as ServiceAccount
const address = { ...aSecret(), kind: 'Service' } as unknown as Service
const all = { claim: aClaim(), secret: aSecret(), guest: aGuest(), serviceAccount: account }

test.each([
  ['the pod goes first, and alone', { side: { ...all, pod: aPod() } }, 'Delete', ['delete pod']],
  ['while it ends nothing is touched', { side: { ...all, pod: aPod({}, leaving) } }, 'Delete', []],
  [
    'then volume and Secret, and what served the pod',
    { side: all, tenantService: address },
    'Delete',
    ['delete claim', 'delete secret', 'delete serviceAccount', 'delete tenantService'],
  ],
  ['the Guest waits for the volume', { side: { guest: aGuest(), claim: aClaim(leaving) } }, 'Delete', []],
  ['Retain marks both', { side: all }, 'Retain', ['retain claim', 'retain secret', 'delete serviceAccount']],
  ['and then goes on without them', { side: { claim: { ...aClaim(), ...kept }, guest: aGuest() } }, 'Retain', ['delete guest']],
  ['then the Guest', { side: { guest: aGuest() } }, 'Delete', ['delete guest']],
  ['which is let go', { side: { guest: aGuest({}, undefined, leaving) } }, 'Delete', ['releaseGuest']],
  ['the Instance waits for it', { side: { guest: aGuest({}, undefined, { ...leaving, finalizers: [] }) } }, 'Delete', []],
  [
    'and for the last of the rest',
    { side: { serviceAccount: { ...account, metadata: { ...account.metadata, ...leaving } } } },
    'Delete',
    [],
  ],
  ['last goes the finalizer', {}, 'Delete', ['removeFinalizer']],
] as [string, Partial<Observed>, 'Delete' | 'Retain', string[]][])('%s', (_, o, policy, expected) => {
  expect(ended(o, policy)).toEqual(expected)
})

test('a pod without the label is the Instance’s still if its Guest owns it, and goes before the data', () => {
  const { apiVersion, kind, metadata } = aGuest()
  const pod = aPod({}, { labels: {}, ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }] })
  expect(ended({ side: { ...all, pod } })).toEqual(['delete pod'])
})

test('what bears another Instance’s UID is never touched', () => {
  const strange = aClaim({ labels: { 'trove.dev/instance-uid': 'another' } })
  expect(ended({ side: { claim: strange } })).toEqual(['removeFinalizer'])
})
