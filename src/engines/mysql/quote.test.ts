import fc from 'fast-check'
import { expect, test } from 'vitest'
import { account, filled, identifier, literal, pattern } from './quote.ts'

const text = fc.string({ unit: 'grapheme' }).filter(t => !t.includes('\0') && t.isWellFormed())

test('whatever a name or a text holds, it ends where its quotes end', () => {
  fc.assert(
    fc.property(text, value => {
      expect(identifier(value).slice(1, -1).replaceAll('``', '')).not.toContain('`')
      expect(literal(value).slice(1, -1).replaceAll("''", '')).not.toContain("'")
      expect(identifier(value).slice(1, -1).replaceAll('``', '`')).toBe(value)
      expect(literal(value).slice(1, -1).replaceAll("''", "'")).toBe(value)
    }),
  )
})

test('a statement has each text in its place, whatever is in it', () => {
  expect(filled('a = ? and b in (?, ?)', ["?'", '$&\\', ''])).toBe("a = '?''' and b in ('$&\\', '')")
  expect(filled('select 1', [])).toBe('select 1')
  for (const texts of [[], ['a', 'b']]) expect(() => filled('a = ?', texts)).toThrow(RangeError)
})

test('an account is for every host', () => expect(account("a'@'b")).toBe("'a''@''b'@'%'"))

test('a pattern stands for the one name', () => {
  expect(pattern('a_c%d\\e')).toBe('a\\_c\\%d\\\\e')
  fc.assert(
    fc.property(text, name => {
      expect(pattern(name).replace(/\\(.)/gsu, '$1')).toBe(name)
    }),
  )
})

test('what no statement can hold is refused', () => {
  for (const bad of ['a\0b', '\ud800']) for (const quote of [identifier, literal]) expect(() => quote(bad)).toThrow(RangeError)
})
