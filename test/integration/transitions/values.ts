/**
 * Values for a field, from its schema alone: such as the API server takes, and such as it must refuse. A rule for which no value is known that
 * breaks it is an error here, so that every rule of the CRDs is broken by some walk.
 */
import fc from 'fast-check'
import type { JsonSchema } from '../../../src/api/schema.ts'
import { type Field, read } from './schema.ts'

/** The value of this seed. */
export const drawn = <T>(values: fc.Arbitrary<T>, seed: number): T => fc.sample(values, { seed, numRuns: 1 })[0] as T

const mib = 2 ** 20

/** One number of bytes in the ways in which Kubernetes lets it be written. */
export function spellings(bytes: number): (string | number)[] {
  const units: [string, number][] = [
    ['Ki', 2 ** 10],
    ['Mi', mib],
    ['Gi', 2 ** 30],
    ['k', 1e3],
    ['M', 1e6],
    ['G', 1e9],
  ]
  const exact = units.filter(([, factor]) => Number.isInteger((bytes / factor) * 1000)).map(([unit, factor]) => `${bytes / factor}${unit}`)
  return [bytes, String(bytes), `${bytes}000m`, `+${bytes}`, `${bytes / 1000}e3`, `${bytes / 1000}E3`, ...exact]
}

const ipv4 = fc.tuple(fc.nat(0xffffffff), fc.integer({ min: 0, max: 32 })).map(([address, prefix]) => {
  const masked = prefix === 0 ? 0 : (address & (-1 << (32 - prefix))) >>> 0
  return `${[24, 16, 8, 0].map(shift => (masked >>> shift) & 255).join('.')}/${prefix}`
})
const ipv6 = fc
  .tuple(fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([groups, upper]) => `${groups.map(g => (upper ? g.toString(16).toUpperCase() : g.toString(16))).join(':')}::/${groups.length * 16}`)

const times = fc
  .tuple(
    fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
    fc.constantFrom('Z', '.000Z', '+02:00'),
  )
  .map(([date, end]) => date.toISOString().replace(/\.\d+Z$/, end))

/** What the schema takes. */
export function valid(schema: JsonSchema): fc.Arbitrary<unknown> {
  const says = ruleTexts(schema)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema['x-kubernetes-int-or-string']) {
    return fc.tuple(fc.integer({ min: 1024, max: 4096 }), fc.nat()).map(([n, how]) => spellings(n * mib)[how % spellings(n * mib).length])
  }
  switch (schema.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({ min: Math.max(schema.minimum ?? 0, -(2 ** 31)), max: Math.min(schema.maximum ?? 2 ** 31 - 1, 2 ** 31 - 1) })
    case 'string':
      if (schema.format === 'date-time') return times
      if (says.some(rule => rule.includes('isCIDR'))) return fc.oneof(ipv4, ipv6)
      return texts(schema)
    case 'array': {
      const keys = schema['x-kubernetes-list-map-keys']
      const selector = keys === undefined ? (item: unknown) => item : (item: unknown) => JSON.stringify(keys.map(k => (item as never)[k]))
      return fc.uniqueArray(valid(schema.items!), { maxLength: Math.min(4, schema.maxItems ?? 4), selector })
    }
    case 'object': {
      const parts = Object.entries(schema.properties ?? {}).map(([name, child]) => [name, valid(child)])
      return fc.record(Object.fromEntries(parts), { requiredKeys: (schema.required ?? []) as never[] })
    }
    default:
      throw new Error(`no values are known for the type ${schema.type}`)
  }
}

function texts({ pattern, minLength = 0, maxLength = 64 }: JsonSchema): fc.Arbitrary<string> {
  const fits = new RegExp(pattern ?? '', 'u')
  const all = pattern === undefined ? fc.string({ unit: 'grapheme', maxLength }) : fc.stringMatching(new RegExp(pattern))
  // A pattern that only forbids lets in more than the generator thinks of.
  const wild = pattern?.startsWith('^[^') ? fc.oneof(all, fc.string({ unit: 'grapheme', minLength: 1, maxLength })) : all
  return wild.filter(s => s.length >= minLength && [...s].length <= maxLength && fits.test(s))
}

const ruleTexts = (schema: JsonSchema) => (schema['x-kubernetes-validations'] ?? []).map(r => r.rule)

export interface Refusal {
  /** Undefined: the field left out. */
  value: unknown
  /** The field that the refusal names, and what it says of it. */
  at: string
  says: string
}

/** What must be refused of a field whose object has this spec. */
export function refusals(field: Field, spec: unknown): Refusal[] {
  const { schema, required, rules } = field
  const at = field.id.slice(field.kind.length + 1)
  const bySchema = refusedBySchema(schema, at)
  if (required) bySchema.push({ value: undefined, at, says: 'Required value' })
  const current = read(spec, field.steps)
  const byRule = rules.flatMap(({ rule, at }) =>
    breaking(rule.rule, field, current).map(value => ({ value, at, says: rule.message.split(':')[0]! })),
  )
  return [...bySchema, ...byRule]
}

function refusedBySchema(schema: JsonSchema, at: string): Refusal[] {
  const out: Refusal[] = []
  const refuse = (says: string, ...values: unknown[]) => out.push(...values.map(value => ({ value, at, says })))
  if (schema['x-kubernetes-int-or-string']) {
    refuse('must be of type integer,string', true, [])
    return out
  }
  refuse(`must be of type ${schema.format ?? schema.type}`, schema.type === 'object' ? 'text' : {})
  if (schema.enum !== undefined) {
    const near = String(schema.enum[0]).toUpperCase()
    refuse('Unsupported value', 'NoSuch', ...(schema.enum.includes(near) ? [] : [near]))
  } else if (schema.type === 'string') {
    const { pattern, minLength = 0, maxLength } = schema
    if (minLength > 0) refuse('should be at least 1 chars long', '')
    if (maxLength !== undefined && schema.format === undefined) refuse('may not be more than', 'a'.repeat(maxLength + 1))
    if (schema.format === 'date-time') refuse('must be of type date-time', 'yesterday', '2026-13-01T00:00:00Z', '2026-01-01')
    if (pattern !== undefined)
      refuse('should match', ...['-a-', 'a b', 'ä', '\u0001', 'a\n'].filter(s => !new RegExp(pattern, 'u').test(s)))
  } else if (schema.type === 'integer') {
    if (schema.minimum !== undefined) refuse('should be greater than or equal to', schema.minimum - 1)
    if (schema.maximum !== undefined) refuse('should be less than or equal to', schema.maximum + 1)
    refuse('must be of type', 1.5, '1')
  } else if (schema.type === 'array') {
    const one = drawn(valid(schema.items!), 1)
    const many = fc.uniqueArray(valid(schema.items!), {
      minLength: schema.maxItems! + 1,
      maxLength: schema.maxItems! + 1,
      comparator: 'SameValue',
    })
    refuse('must have at most', drawn(many, 1))
    refuse(`Duplicate value`, [one, one])
    if (schema.items!.properties === undefined) {
      const entries = refusedBySchema(schema.items!, `${at}[]`)
      out.push(...entries.map(e => ({ ...e, value: [e.value] })))
    }
  }
  return out
}

/** Values of the field that break the rule. */
function breaking(rule: string, field: Field, current: unknown): unknown[] {
  const another = () =>
    fc.sample(
      valid(field.schema).filter(v => JSON.stringify(v) !== JSON.stringify(current)),
      { seed: 1, numRuns: 2 },
    )
  if (rule.includes('oldSelf.spec.volume.size')) return ['257Mi', 300 * mib]
  if (rule.startsWith('has(self.')) return [...another(), ...(current === undefined ? [] : [undefined])]
  // Of a single value there is no other.
  if (rule === 'self == oldSelf') return field.schema.enum?.length === 1 ? [] : another()
  if (rule.startsWith('isQuantity(')) return ['large', '0', '-1Gi', 0, '10 Gi', '']
  if (rule.includes('isQuantity(') && rule.includes('compareTo(quantity("256Mi"))')) return ['255Mi', 10, '1e3', '100m']
  if (rule.includes('isCIDR(')) return ['10.0.0.0', '10.1.2.3/16', 'fd00::1/8', '10.0.0.0/33', 'localhost/8'].map(cidr => [cidr])
  throw new Error(
    `no value is known that breaks the rule "${rule}" of ${field.id}: add one to breaking() in test/integration/transitions/values.ts`,
  )
}
