import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KubeObject } from '../kube/objects.ts'
import { atOrPast, type Change, keyOf, openStore } from './store.ts'

interface Thing extends KubeObject {
  spec?: { owner?: string; secret?: string }
}

const thing = (name: string, uid: string, version: number, spec: Thing['spec'] = {}): Thing => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { namespace: 'n', name, uid, resourceVersion: String(version) },
  spec,
})

function open(options: { project?: (t: Thing) => Thing } = {}) {
  const changes: string[] = []
  const tell = (t: Thing | undefined) => (t === undefined ? '' : `${t.metadata.uid}@${t.metadata.resourceVersion}`)
  const store = openStore<Thing>({
    ...options,
    indexes: { owner: t => (t.spec?.owner === undefined ? [] : [t.spec.owner]) },
    onChange: (c: Change<Thing>) => changes.push(`${tell(c.old)}>${tell(c.new)}${c.initial ? ' initial' : ''}`),
  })
  const seen = (name: string) => tell(store.get(`n/${name}`))
  return { store, changes, seen }
}

test('references and objects have the same key', () => {
  expect(keyOf({ namespace: 'n', name: 'a' })).toBe('n/a')
  expect(keyOf(thing('a', 'u', 1))).toBe('n/a')
  expect(keyOf({ name: 'a' })).toBe('a')
})

test('versions are compared as numbers of any length', () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n }), fc.bigInt({ min: 0n }), (a, b) => atOrPast(String(a), String(b)) === a >= b))
})

test('is in step after the first list, whose objects are marked as initial', () => {
  const { store, changes } = open()
  expect(store.hasSynced()).toBe(false)
  store.replace([thing('a', 'u1', 5)], '10')
  expect(store.hasSynced()).toBe(true)
  store.replace([thing('a', 'u1', 5), thing('b', 'u2', 12)], '20')
  expect(changes).toEqual(['>u1@5 initial', '>u2@12'])
})

test('a write is shown at once, and the event that follows is not announced again', () => {
  const { store, changes, seen } = open()
  store.replace([thing('a', 'u1', 5)], '10')
  store.wrote(thing('a', 'u1', 11))
  expect(seen('a')).toBe('u1@11')
  store.put(thing('a', 'u1', 11))
  expect(seen('a')).toBe('u1@11')
  expect(changes.slice(1)).toEqual(['u1@5>u1@11'])
})

test('an event that overtook the response is not covered by it', () => {
  const { store, changes, seen } = open()
  store.replace([], '10')
  store.put(thing('a', 'u1', 11))
  store.put(thing('a', 'u1', 12))
  store.wrote(thing('a', 'u1', 11))
  expect(seen('a')).toBe('u1@12')
  store.remove(thing('a', 'u1', 13))
  store.wrote(thing('a', 'u1', 12))
  expect(seen('a')).toBe('')
  expect(changes).toEqual(['>u1@11', 'u1@11>u1@12', 'u1@12>'])
})

test('an older event does not take a newer write away, a newer one does', () => {
  const { store, seen } = open()
  store.replace([thing('a', 'u1', 5)], '10')
  store.wrote(thing('a', 'u1', 20))
  store.put(thing('a', 'u1', 15))
  store.bookmark('19')
  expect(seen('a')).toBe('u1@20')
  store.put(thing('a', 'u1', 25))
  expect(seen('a')).toBe('u1@25')
})

test('a write that the watch never shows, for it left the selection, goes with the watermark', () => {
  const { store, changes, seen } = open()
  store.replace([], '10')
  store.wrote(thing('a', 'u1', 20))
  store.put(thing('b', 'u2', 21))
  expect(seen('a')).toBe('')
  expect(changes).toEqual(['>u1@20', 'u1@20>', '>u2@21'])
})

test('of two writes the later one is shown, in whichever order they were answered', () => {
  const { store, seen } = open()
  store.replace([], '10')
  store.wrote(thing('a', 'u1', 13))
  store.wrote(thing('a', 'u1', 12))
  expect(seen('a')).toBe('u1@13')
})

test('a list that is older than what is known changes nothing, and says so', () => {
  const { store, changes, seen } = open()
  store.replace([thing('a', 'u1', 5)], '10')
  store.put(thing('a', 'u1', 15))
  expect(() => store.replace([thing('a', 'u1', 5)], '12')).toThrow('the list is as of resourceVersion 12, and 15 is known already')
  expect(seen('a')).toBe('u1@15')
  expect(changes).toEqual(['>u1@5 initial', 'u1@5>u1@15'])
})

test('what we deleted is hidden until the watch says so, whatever still arrives about it', () => {
  const { store, changes, seen } = open()
  store.replace([thing('a', 'u1', 5)], '10')
  store.deleted('n/a', 'u1')
  store.put(thing('a', 'u1', 11))
  store.wrote(thing('a', 'u1', 12))
  expect(seen('a')).toBe('')
  store.remove(thing('a', 'u1', 13))
  store.put(thing('a', 'u2', 14))
  expect(seen('a')).toBe('u2@14')
  expect(changes.slice(1)).toEqual(['u1@5>', '>u2@14'])
})

test('a deletion known by uid does not hide the next object of that name', () => {
  const { store, seen } = open()
  store.replace([thing('a', 'u1', 5)], '10')
  store.put(thing('a', 'u2', 12))
  store.deleted('n/a', 'u1')
  expect(seen('a')).toBe('u2@12')
  store.deleted('n/a', 'u2')
  store.wrote(thing('a', 'u3', 15))
  expect(seen('a')).toBe('u3@15')
})

test('what we made and deleted before the watch knew of it never appears', () => {
  const { store, changes, seen } = open()
  store.replace([], '10')
  store.wrote(thing('a', 'u1', 11))
  store.deleted('n/a', 'u1')
  store.replace([], '10')
  store.put(thing('a', 'u1', 11))
  expect(seen('a')).toBe('')
  store.remove(thing('a', 'u1', 12))
  expect(changes).toEqual(['>u1@11', 'u1@11>'])
})

test('a list announces what vanished, what is new and what was made anew, and nothing else', () => {
  const { store, changes } = open()
  store.replace([thing('same', 'u1', 1), thing('gone', 'u2', 2), thing('anew', 'u3', 3)], '10')
  changes.length = 0
  store.replace([thing('same', 'u1', 1), thing('anew', 'u4', 11), thing('new', 'u5', 12)], '20')
  expect(changes.sort()).toEqual(['>u4@11', '>u5@12', 'u2@2>', 'u3@3>'])
})

test('a list older than our write does not take it back, a newer one settles it', () => {
  const { store, seen } = open()
  store.replace([], '10')
  store.wrote(thing('a', 'u1', 30))
  store.replace([], '20')
  expect(seen('a')).toBe('u1@30')
  store.replace([], '40')
  expect(seen('a')).toBe('')
})

test('indexes follow writes, events and deletions', () => {
  const { store } = open()
  const of = (owner: string) => store.byIndex('owner', owner).map(t => t.metadata.name)
  store.replace([thing('a', 'u1', 1, { owner: 'x' }), thing('b', 'u2', 2, { owner: 'x' })], '10')
  expect(of('x')).toEqual(['a', 'b'])
  store.wrote(thing('a', 'u1', 11, { owner: 'y' }))
  expect([of('x'), of('y')]).toEqual([['b'], ['a']])
  store.deleted('n/b', 'u2')
  store.put(thing('a', 'u1', 12))
  expect([of('x'), of('y')]).toEqual([[], []])
  expect(() => store.byIndex('colour', 'red')).toThrow('no index "colour"')
})

test('what is stored is projected, without managedFields and frozen, and the answer itself stays whole', () => {
  const { store } = open({ project: t => ({ ...t, spec: { owner: t.spec?.owner ?? '' } }) })
  store.replace([], '10')
  const answer = thing('a', 'u1', 11, { owner: 'x', secret: 's' })
  Object.assign(answer.metadata, { managedFields: [{ manager: 'm' }] })
  store.wrote(answer)
  const kept = store.get('n/a')!
  expect(kept.spec).toEqual({ owner: 'x' })
  expect(kept.metadata).not.toHaveProperty('managedFields')
  expect(() => Object.assign(kept.spec!, { owner: 'z' })).toThrow(TypeError)
  expect(answer.spec?.secret).toBe('s')
})

test('whatever the order of events and answers, the store ends at what the server has and told every step of it', () => {
  // A history of one name, whose events and answers reach the store at any time after the fact, events in order.
  const step = fc.constantFrom('write', 'recreate', 'foreign', 'deliver', 'answer')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const shown = new Map<string, string>()
      const store = openStore<Thing>({
        onChange: c => {
          if (c.old !== undefined) {
            expect(shown.get('a')).toBe(c.old.metadata.uid)
            shown.delete('a')
          }
          if (c.new !== undefined) {
            expect(shown.has('a')).toBe(false)
            shown.set('a', c.new.metadata.uid)
          }
        },
      })
      let version = 10
      let uids = 0
      let live: Thing | undefined
      store.replace([], String(version))
      const events: (() => void)[] = []
      const answers: (() => void)[] = []
      const put = (ours: boolean) => {
        live = thing('a', live?.metadata.uid ?? `u${++uids}`, ++version)
        const now = live
        events.push(() => store.put(now))
        if (ours) answers.push(() => store.wrote(now))
      }
      for (const what of steps) {
        if (what === 'write') put(true)
        if (what === 'foreign') put(false)
        if (what === 'recreate' && live !== undefined) {
          const gone = { ...live, metadata: { ...live.metadata, resourceVersion: String(++version) } }
          live = undefined
          events.push(() => store.remove(gone))
          answers.push(() => store.deleted('n/a', gone.metadata.uid))
        }
        if (what === 'deliver') events.shift()?.()
        if (what === 'answer') answers.shift()?.()
      }
      for (const rest of [...answers, ...events]) rest()
      expect(store.get('n/a')?.metadata.resourceVersion).toBe(live?.metadata.resourceVersion)
      expect(shown.get('a')).toBe(live?.metadata.uid)
    }),
    { numRuns: 500 },
  )
})
