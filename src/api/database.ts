/** Database: one database inside an Instance. */
import { z } from 'zod'
import { conditions, immutable, immutableOptional, observedGeneration, ref, withRules } from './fields.ts'
import { type ApiObject, defineKind } from './kind.ts'

/** An identifier of the engine: any printable text that engines quote; no control characters. Bytes are judged by the engine's rules. */
export const identifier = (description: string, max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u)
    .meta({ description, pattern: '^[^\\x00-\\x1f\\x7f]+$' })

const spec = withRules(
  z
    .object({
      instanceRef: withRules(ref('Instance', 50), immutable('spec.instanceRef')),
      name: withRules(identifier('Name of the database in the engine, at most 57 bytes.', 57), immutable('spec.name')),
      characterSet: z
        .string()
        .min(1)
        .max(32)
        .regex(/^[A-Za-z0-9_-]+$/)
        .optional()
        .describe('Character set, in the engine’s words. Absent: the engine’s default.'),
      collate: z
        .string()
        .min(1)
        .max(64)
        .regex(/^[A-Za-z0-9_.@-]+$/)
        .optional()
        .describe('Collation, in the engine’s words. Absent: the engine’s default.'),
      deletionPolicy: z
        .enum(['Retain', 'Delete'])
        .default('Retain')
        .describe('What becomes of the database when this object is deleted. A retained one comes back with an object of the same name.'),
    })
    .describe('What is asked for.'),
  immutableOptional('characterSet'),
  immutableOptional('collate'),
)

const status = z.object({ observedGeneration, conditions: conditions.optional() }).describe('What the operator found.')

export const databaseKind = defineKind({
  kind: 'Database',
  plural: 'databases',
  singular: 'database',
  shortNames: [],
  scope: 'Namespaced',
  description: 'One database inside an Instance.',
  maxNameLength: 253,
  spec,
  status,
  columns: [
    { name: 'Instance', type: 'string', jsonPath: '.spec.instanceRef.name' },
    { name: 'Name', type: 'string', jsonPath: '.spec.name' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
  selectableFields: ['.spec.instanceRef.name'],
})

export type DatabaseSpec = z.infer<typeof spec>
export type DatabaseStatus = z.infer<typeof status>
export type Database = ApiObject<'Database', DatabaseSpec, DatabaseStatus>
