/** The walks follow from the CRDs: no field and no rule of theirs is left out, and whoever adds one is told what is owed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { firstSpecs } from './begin.ts'
import { allFields, allMoves, deal, requireStatements, walkOf } from './plan.ts'
import { fieldsOf, rulesOf, schemaOf, walkedKinds } from './schema.ts'
import { statements } from './statements/table.ts'
import { refusals } from './values.ts'

test('the table has an entry for each field, and for nothing else', () => {
  expect(Object.keys(statements).sort()).toEqual([...allFields.keys()].sort())
})

test('a field that is new in a CRD is asked for by name, wherever it is', () => {
  const root = structuredClone(schemaOf('DatabaseUser'))
  const text = { type: 'string', maxLength: 8 }
  root.properties!.spec!.properties!.connectionLimit = { type: 'integer' }
  root.properties!.spec!.properties!.access!.items!.properties!.grants = { type: 'array', maxItems: 8, items: text }
  const message =
    'nothing says what DatabaseUser.spec.access[].grants, DatabaseUser.spec.connectionLimit must reach: add an entry to test/integration/transitions/statements/'
  expect(() => requireStatements(fieldsOf('DatabaseUser', root).map(f => f.id))).toThrow(message)
})

test.each(walkedKinds)('every rule of %s is broken by some value of some field', kind => {
  // Of an engine there is one so far, so that it cannot be changed to another.
  const unbreakable = (field: { schema: { enum?: unknown[] } }) => field.schema.enum?.length === 1
  const root = schemaOf(kind)
  const fields = fieldsOf(kind, root)
  for (const { rule } of rulesOf(root)) {
    const concerned = fields.filter(f => f.rules.some(r => r.rule === rule))
    expect(concerned, rule.rule).not.toEqual([])
    const broken = concerned.flatMap(f => refusals(f, {}).filter(r => rule.message.startsWith(r.says)))
    expect(broken.length > 0 || concerned.every(unbreakable), rule.rule).toBe(true)
  }
})

test('a rule of a kind that nobody knows how to break is an error', () => {
  const root = structuredClone(schemaOf('Flavor'))
  root.properties!.spec!.properties!.cpu!['x-kubernetes-validations'] = [{ rule: 'self.endsWith("m")', message: 'must end with m' }]
  const cpu = fieldsOf('Flavor', root).find(f => f.id === 'Flavor.spec.cpu')!
  expect(() => refusals(cpu, {})).toThrow('no value is known that breaks the rule "self.endsWith("m")" of Flavor.spec.cpu')
})

test('the same seed deals the same walks, with every move in one of them', () => {
  const moves = allMoves(2)
  expect(deal(moves, 7, 10)).toEqual(deal(moves, 7, 10))
  expect(deal(moves, 7, 10)).not.toEqual(deal(moves, 8, 10))
  expect(new Set(deal(moves, 7, 10).flat())).toEqual(new Set(moves))
  const specs = (name: string) => JSON.stringify(firstSpecs({ namespace: 'team', name }, 7)).replaceAll(name, 'x')
  expect(specs('w0001')).toBe(specs('w0002'))
  const drawn = () => fc.sample(walkOf(moves.slice(0, 10)), { seed: 7, numRuns: 3 })
  expect(drawn()).toEqual(drawn())
})
