import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { OperatorEngine } from '../operator-engine.ts'
import { operatorEngines } from '../operator-engines.ts'
import { checkParameters } from './check.ts'
import { equal } from './equal.ts'
import { memoryOf } from './memory.ts'
import { isOwned, type ParameterCatalogue, type ParameterRule } from './rule.ts'

const mib = 1024 * 1024
const all = Object.values(operatorEngines).flatMap(operator =>
  Object.entries(operator.parameters).map(([version, catalogue]) => ({ engine: operator.engine, version, catalogue, operator })),
)
const size = (version: string, memory: number) => ({ version, flavor: { cpuMillis: 1000, memoryBytes: memory * mib } })
const self = { name: 'shop', role: 'Writer' } as const
const rendered = (operator: OperatorEngine, version: string, parameters: Record<string, string>) =>
  operator.render({ self, members: [self], ...size(version, 1024), parameters })[0]?.content ?? ''
const decimal = z.string().regex(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/)
const shape = z.strictObject({
  name: z.string().min(1),
  type: z.enum(['boolean', 'integer', 'float', 'enum', 'flags', 'string']),
  min: decimal.optional(),
  max: decimal.optional(),
  multipleOf: decimal.optional(),
  step: decimal.optional(),
  percent: decimal.optional(),
  values: z.array(z.string()).min(1).optional(),
  implies: z.record(z.string(), z.string()).optional(),
  unit: z.string().optional(),
  restartRequired: z.boolean(),
  fixed: z.literal(true).optional(),
  aliasOf: z.string().optional(),
  default: z.string().optional(),
})

test.each(all)(
  '$engine $version: rules are of their shape and sorted, each name once, bounds in order, aliases of what is there',
  ({ catalogue }) => {
    const names = catalogue.rules.map(rule => catalogue.notation.name(rule.name))
    expect(names).toEqual([...new Set(names)].sort())
    z.array(shape).parse(catalogue.rules)
    for (const { min, max, type, values, fixed, aliasOf } of catalogue.rules) {
      if (min !== undefined && max !== undefined)
        expect(type === 'integer' ? BigInt(min) <= BigInt(max) : Number(min) <= Number(max)).toBe(true)
      expect((type === 'enum' || type === 'flags') && !fixed).toBe(values !== undefined)
      if (aliasOf !== undefined) expect(names).toContain(aliasOf)
    }
  },
)

test.each(all)('$engine $version: what the server has by itself is accepted and means the same', ({ catalogue }) => {
  const refused = catalogue.rules.flatMap(rule => {
    if (rule.default === undefined || rule.fixed || isOwned(catalogue, rule.name)) return []
    const [value] = Object.values(checkParameters({ [rule.name]: rule.default }, catalogue).parameters)
    return value !== undefined && equal(rule, catalogue.notation, value, rule.default) ? [] : [rule]
  })
  expect(refused).toEqual([])
})

test.each(all)('$engine $version: the defaults of every flavor are settings, as they stand', ({ version, catalogue, operator }) => {
  for (const memory of [256, 512, 1024, 2048, 3072, 16_384, 262_144]) {
    const defaults = operator.defaults(size(version, memory))
    expect(checkParameters(defaults, catalogue)).toEqual({ parameters: { ...defaults }, faults: [] })
  }
})

test.each(all)(
  '$engine $version: what is enforced is all that is set where nothing is asked for, and nobody else can set it',
  ({ version, catalogue, operator }) => {
    const names = Object.keys(operator.enforced)
    const lines = rendered(operator, version, {})
      .split('\n')
      .filter(line => /^[A-Za-z][A-Za-z0-9_-]*[ =]/.test(line))
    expect(lines.length).toBeGreaterThan(3)
    expect(lines).toHaveLength(names.length)
    const values = Object.fromEntries(names.map(name => [name, '1']))
    expect(rendered(operator, version, values)).toBe(rendered(operator, version, {}))
    expect(checkParameters(values, catalogue)).toMatchObject({ parameters: {}, faults: names.map(parameter => ({ parameter })) })
  },
)

test.each(all)(
  '$engine $version: every owned name and pattern is of some version, and so is every durable one and every one that takes memory',
  ({ engine, catalogue }) => {
    const related = all.filter(other => other.catalogue.owned === catalogue.owned).flatMap(other => other.catalogue.rules)
    const names = related.map(rule => catalogue.notation.name(rule.name))
    for (const { name } of catalogue.owned)
      expect(
        names.some(other => (typeof name === 'string' ? name === other : name.test(other))),
        `${engine} ${name}`,
      ).toBe(true)
    for (const { name } of catalogue.durable) {
      expect(names).toContain(name)
      expect(isOwned(catalogue, name)).toBe(false)
    }
    for (const { name, unbounded } of catalogue.memory) {
      expect(related.find(rule => rule.name === name)?.type, name).toBe('integer')
      expect(isOwned(catalogue, name), name).toBe(false)
      if (unbounded !== undefined) expect(memoryOf(catalogue, { [name]: unbounded })).toBe(Number.POSITIVE_INFINITY)
    }
  },
)

test.each(all)('$engine $version: what the defaults take of memory fits into every flavor', ({ version, catalogue, operator }) => {
  for (const memoryBytes of [operator.minimumMemory, 2 ** 30, 2 ** 36]) {
    const bytes = memoryOf(catalogue, operator.defaults({ version, flavor: { cpuMillis: 1000, memoryBytes } }))
    expect(bytes).toBeGreaterThan(catalogue.memory.length === 0 ? -1 : memoryBytes / 50)
    expect(bytes).toBeLessThan(memoryBytes)
  }
})

/** Mostly near to what a rule takes: its values, its bounds, its units, and text that would end a line. */
function written(rule: ParameterRule, { notation }: ParameterCatalogue) {
  const units = ['', ...Object.keys(notation.units(rule)?.named ?? {}), 'x', '%']
  const near = [...(rule.values ?? []), rule.min, rule.max, rule.default].filter(text => text !== undefined)
  return fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom('on', 'OFF', 'yes', 'No', '1', '0', ''),
    fc.tuple(fc.double({ noNaN: true, min: -10, max: 1e6 }), fc.constantFrom(...units)).map(([number, unit]) => `${number}${unit}`),
    fc.tuple(fc.integer({ min: -1, max: 2 ** 31 }), fc.constantFrom(...units)).map(([number, unit]) => `${number} ${unit}`),
    ...(near.length > 0 ? [fc.constantFrom(...near), fc.subarray(near).map(some => some.join(notation.separator))] : []),
    fc.constantFrom('a\nb', 'a\r\n', '\0', "'", '"', '\\', "'; --", 'a # b', '\u2028', '\ud800', ' '),
  )
}

test.each(all)(
  '$engine $version: whatever is written is refused, or becomes one line that means the same again',
  ({ version, catalogue, operator }) => {
    const free = catalogue.rules.filter(rule => !rule.fixed && !isOwned(catalogue, rule.name))
    const lines = rendered(operator, version, {}).split('\n').length
    const setting = fc.constantFrom(...free).chain(rule => fc.record({ rule: fc.constant(rule), value: written(rule, catalogue) }))
    fc.assert(
      fc.property(setting, ({ rule, value }) => {
        const { parameters, faults } = checkParameters({ [rule.name]: value }, catalogue)
        if (faults.length > 0) {
          expect(parameters).toEqual({})
          expect(faults[0]?.why).toMatch(/^must be [^\p{Cc}]*$/u)
          return
        }
        expect(Object.values(parameters).join()).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
        expect(checkParameters(parameters, catalogue)).toEqual({ parameters, faults: [] })
        expect(rendered(operator, version, parameters).split('\n')).toHaveLength(lines + 1)
      }),
      { numRuns: 3000 },
    )
  },
)
