import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identifier, literal } from './quote.ts'

const text = fc.string({ unit: 'binary', maxLength: 63 })
const storable = text.filter(t => !t.includes('\0'))

test('an identifier ends at its last quote only, and reads back as what it was', () => {
  const name = storable.filter(n => n !== '' && Buffer.byteLength(n) <= 63)
  fc.assert(
    fc.property(name, n => {
      const quoted = identifier(n)
      expect(quoted).toMatch(/^"([^"]|"")+"$/su)
      expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(n)
    }),
  )
})

test('a literal ends at its last quote only, and reads back as what it was', () => {
  fc.assert(
    fc.property(storable, t => {
      const quoted = literal(t)
      if (!t.includes('\\')) {
        expect(quoted).toMatch(/^'([^']|'')*'$/su)
        expect(quoted.slice(1, -1).replaceAll("''", "'")).toBe(t)
      } else {
        expect(quoted).toMatch(/^ E'([^'\\]|''|\\\\)*'$/su)
        expect(quoted.slice(3, -1).replaceAll("''", "'").replaceAll('\\\\', '\\')).toBe(t)
      }
    }),
  )
})

test.each([
  ['a NUL', 'a\0b'],
  ['half a surrogate pair', 'a\uD800b'],
])('what PostgreSQL cannot store is refused: %s', (_, hostile) => {
  expect(() => identifier(hostile)).toThrow(RangeError)
  expect(() => literal(hostile)).toThrow(RangeError)
})

test('a name that PostgreSQL would cut is refused', () => {
  expect(identifier('é'.repeat(31))).toBe(`"${'é'.repeat(31)}"`)
  expect(() => identifier('é'.repeat(32))).toThrow(/IdentifierTooLong/)
  expect(() => identifier('')).toThrow(RangeError)
})
