/** Flavor: how much CPU and memory a database server has, as in Nova. */
import { z } from 'zod'
import { catalogStatus, immutable, positiveQuantity, withRules } from './fields.ts'
import { type ApiObject, defineKind } from './kind.ts'

const spec = z
  .object({
    cpu: withRules(
      z
        .string()
        .max(16)
        .regex(/^([1-9][0-9]*m|[1-9][0-9]*(\.[0-9]{1,3})?|0\.([1-9][0-9]{0,2}|0[1-9][0-9]?|00[1-9]))$/)
        .describe('CPU of the database, requested and limited alike: "2" or "500m". Quote it in YAML.'),
      immutable('spec.cpu'),
    ),
    memory: positiveQuantity(
      'Memory of the database, requested and limited alike: 2Gi. The guest agent’s share comes on top.',
      immutable('spec.memory'),
    ),
  })
  .describe('The size.')

export const flavorKind = defineKind({
  kind: 'Flavor',
  plural: 'flavors',
  singular: 'flavor',
  shortNames: [],
  scope: 'Cluster',
  description: 'How much CPU and memory the database of an Instance has. Written by the platform team; immutable.',
  maxNameLength: 63,
  spec,
  status: catalogStatus.describe('What the operator found.'),
  columns: [
    { name: 'CPU', type: 'string', jsonPath: '.spec.cpu' },
    { name: 'Memory', type: 'string', jsonPath: '.spec.memory' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Users', type: 'integer', jsonPath: '.status.users', description: 'How many Instances use it.' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
})

export type FlavorSpec = z.infer<typeof spec>
export type Flavor = ApiObject<'Flavor', FlavorSpec, z.infer<typeof catalogStatus>>
