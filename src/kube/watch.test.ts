import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isExpired } from './errors.ts'
import { lines, parseEvent } from './watch.ts'

async function* cut(text: Buffer, sizes: number[]) {
  let from = 0
  for (const size of sizes) {
    yield text.subarray(from, from + size)
    from += size
  }
  yield text.subarray(from)
}

const collect = async (chunks: AsyncIterable<Buffer>) => {
  const all: string[] = []
  for await (const line of lines(chunks)) all.push(line)
  return all
}

test('however a stream is cut into chunks, even within a character, its lines come out whole', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 }).map(s => s.replaceAll('\n', ' '))
  await fc.assert(
    fc.asyncProperty(fc.array(text), fc.array(fc.nat(7), { maxLength: 40 }), async (given, sizes) => {
      const whole = Buffer.from(given.map(line => `${line}\n`).join(''))
      expect(await collect(cut(whole, sizes))).toEqual(given)
    }),
  )
})

test('half a line at the end of a broken stream is no event', async () => {
  expect(await collect(cut(Buffer.from('{"a":1}\n{"b":'), []))).toEqual(['{"a":1}'])
})

const metadata = { name: 'a', uid: 'u', resourceVersion: '7' }

test('an event carries its object, a bookmark its version and whether the initial events end there', () => {
  const object = { apiVersion: 'v1', kind: 'T', metadata }
  expect(parseEvent(JSON.stringify({ type: 'ADDED', object }))).toEqual({ type: 'ADDED', object })
  const bookmark = (annotations?: object) =>
    parseEvent(JSON.stringify({ type: 'BOOKMARK', object: { metadata: { ...metadata, annotations } } }))
  expect(bookmark()).toEqual({ type: 'BOOKMARK', resourceVersion: '7', initialEventsEnd: false })
  expect(bookmark({ 'k8s.io/initial-events-end': 'true' })).toMatchObject({ initialEventsEnd: true })
})

test('an error within the stream is thrown with its status', () => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (2199)' }
  const parse = () => parseEvent(JSON.stringify({ type: 'ERROR', object: status }))
  expect(parse).toThrow('too old resource version')
  let thrown: unknown
  try {
    parse()
  } catch (error) {
    thrown = error
  }
  expect(isExpired(thrown)).toBe(true)
})

test('an event of a type that we do not know is an error, not silence', () => {
  expect(() => parseEvent('{"type":"RENAMED","object":{}}')).toThrow('unknown type "RENAMED"')
})
