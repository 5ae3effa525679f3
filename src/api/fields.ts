/** Field shapes that several kinds share: names, quantities, references, conditions. Every one is bounded and described. */
import { z } from 'zod'
import type { CelRule } from './kind.ts'

const celRules = (...rules: CelRule[]) => ({ 'x-kubernetes-validations': rules })

export const immutable = (field: string): CelRule => ({
  rule: 'self == oldSelf',
  message: `${field} cannot be changed once set (FieldImmutable): give back the old value, or delete the object and create it anew`,
  reason: 'FieldValueForbidden',
})

/** A rule on the parent of an optional field that may be neither changed, added nor removed. */
export const immutableOptional = (field: string): CelRule => ({
  rule: `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`,
  message: `${field} cannot be changed, added or removed (FieldImmutable): give back the old value, or delete the object and create it anew`,
  reason: 'FieldValueForbidden',
  fieldPath: `.${field}`,
})

/** A quantity of bytes greater than 0: "10Gi", or an integer. Always a string once it is read through `String()`. */
export const positiveQuantity = (description: string, ...rules: CelRule[]) =>
  z.union([z.int(), z.string()]).meta({
    description,
    'x-kubernetes-int-or-string': true,
    maxLength: 32,
    ...celRules(
      {
        rule: 'isQuantity(string(self)) && quantity(string(self)).isGreaterThan(quantity("0"))',
        message: 'must be a quantity greater than 0, for example 10Gi (VolumeInvalid)',
      },
      ...rules,
    ),
  })

/** The name of an object of Kubernetes in the same scope or namespace; never one across namespaces. */
export const objectName = (description: string, max = 253) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
    .describe(description)

export const ref = (what: string, max = 253) =>
  z.object({ name: objectName(`Name of the ${what}.`, max) }).describe(`The ${what}, by name.`)

export const withRules = <T extends z.ZodType>(schema: T, ...rules: CelRule[]): T =>
  schema.meta({ ...schema.meta(), ...celRules(...rules) }) as T

/** A list whose entries have a key: merged entry by entry by server-side apply. */
export const mapOf = <T extends z.ZodType>(item: T, key: string, max: number, description: string) =>
  z
    .array(item)
    .max(max)
    .meta({ description, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [key] })

export const setOf = <T extends z.ZodType>(item: T, max: number, description: string) =>
  z.array(item).max(max).meta({ description, 'x-kubernetes-list-type': 'set' })

/** Settings of an engine as people write them: in YAML `ssl: on` is a boolean, and `port: 1` a number. */
export const parameterValues = (description: string) =>
  z
    .record(
      z.string(),
      z
        .union([z.string(), z.number(), z.boolean()])
        .meta({ description: 'The value: a text, a number or a boolean.', 'x-kubernetes-preserve-unknown-fields': true }),
    )
    .meta({ description, maxProperties: 256 })

/** Settings of an engine by name, as the engine itself would print them. */
export const settings = (description: string) => z.record(z.string(), z.string().max(4096)).meta({ description, maxProperties: 512 })

const condition = z.object({
  type: z.string().min(1).max(64).describe('What the condition is about, for example Ready.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  reason: z.string().min(1).max(64).describe('A code: one of docs/reference/faults.md, or the name of a good state.'),
  message: z.string().max(1024).describe('What happened and what to do, for people.'),
  observedGeneration: z.int().min(0).optional().describe('The metadata.generation that this was judged for.'),
  lastTransitionTime: z.iso.datetime().describe('When status last changed.'),
})
export type Condition = z.infer<typeof condition>

export const conditions = mapOf(
  condition,
  'type',
  16,
  'What holds of this object. Ready is always there; Reconciling and Stalled only while true (kstatus).',
)

export const observedGeneration = z
  .int()
  .min(-1)
  .optional()
  .describe('The metadata.generation that this status was made for; -1 until it is looked at for the first time.')

/** The status that catalog kinds share: whether they are good, and how many Instances use them. Tenants can read it, so it names nobody. */
export const catalogStatus = z.object({
  observedGeneration,
  users: z.int().min(0).optional().describe('How many Instances use this object.'),
  conditions: conditions.optional(),
})
