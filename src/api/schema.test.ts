import { expect, test } from 'vitest'
import { z } from 'zod'
import { customResourceDefinition } from './crd.ts'
import { positiveQuantity } from './fields.ts'
import { kinds } from './kinds.ts'
import { structuralSchema } from './schema.ts'

const described = <T extends z.ZodType>(schema: T) => schema.describe('Something.')

test.each([
  ['a field without a description', z.object({ a: z.string().max(5) }).describe('An object.'), 'no description'],
  ['an enum value that YAML 1.1 takes for a boolean', described(z.enum(['On', 'Standby'])), 'boolean in YAML 1.1'],
  ['an unbounded string', described(z.string()), 'unbounded string'],
  ['an unbounded list', described(z.array(z.string().max(5))), 'unbounded list'],
  ['a union', described(z.union([z.string().max(5), z.int()])), 'unions are not structural'],
  [
    'a look-ahead, which the server’s regular expressions lack',
    described(
      z
        .string()
        .max(5)
        .regex(/^(?!a)/),
    ),
    'look-around',
  ],
  ['a shape that JSON Schema cannot say', described(z.bigint()), 'without a type'],
  ['an unbounded map', described(z.record(z.string().max(5), z.string().max(5))), 'unbounded map'],
])('generation fails on %s', (_, schema, words) => {
  expect(() => structuralSchema(schema, 'Kind.spec')).toThrow(words)
})

test('a quantity is int-or-string with its bound', () => {
  const schema = structuralSchema(positiveQuantity('A size.'), 'Kind.spec.size')
  expect(schema).toMatchObject({ 'x-kubernetes-int-or-string': true, maxLength: 32 })
  expect(schema.type).toBeUndefined()
})

test('integers have a format and no bounds of JavaScript’s own', () => {
  expect(structuralSchema(described(z.int().min(1)), 'x')).toEqual({
    type: 'integer',
    description: 'Something.',
    minimum: 1,
    format: 'int64',
  })
  expect(structuralSchema(described(z.int().min(1).max(65535)), 'x')).toMatchObject({ maximum: 65535, format: 'int32' })
})

test.each(kinds.map(k => [k.kind, k] as const))('%s is in the category trove and has a status of its own', (_, kind) => {
  const { spec } = customResourceDefinition(kind) as { spec: { names: { categories: string[] }; versions: { subresources: object }[] } }
  expect(spec.names.categories).toEqual(['trove'])
  expect(spec.versions[0]!.subresources).toEqual({ status: {} })
})
