/**
 * Guest: the whole conversation between operator and guest agent, one per pod, in the guests' namespace. The operator writes spec, all of it,
 * in one place; the agent writes status. Neither ever writes the other's half. Internal: tenants have no rights on it.
 */
import { z } from 'zod'
import { identifier } from './database.ts'
import { access, privilege } from './databaseuser.ts'
import { engines, versionString } from './datastore.ts'
import { mapOf, setOf, settings } from './fields.ts'
import { operatingStatuses } from './instance.ts'
import { type ApiObject, defineKind } from './kind.ts'

const ensure = z.enum(['Present', 'Absent']).describe('What must be. Absence from the list never drops anything.')

const database = z.object({
  name: identifier('Name in the engine.', 57),
  ensure,
  characterSet: z.string().max(32).optional().describe('Character set, in the engine’s words.'),
  collate: z.string().max(64).optional().describe('Collation, in the engine’s words.'),
})

const user = z.object({
  name: identifier('Name in the engine.', 63),
  ensure,
  passwordRevision: z
    .string()
    .max(64)
    .regex(/^[-a-z0-9]*$/)
    .describe('Key in the guest’s Secret that holds the password. A new password has a new key.'),
  access: mapOf(access, 'database', 32, 'Rights, database by database.').optional(),
  privilege: privilege.optional(),
})

const root = z.object({
  ensure: z.enum(['Present', 'Absent']).describe('What must be.'),
  passwordRevision: z
    .string()
    .max(64)
    .regex(/^root-[1-9][0-9]*$/)
    .describe('Key in the guest’s Secret that holds the password. Each time that root is switched on it is the next.'),
})

const hash = z.string().max(64).describe('Hash of the files.')

const files = mapOf(
  z.object({
    name: z
      .string()
      .max(64)
      .regex(/^[a-z][a-z0-9._-]*$/)
      .describe('File name.'),
    content: z.string().max(65536).describe('The whole file.'),
  }),
  'name',
  8,
  'The files, rendered.',
)

const layers = z
  .object({
    defaults: settings('What the default formulas gave. Moves only at a restart that the user asked for.'),
    version: settings('What the DatastoreVersion sets.').optional(),
    group: settings('What the ConfigurationGroup sets.').optional(),
  })
  .describe('What the files were made of, each as it was last accepted; what comes later is laid over what came before.')

const configuration = z.object({
  hash,
  formulas: z
    .int()
    .min(1)
    .describe('Revision of the default formulas that they were made with. Moves only at a restart that the user asked for.'),
  files,
  layers,
  lastGood: z
    .object({ hash, files })
    .optional()
    .describe(
      'What the engine last started and answered with, where that is another: taken if it refuses to start with this one. Where nobody knows of any, the default formulas of its version alone.',
    ),
})

const spec = z
  .object({
    instance: z
      .object({
        namespace: z.string().max(63).describe('The tenant’s namespace.'),
        name: z.string().max(50).describe('Name of the Instance.'),
        uid: z.string().max(64).describe('UID of the Instance.'),
      })
      .describe('The Instance that this guest serves.'),
    datastore: z.string().max(45).describe('Name of the Datastore, decided once.'),
    engine: z.enum(engines).describe('The engine, decided once.'),
    version: versionString('The version. Moves only between two pods, when the user asked for another.'),
    upgradeFrom: versionString(
      'While the version is being changed: the one that the data may still have, and may be moved from. Gone once the agent says that it is done.',
    ).optional(),
    image: z.string().max(512).describe('The engine’s image. Moves only at a restart that the user asked for.'),
    imageDigest: z
      .string()
      .max(71)
      .regex(/^sha256:[0-9a-f]{64}$/)
      .optional()
      .describe('What the image was when its pod first ran: a pod that is made again runs the same, whatever the tag means by then.'),
    imagePullSecrets: setOf(z.string().max(253).describe('Name of a Secret.'), 8, 'Pull secrets of the image.').optional(),
    flavor: z
      .object({
        name: z.string().max(63).describe('Name of the Flavor.'),
        cpu: z.string().max(16).describe('CPU of the database.'),
        memory: z.string().max(32).describe('Memory of the database.'),
      })
      .describe('The size, decided once.'),
    availabilityZone: z.string().max(63).optional().describe('Zone that the pod runs in, decided once.'),
    volume: z
      .object({
        claimUID: z
          .string()
          .max(64)
          .optional()
          .describe('UID of the claim once its volume was initialised. From then on the volume is never initialised again.'),
      })
      .describe('The data volume.'),
    configuration: configuration.describe('The engine’s configuration.'),
    databases: mapOf(database, 'name', 200, 'Databases that must be there or must not.').optional(),
    users: mapOf(user, 'name', 500, 'Users that must be there or must not.').optional(),
    root: root.optional().describe('The login with every right, once it was asked for.'),
  })
  .describe('The whole desired state of one guest. Written by the operator only.')

const outcome = {
  state: z.enum(['Ready', 'Absent', 'Failed']).describe('How far it came.'),
  code: z.string().max(64).optional().describe('The fault, if it failed.'),
  message: z.string().max(1024).optional().describe('The engine’s own words, if it failed.'),
}

const fault = z.object({
  code: z.string().max(64).describe('The fault.'),
  message: z.string().max(1024).describe('What the agent or the engine says of it.'),
})

const status = z
  .object({
    podUID: z.string().max(64).optional().describe('UID of the pod that reports. The operator believes only the live pod’s.'),
    observedGeneration: z.int().min(0).optional().describe('The metadata.generation that this status was made for.'),
    agent: z
      .object({
        version: z.string().max(64).describe('Version of the agent.'),
        startedAt: z
          .string()
          .max(20)
          .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/)
          .optional()
          .describe(
            'When this agent was started, by its node’s clock, in whole seconds: tells a report of its own from one of an agent before it.',
          ),
        capabilities: setOf(z.string().max(64).describe('A capability.'), 64, 'What this agent can do.'),
      })
      .optional()
      .describe('The agent that reports.'),
    operatingStatus: z.enum(operatingStatuses).optional().describe('What the agent says of its engine.'),
    step: z.string().max(64).optional().describe('What the agent is doing, while it is not HEALTHY.'),
    fault: fault.optional().describe('What stands between this guest and HEALTHY.'),
    engine: z
      .object({
        version: z.string().max(64).optional().describe('The engine’s own version.'),
        startedAt: z.string().max(64).optional().describe('When the engine was started.'),
        startedWith: z
          .string()
          .max(64)
          .optional()
          .describe(
            'Hash of the configuration that an engine of this version was last started with and answered. It outlives the engine and the pod.',
          ),
        lastExit: z
          .object({
            code: z.int().describe('Exit status, 128+n for signal n.'),
            at: z.string().max(64).describe('When.'),
          })
          .optional()
          .describe('How it ended last without being asked to.'),
      })
      .optional()
      .describe('Facts of the engine.'),
    configuration: z
      .object({
        hash: z.string().max(64).describe('What is in force, but for what waits for a restart.'),
        restartRequired: setOf(z.string().max(128).describe('Name of a setting.'), 512, 'Settings that wait for a restart.').optional(),
        refused: z.string().max(64).optional().describe('What the engine did not start with.'),
        refusedRun: z
          .object({
            startedAt: z.string().max(64).describe('When it was started.'),
            endedAt: z.string().max(64).describe('When it had ended.'),
          })
          .optional()
          .describe('The run in which it did not, by its node’s clock: what the engine’s log has of that time says why.'),
        fault: fault.optional().describe('Why what is asked for is not in force.'),
      })
      .optional()
      .describe(
        'The configuration that the engine runs with. Absent where that is not known: no engine has answered, or a change is being undone.',
      ),
    volume: z
      .object({
        initialised: z.boolean().describe('Whether the volume bears this Instance’s marker.'),
        version: z
          .string()
          .max(32)
          .optional()
          .describe('The version that the data was last started with, by the marker on the volume. It never goes back.'),
        usedPercent: z.int().min(0).max(100).optional().describe('How full it is, in steps of 5.'),
      })
      .optional()
      .describe('The data volume.'),
    databases: mapOf(z.object({ name: z.string().max(57).describe('Name.'), ...outcome }), 'name', 200, 'Result per database.').optional(),
    users: mapOf(
      z.object({
        name: z.string().max(63).describe('Name.'),
        passwordRevision: z.string().max(64).optional().describe('The password that the engine has.'),
        ...outcome,
      }),
      'name',
      500,
      'Result per user.',
    ).optional(),
    root: z
      .object({ passwordRevision: z.string().max(64).describe('What the result is of.'), ...outcome })
      .optional()
      .describe('What became of the login with every right.'),
  })
  .describe('What the agent found. Written by the agent only; hostile input for everybody else.')

export const guestKind = defineKind({
  kind: 'Guest',
  plural: 'guests',
  singular: 'guest',
  shortNames: [],
  scope: 'Namespaced',
  description:
    'The conversation between the operator and the guest agent of one pod. Internal: lives in the guests’ namespace, where tenants have no rights.',
  maxNameLength: 63,
  spec,
  status,
  columns: [
    { name: 'Namespace', type: 'string', jsonPath: '.spec.instance.namespace' },
    { name: 'Instance', type: 'string', jsonPath: '.spec.instance.name' },
    { name: 'Engine', type: 'string', jsonPath: '.spec.engine' },
    { name: 'Operating', type: 'string', jsonPath: '.status.operatingStatus' },
    { name: 'Step', type: 'string', jsonPath: '.status.step' },
    { name: 'Fault', type: 'string', jsonPath: '.status.fault.code' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
})

export type GuestSpec = z.infer<typeof spec>
export type GuestStatus = z.infer<typeof status>
export type Guest = ApiObject<'Guest', GuestSpec, GuestStatus>
export type GuestDatabase = z.infer<typeof database>
export type GuestUser = z.infer<typeof user>
export type GuestRoot = z.infer<typeof root>
export type GuestConfiguration = z.infer<typeof configuration>
/** Files to start the engine with, and their hash. */
export type GuestSettings = Pick<GuestConfiguration, 'hash' | 'files'>
export type Layers = z.infer<typeof layers>
