import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openKeeper } from './kept.ts'

const kept = openKeeper()

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heap(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

const copy = <V>(value: V): V => JSON.parse(JSON.stringify(value)) as V

test('what is kept says the same as what was given, whatever that is', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), value => {
      const given = copy(value)
      expect(kept(copy(given))).toEqual(given)
      expect(kept([copy(given), { beside: copy(given) }])).toEqual([given, { beside: given }])
    }),
  )
})

test('what only looks alike is not taken for the same', () => {
  const alike = [
    { a: 1 },
    '{"a":1}',
    { a: '1' },
    { 'a":1,"b': 1 },
    { a: 1, b: 1 },
    [1],
    { 0: 1 },
    [null],
    ['null'],
    [true],
    ['true'],
    [[]],
    [{}],
  ]
  expect(kept(copy(alike))).toEqual(alike)
  for (const one of alike) expect(kept(copy({ one }))).toEqual({ one })
})

test('of equal parts there is one, in one object and in another', () => {
  const port = { name: 'database', port: 5432 }
  const first = kept({ metadata: { name: 'a' }, ports: [{ ...port }, { ...port }] })
  const second = kept({ metadata: { name: 'b' }, ports: [{ ...port }, { ...port }] })
  expect(first.ports[0]).toBe(first.ports[1])
  expect(second.ports).toBe(first.ports)
  expect(second.metadata).not.toEqual(first.metadata)
})

test('what came up once is forgotten, and what comes up again and again is not', () => {
  const often = () => kept({ often: ['again', 'and again'] }).often
  const first = often()
  for (let i = 0; i < 5000; i++) {
    kept({ only: [`once ${i}`] })
    if (i % 500 === 0) expect(often()).toBe(first)
  }
  const once = kept({ list: ['a list that does not come up for long'] }).list
  for (let i = 5000; i < 10_000; i++) kept({ only: [`once ${i}`] })
  expect(kept({ list: ['a list that does not come up for long'] }).list).not.toBe(once)
})

test.each([100_000, 4_000])('what is remembered does not grow with what people write: texts of %d characters', characters => {
  const before = heap()
  for (let i = 0; i < 100_000_000 / characters; i++)
    kept({ annotations: { note: Buffer.from(`${i}`.padEnd(characters)).toString('latin1') } })
  expect(heap() - before).toBeLessThan(10_000_000)
})

test('a file of settings that is the same in two objects is there once', () => {
  const content = 'max_connections = 100\n'.repeat(50)
  const before = heap()
  const all = Array.from({ length: 10_000 }, (_, i) => kept({ name: i, content: Buffer.from(content).toString('latin1') }))
  expect(heap() - before).toBeLessThan(5_000_000)
  expect(all).toHaveLength(10_000)
})

test('all of it is frozen', () => {
  const object = kept({ a: [{ b: { c: 1 } }], long: { text: 'x'.repeat(1000), part: { d: [1] } } })
  const parts = [object, object.a, object.a[0], object.a[0]!.b, object.long, object.long.part, object.long.part.d]
  expect(parts.every(Object.isFrozen)).toBe(true)
})
