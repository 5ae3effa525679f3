/** Datastore: a kind of database that the platform team offers, for example PostgreSQL. */
import { z } from 'zod'
import { catalogStatus, immutable, withRules } from './fields.ts'
import { type ApiObject, defineKind } from './kind.ts'

/** The engines that this operator has. One line here, one in src/engines/operator-engines.ts and one in src/engines/guest-engines.ts per engine. */
export const engines = ['postgresql', 'mysql', 'mariadb', 'percona', 'redis', 'valkey'] as const
export type EngineName = (typeof engines)[number]

/** A version as its DatastoreVersion states it. A string: unquoted 17 or 10.11 in YAML is a number and is refused. */
export const versionString = (description: string) =>
  z
    .string()
    .min(1)
    .max(32)
    .regex(/^[0-9A-Za-z]([-_.0-9A-Za-z]*[0-9A-Za-z])?$/)
    .describe(description)

const spec = z
  .object({
    engine: withRules(
      z
        .enum(engines)
        .describe('The engine that runs this datastore. An engine that this operator does not have is refused (EngineUnknown).'),
      immutable('spec.engine'),
    ),
    defaultVersion: versionString('The version that an Instance gets which states none. Moving it changes nothing that runs.').optional(),
    description: z.string().max(256).optional().describe('For people choosing a datastore.'),
  })
  .describe('What is offered.')

export const datastoreKind = defineKind({
  kind: 'Datastore',
  plural: 'datastores',
  singular: 'datastore',
  shortNames: [],
  scope: 'Cluster',
  description: 'A kind of database that the platform team offers, for example PostgreSQL. Its versions are DatastoreVersions.',
  maxNameLength: 45,
  spec,
  status: catalogStatus.describe('What the operator found.'),
  columns: [
    { name: 'Engine', type: 'string', jsonPath: '.spec.engine' },
    { name: 'Default', type: 'string', jsonPath: '.spec.defaultVersion' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Users', type: 'integer', jsonPath: '.status.users', description: 'How many Instances use it.' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
})

export type DatastoreSpec = z.infer<typeof spec>
export type Datastore = ApiObject<'Datastore', DatastoreSpec, z.infer<typeof catalogStatus>>
