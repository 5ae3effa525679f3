/** DatabaseUser: one login on an Instance, with its rights, and the binding Secret that an application mounts. */
import { z } from 'zod'
import { identifier } from './database.ts'
import { conditions, immutable, mapOf, observedGeneration, ref, withRules } from './fields.ts'
import { type ApiObject, defineKind } from './kind.ts'

export const privileges = ['Owner', 'ReadWrite', 'ReadOnly'] as const
export type Privilege = (typeof privileges)[number]

export const access = z.object({
  database: identifier('Name of the database in the engine (the spec.name of a Database of the same Instance).', 57),
  privilege: z
    .enum(privileges)
    .describe('Owner may do everything in the database, ReadWrite reads and writes tables, ReadOnly reads them; future tables included.'),
})

/** For engines without databases of names, such as Redis. */
export const privilege = z
  .enum(privileges)
  .describe(
    'What the user may do in the whole Instance, where the engine has no databases: Owner may do all that touches data, ReadWrite reads and writes it, ReadOnly reads it. Absent: nothing but to connect.',
  )

const spec = z
  .object({
    instanceRef: withRules(ref('Instance', 50), immutable('spec.instanceRef')),
    name: withRules(identifier('Name of the login in the engine, at most 63 bytes.', 63), immutable('spec.name')),
    access: mapOf(
      access,
      'database',
      32,
      'What the user may do, database by database. The first one is the `database` of the binding.',
    ).optional(),
    privilege: privilege.optional(),
    passwordGeneration: z
      .int()
      .min(1)
      .max(2147483647)
      .default(1)
      .describe(
        'Raise it to get a new password; a lower value gives a new one as well, never an old one back. A password never changes by itself.',
      ),
  })
  .describe('What is asked for.')

const status = z
  .object({
    observedGeneration,
    binding: z
      .object({ name: z.string().max(253).describe('Name of the Secret in this namespace.') })
      .optional()
      .describe('The Secret with host, port, username, password, database and uri (Service Binding “provisioned service”).'),
    conditions: conditions.optional(),
  })
  .describe('What the operator found.')

export const databaseUserKind = defineKind({
  kind: 'DatabaseUser',
  plural: 'databaseusers',
  singular: 'databaseuser',
  shortNames: ['dbuser'],
  scope: 'Namespaced',
  description: 'One login on an Instance, its rights, and the Secret that an application reads to connect.',
  maxNameLength: 241,
  spec,
  status,
  columns: [
    { name: 'Instance', type: 'string', jsonPath: '.spec.instanceRef.name' },
    { name: 'Name', type: 'string', jsonPath: '.spec.name' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Secret', type: 'string', jsonPath: '.status.binding.name' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
  selectableFields: ['.spec.instanceRef.name'],
})

export type DatabaseUserSpec = z.infer<typeof spec>
export type DatabaseUserStatus = z.infer<typeof status>
export type DatabaseUser = ApiObject<'DatabaseUser', DatabaseUserSpec, DatabaseUserStatus>
