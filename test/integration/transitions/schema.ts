/**
 * The fields of our kinds as the generated CRDs have them: what may be said in each, and which rules hold for it. Read from the YAML that a cluster
 * is given, so that a field which somebody adds is found here without anybody's doing.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as yaml from 'js-yaml'
import type { CelRule } from '../../../src/api/kind.ts'
import type { JsonSchema } from '../../../src/api/schema.ts'

export const walkedKinds = [
  'Instance',
  'ConfigurationGroup',
  'Database',
  'DatabaseUser',
  'Datastore',
  'DatastoreVersion',
  'Flavor',
] as const
export type WalkedKind = (typeof walkedKinds)[number]

export interface Field {
  kind: WalkedKind
  /** As the table of statements names it: `DatabaseUser.spec.access[].privilege`. */
  id: string
  /** From the spec on; `[]` is an entry of a list. */
  steps: readonly string[]
  schema: JsonSchema
  required: boolean
  /** Every rule that a value of this field can break, and the field that the refusal then names. */
  rules: readonly { rule: CelRule; at: string }[]
}

const crds = join(import.meta.dirname, '../../../crds')

interface Crd {
  spec: { versions: [{ schema: { openAPIV3Schema: JsonSchema } }] }
}

export function schemaOf(kind: WalkedKind): JsonSchema {
  const file = join(crds, `trove.dev_${kind.toLowerCase()}s.yaml`)
  return (yaml.load(readFileSync(file, 'utf8')) as Crd).spec.versions[0].schema.openAPIV3Schema
}

type PlacedRule = Field['rules'][number] & { node: string }

/** Every rule of a kind but those on its name, with the path of the node that it stands on. */
export function rulesOf(root: JsonSchema): PlacedRule[] {
  const found: PlacedRule[] = []
  const visit = (node: JsonSchema, path: string) => {
    for (const rule of node['x-kubernetes-validations'] ?? []) {
      const at = `${path}${(rule as { fieldPath?: string }).fieldPath ?? ''}`.replace(/^\./, '')
      if (!at.startsWith('metadata')) found.push({ rule, at, node: path })
    }
    for (const [name, child] of Object.entries(node.properties ?? {}))
      if (name !== 'status') visit(child, `${path}.${name}`.replace(/^\./, ''))
    if (node.items !== undefined) visit(node.items, `${path}[]`)
  }
  visit(root, '')
  return found
}

/** Scalars, lists, and objects that may be left out. What a list of scalars holds is the list's own matter. */
export function fieldsOf(kind: WalkedKind, root = schemaOf(kind)): Field[] {
  const rules = rulesOf(root)
  const spec = root.properties!.spec!
  const fields: Field[] = []
  const visit = (node: JsonSchema, steps: readonly string[], required: boolean) => {
    const path = ['spec', ...steps].join('.').replaceAll('.[]', '[]')
    if (node.properties === undefined || !required) {
      fields.push({ kind, id: `${kind}.${path}`, steps, schema: node, required, rules: rules.filter(r => concerns(r, path)) })
    }
    for (const [name, child] of Object.entries(node.properties ?? {}))
      visit(child, [...steps, name], node.required?.includes(name) ?? false)
    for (const [name, child] of Object.entries(node.items?.properties ?? {})) {
      visit(child, [...steps, '[]', name], node.items?.required?.includes(name) ?? false)
    }
  }
  for (const [name, child] of Object.entries(spec.properties!)) {
    visit(child, [name], spec.required?.includes(name) ?? false)
  }
  return fields
}

/** A rule concerns what it names; one that compares its node as a whole concerns everything in it. */
function concerns({ rule, at, node }: PlacedRule, path: string): boolean {
  if (rule.rule === 'self == oldSelf') return path === node || path.startsWith(`${node}.`)
  const named = [...rule.rule.matchAll(/\bself((?:\.\w+)+)(?!\w*\()/g)].map(m => `${node}${m[1]}`.replace(/^\./, ''))
  if (named.length > 0) return named.includes(path)
  return at === path || at === `${path}[]`
}

type Json = Record<string, unknown>

/** What a spec has in a field; of a list's entries the first one's. */
export function read(spec: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>((at, step) => (step === '[]' ? (at as unknown[] | undefined)?.[0] : (at as Json | undefined)?.[step]), spec)
}

/** A copy with the field changed, or without it where `value` is undefined. An entry that is not there begins as `entry`. */
export function put(spec: unknown, steps: readonly string[], value: unknown, entry: unknown = {}): unknown {
  const [step, ...rest] = steps
  if (step === undefined) return value
  if (step === '[]') {
    const [first = entry, ...others] = (spec as unknown[] | undefined) ?? []
    return [put(first, rest, value, entry), ...others]
  }
  const { [step]: old, ...others } = (spec ?? {}) as Json
  const changed = put(old, rest, value, entry)
  return changed === undefined ? others : { ...others, [step]: changed }
}
