/** ConfigurationGroup: settings of an engine that a product team shares among its Instances. */
import { z } from 'zod'
import { versionString } from './datastore.ts'
import { conditions, immutable, objectName, observedGeneration, parameterValues, withRules } from './fields.ts'
import { type ApiObject, defineKind } from './kind.ts'

const spec = z
  .object({
    datastore: z
      .object({
        type: withRules(objectName('Name of the Datastore, for example postgresql.', 45), immutable('spec.datastore.type')),
        version: versionString(
          'The version that the settings are for, quoted: "17". Only Instances of it may use the group then. Absent: the settings must suit every active version of the Datastore.',
        ).optional(),
      })
      .describe('What the settings are for.'),
    values: parameterValues(
      'The settings by name, in the engine’s words: texts, numbers or booleans. What Trove sets itself, such as ports and directories, is not among them.',
    ),
    description: z.string().max(1024).optional().describe('For people.'),
  })
  .describe('What is asked for.')

const status = z
  .object({
    observedGeneration,
    instances: z
      .object({
        total: z.int().min(0).describe('How many Instances refer to the group.'),
        applied: z.int().min(0).describe('How many run with all of it.'),
        restartRequired: z.int().min(0).describe('How many wait for a restart.'),
        failed: z.int().min(0).describe('How many cannot take it: their condition ConfigurationApplied says why.'),
      })
      .optional()
      .describe('The Instances that refer to the group. Those in none of the three last counts are on their way.'),
    conditions: conditions.optional(),
  })
  .describe('What the operator found.')

export const configurationGroupKind = defineKind({
  kind: 'ConfigurationGroup',
  plural: 'configurationgroups',
  singular: 'configurationgroup',
  shortNames: [],
  scope: 'Namespaced',
  description:
    'Settings of an engine that Instances of the same namespace share. A change reaches all of them: at once what can change in a running engine, the rest at their next restart.',
  maxNameLength: 253,
  spec,
  status,
  columns: [
    { name: 'Datastore', type: 'string', jsonPath: '.spec.datastore.type' },
    { name: 'Version', type: 'string', jsonPath: '.spec.datastore.version' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Instances', type: 'integer', jsonPath: '.status.instances.total' },
    { name: 'Applied', type: 'integer', jsonPath: '.status.instances.applied' },
    { name: 'Restart', type: 'integer', jsonPath: '.status.instances.restartRequired' },
    { name: 'Failed', type: 'integer', jsonPath: '.status.instances.failed' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
  selectableFields: ['.spec.datastore.type'],
})

export type ConfigurationGroupSpec = z.infer<typeof spec>
export type ConfigurationGroupStatus = z.infer<typeof status>
export type ConfigurationGroup = ApiObject<'ConfigurationGroup', ConfigurationGroupSpec, ConfigurationGroupStatus>
