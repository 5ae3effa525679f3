/** Plans from small records: which event cancels which, and that every write has its faults. */
import { expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Version } from './history.ts'
import type { Exchange } from './journal.ts'
import { cancelledBy, generatePlans } from './plans.ts'

const version = (type: Version['type'], at: number, rest: object): Version => ({
  at,
  type,
  resource: 'pods',
  object: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u', resourceVersion: String(at) }, ...rest } as KubeObject,
})
const phase = (at: number, value: string) => version('MODIFIED', at, { status: { phase: value } })

test.each([
  ['what a later event takes back is cancelled by it', [phase(1, 'Pending'), phase(2, 'Running'), phase(3, 'Failed')], 1, 2],
  ['what stays is cancelled by nothing', [phase(1, 'Pending'), phase(2, 'Running')], 1, undefined],
  ['a deletion cancels all that was', [phase(1, 'Running'), version('DELETED', 2, {})], 0, 1],
  ['a second life cancels a deletion', [phase(1, 'x'), version('DELETED', 2, {}), version('ADDED', 3, {})], 1, 2],
  ['a change beside it cancels nothing', [phase(1, 'a'), version('MODIFIED', 2, { status: { phase: 'a', ip: '1' } })], 0, undefined],
])('%s', (_, history, i, by) => expect(cancelledBy(history, i)).toBe(by))

const write = (n: number, verb: Exchange['verb'], resource: string, more: object = {}): Exchange => ({
  n,
  at: n,
  who: 'operator',
  life: 1,
  verb,
  resource,
  subresource: undefined,
  namespace: 'g-x0001',
  name: 'web-0123abcd',
  query: new URLSearchParams(),
  contentType: '',
  body: undefined,
  status: 200,
  answer: { apiVersion: 'v1', kind: 'X', metadata: { name: 'web-0123abcd', uid: 'u', resourceVersion: String(n * 10) } },
  ...more,
})

const record = (journal: Exchange[]) =>
  generatePlans({ id: 'x0001', journal, versions: [], boundaries: [0, 15], begun: { step: 0, n: 0, at: 0 } })
const names = (journal: Exchange[]) => record(journal).map(p => p.name)

test('every write is crashed before, crashed after, and answered 500; its name is the same in every run', () => {
  const plans = names([write(1, 'create', 'secrets'), write(2, 'create', 'secrets')])
  for (const fault of ['crash before', 'crash after', 'applied but answered 500']) {
    expect(plans).toContain(`${fault}, write create secrets web-UID #1`)
    expect(plans).toContain(`${fault}, write create secrets web-UID #2`)
  }
})

test('what lets go is tried against every old view of the world, from its own step and from the first', () => {
  const body = [{ op: 'remove', path: '/metadata/finalizers/0' }]
  const plans = record([write(1, 'create', 'guests'), write(2, 'create', 'pods'), write(3, 'patch', 'guests', { body })])
  const stale = plans.flatMap(p => (p.fault === 'stale list' && p.after === 'a crash' ? [`${p.of} ${p.step}`] : []))
  expect(new Set(stale)).toEqual(new Set(['everything', 'the tenant', 'the guests'].flatMap(of => [`${of} 0`, `${of} 1`])))
})

test('a pod that is to end is tried against a list in which there never was one', () => {
  const plans = record([write(1, 'create', 'pods'), write(2, 'delete', 'pods')])
  const stale = plans.flatMap(p => (p.fault === 'stale list' && p.after === 'a crash' ? [`${p.of} ${p.step}`] : []))
  expect(stale).toEqual(['everything 0', 'the guests 0', 'pods 0'])
})

test('reads, refused writes, Events and the Lease have no plans of their own', () => {
  const few = [
    write(1, 'get', 'pods'),
    write(2, 'create', 'pods', { status: 409 }),
    write(3, 'create', 'events'),
    write(4, 'update', 'leases'),
  ]
  expect(names(few).filter(name => name.includes('write '))).toEqual([])
})

test('only what the operator is told of can be lost', () => {
  const life = (resource: string, namespace: string, name: string, labels: Record<string, string> = {}): Version[] =>
    (['ADDED', 'DELETED'] as const).map((type, i) => ({
      at: i + 1,
      type,
      resource,
      object: { apiVersion: 'v1', kind: 'X', metadata: { name, namespace, labels, uid: name, resourceVersion: String(i + 1) } },
    }))
  const plans = generatePlans({
    id: 'x0001',
    journal: [
      write(1, 'watch', 'secrets', { namespace: 'guests' }),
      write(2, 'watch', 'services', { namespace: undefined, query: new URLSearchParams({ labelSelector: 'by=us' }) }),
      write(3, 'create', 'pods'),
    ],
    versions: [
      ...life('secrets', 'guests', 'seen'),
      ...life('secrets', 'tenant', 'elsewhere'),
      ...life('services', 'tenant', 'ours', { by: 'us' }),
      ...life('services', 'tenant', 'theirs'),
      ...life('configmaps', 'guests', 'unknown'),
    ],
    boundaries: [0],
    begun: { step: 0, n: 0, at: 0 },
  })
  expect(plans.flatMap(p => (p.fault === 'lost event' ? [p.object] : []))).toEqual(['seen', 'ours'])
})
