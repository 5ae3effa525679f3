import { expect, test } from 'vitest'
import type { Exchange, Sent, Verb } from '../../integration/faults/journal.ts'
import { levelOf, nothingYet, reached, templateOf } from './template.ts'

const uidOf = { instances: '11111111-aaaa', guests: '22222222-bbbb', serviceaccounts: '33333333-cccc', pods: '44444444-dddd' } as const

function write(verb: Verb, resource: keyof typeof uidOf, body: object, subresource?: string): Exchange {
  const namespace = resource === 'instances' ? 'bench' : 'guests'
  const name = resource === 'instances' ? 'db' : 'db-11111111'
  const answer = { apiVersion: 'v1', kind: '', metadata: { name, namespace, uid: uidOf[resource], resourceVersion: '7' } }
  const rest = {
    n: 0,
    at: 0,
    who: '',
    life: 1,
    query: new URLSearchParams({ force: 'true' }),
    contentType: 'application/json',
    status: 200,
  }
  return { ...rest, verb, resource, subresource, namespace, name, body: body as Sent, answer }
}

const journal = [
  write('patch', 'instances', [
    { op: 'test', path: '/metadata/resourceVersion', value: '6' },
    { op: 'add', path: '/metadata/finalizers', value: [] },
  ]),
  write('apply', 'guests', { metadata: { name: 'db-11111111', resourceVersion: '6' }, spec: { instance: { uid: uidOf.instances } } }),
  write('create', 'serviceaccounts', { metadata: { name: 'db-11111111', ownerReferences: [{ uid: uidOf.guests }] } }),
  write('create', 'pods', { metadata: { name: 'db-11111111' }, spec: {} }),
  write('apply', 'instances', { status: { phase: 'ACTIVE' } }, 'status'),
]
const level = { pod: 2, claim: 1, guest: 1 }
const steps = templateOf('db', journal, () => level)

test('a write waits for those whose answers it quotes, for the one before of the same object, and a pod for its account', () => {
  expect(steps.map(s => s.after)).toEqual([[], [0], [1], [2], [0]])
})

test('only what tells of the node waits for the node', () => {
  expect(steps.map(s => s.level)).toEqual([nothingYet, level, nothingYet, nothingYet, level])
  expect(reached({ pod: 2, claim: 1, guest: 2 }, level)).toBe(true)
  expect(reached({ pod: 1, claim: 1, guest: 2 }, level)).toBe(false)
})

test('nothing of the Instance that was recorded is left in it, and no version that was insisted on', () => {
  const text = JSON.stringify(steps)
  for (const uid of Object.values(uidOf)) expect(text).not.toContain(uid)
  expect(text).not.toContain('11111111')
  expect(text).not.toContain('resourceVersion')
  expect(steps[3]!.path).toBe('/api/v1/namespaces/guests/pods')
  expect(decodeURIComponent(steps[1]!.path)).toBe('/apis/trove.dev/v1alpha1/namespaces/guests/guests/<<name>>-<<short>>')
})

test('how far the node has come is read off what it wrote', () => {
  const metadata = { name: 'db-11111111', uid: '', resourceVersion: '' }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'bench', containers: [] }, status: { phase: 'Running' } }
  expect(levelOf(pod, { ...nothingYet, claim: 1 })).toEqual({ pod: 2, claim: 1, guest: 0 })
})
