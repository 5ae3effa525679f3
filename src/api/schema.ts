/**
 * zod → the structural schema that a CustomResourceDefinition takes. Fails loudly on anything that would reach the cluster as something else than
 * was written: untyped nodes, look-ahead patterns (API servers use RE2), YAML 1.1 booleans as enum values, fields without a description.
 */
import { z } from 'zod'
import type { CelRule } from './kind.ts'

export interface JsonSchema {
  type?: string
  description?: string
  format?: string
  pattern?: string
  enum?: unknown[]
  default?: unknown
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  maxProperties?: number
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  additionalProperties?: JsonSchema
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-validations'?: CelRule[]
}

/** What YAML 1.1, which kubectl reads, takes for a boolean. */
const yamlBoolean = /^(y|yes|n|no|true|false|on|off)$/i
const safeInteger = 9007199254740991

export class SchemaError extends Error {}

/** Every keyword that a structural schema may carry here. Anything else that zod emits is either handled below or an error. */
const keywords = new Set([
  'type',
  'description',
  'format',
  'pattern',
  'enum',
  'default',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'maxProperties',
  'required',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-type',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
])

export function structuralSchema(schema: z.ZodType, path: string): JsonSchema {
  const raw = z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input', unrepresentable: 'any', reused: 'inline' })
  return rewrite(raw as Record<string, unknown>, path)
}

function rewrite(node: Record<string, unknown>, path: string): JsonSchema {
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(node)) if (keywords.has(key)) out[key] = value
  if (node['x-kubernetes-int-or-string']) {
    // The quantity's two forms are one node for the API server.
    delete out.type
  } else if (node['x-kubernetes-preserve-unknown-fields']) {
    // Text, number or boolean: the API server has no node for that, and the operator judges what it gets.
    delete out.type
  } else if (node.anyOf || node.oneOf || node.allOf || node.not) {
    throw new SchemaError(`${path}: unions are not structural; write one shape`)
  } else if (node.type === undefined) {
    throw new SchemaError(`${path}: a node without a type would be stored unvalidated`)
  }
  if (out.description === undefined && !path.endsWith('[]'))
    throw new SchemaError(`${path}: no description; kubectl explain would show nothing`)
  if (out.type === 'integer') {
    if (out.minimum === -safeInteger) delete out.minimum
    if (out.maximum === safeInteger) delete out.maximum
    out.format = fitsInt32(out) ? 'int32' : 'int64'
  }
  if (out.format === 'date-time') delete out.pattern
  if (typeof out.pattern === 'string' && /\(\?[=!<]/.test(out.pattern)) throw new SchemaError(`${path}: look-around in ${out.pattern}`)
  for (const value of (out.enum as unknown[] | undefined) ?? []) {
    if (typeof value !== 'string') throw new SchemaError(`${path}: enum values are strings, not ${JSON.stringify(value)}`)
    // Condition statuses are Kubernetes' own and nobody writes them in YAML.
    if (yamlBoolean.test(value) && !path.endsWith('conditions[].status'))
      throw new SchemaError(`${path}: enum value ${value} is a boolean in YAML 1.1`)
  }
  if (out.type === 'string' && !out.enum && out.maxLength === undefined && out.format !== 'date-time')
    throw new SchemaError(`${path}: unbounded string`)
  if (node.properties) {
    out.properties = Object.fromEntries(
      Object.entries(node.properties as Record<string, Record<string, unknown>>).map(([name, child]) => [
        name,
        rewrite(child, `${path}.${name}`),
      ]),
    )
  }
  if (node.items) {
    if (out.maxItems === undefined) throw new SchemaError(`${path}: unbounded list`)
    out.items = rewrite(node.items as Record<string, unknown>, `${path}[]`)
  }
  if (out.type === 'object' && !node.properties) {
    if (out.maxProperties === undefined) throw new SchemaError(`${path}: unbounded map`)
    out.additionalProperties = rewrite(node.additionalProperties as Record<string, unknown>, `${path}[]`)
  }
  return out as JsonSchema
}

function fitsInt32(node: Record<string, unknown>): boolean {
  return typeof node.maximum === 'number' && node.maximum <= 2147483647
}
