/** Instance: one database server, as a product team asks for it. */
import { z } from 'zod'
import { versionString } from './datastore.ts'
import {
  conditions,
  immutable,
  immutableOptional,
  objectName,
  observedGeneration,
  positiveQuantity,
  ref,
  setOf,
  withRules,
} from './fields.ts'
import { type ApiObject, defineKind } from './kind.ts'

/** Trove's public `status` field, computed on every report. */
export const phases = ['BUILD', 'ACTIVE', 'REBOOT', 'UPGRADE', 'RESTART_REQUIRED', 'SHUTDOWN', 'ERROR'] as const
/** Trove's `operating_status`: what the guest says of its engine. */
export const operatingStatuses = ['NEW', 'BUILDING', 'HEALTHY', 'RESTARTING', 'SHUTDOWN', 'CRASHED', 'FAILED', 'UNKNOWN'] as const
export type Phase = (typeof phases)[number]
export type OperatingStatus = (typeof operatingStatuses)[number]

const spec = withRules(
  z
    .object({
      datastore: z
        .object({
          type: withRules(objectName('Name of the Datastore, for example postgresql.', 45), immutable('spec.datastore.type')),
          version: versionString(
            'The version as its DatastoreVersion states it, quoted: "17". Absent: the Datastore’s default, resolved once, or the version that it has by then. Another one is a version change: a restart at once, if the new version’s upgradeFrom allows it.',
          ).optional(),
        })
        .describe('What to run.'),
      flavorRef: withRules(ref('Flavor', 63), immutable('spec.flavorRef')),
      volume: withRules(
        z
          .object({
            size: positiveQuantity(
              'Size of the data volume, for example 10Gi. It may only grow; a growth that was refused may be taken back.',
              {
                // No engine begins in less, and most who ask for it have forgotten the unit.
                rule: '!isQuantity(string(self)) || quantity(string(self)).compareTo(quantity("256Mi")) >= 0',
                message: 'a database needs 256Mi at least; a number without a unit is bytes (VolumeInvalid)',
              },
            ),
            storageClassName: objectName('StorageClass of the data volume. Absent: the cluster’s default.').optional(),
          })
          .describe('The data volume.'),
        immutableOptional('storageClassName'),
      ),
      configurationRef: ref('ConfigurationGroup')
        .describe(
          'Settings of the engine, shared with other Instances. What can change in a running engine changes at once, the rest at the next restart; nothing restarts by itself. Absent: the defaults.',
        )
        .optional(),
      availabilityZone: z
        .string()
        .min(1)
        .max(63)
        .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/)
        .optional()
        .describe('Zone (topology.kubernetes.io/zone) that the Instance runs in. Absent: any.'),
      access: z
        .object({
          allowedCidrs: setOf(
            withRules(z.string().max(43).describe('A network, for example 10.1.0.0/16.'), {
              rule: 'isCIDR(self) && cidr(self) == cidr(self).masked()',
              message: 'must be a network such as 10.1.0.0/16 or fd00::/8, without bits beyond its prefix',
            }),
            64,
            'Networks that may connect, besides the pods of this namespace.',
          ).optional(),
        })
        .optional()
        .describe('Who may connect, besides the pods of this namespace.'),
      deletionPolicy: z
        .enum(['Delete', 'Retain'])
        .default('Delete')
        .describe(
          'What becomes of the volume and the credentials when the Instance is deleted. Retain keeps both; the last Event says which. A database or user deleted before its Instance, as deleting the whole namespace may do, goes by its own policy.',
        ),
      rootEnabled: z
        .boolean()
        .optional()
        .describe(
          'Whether there is a login `root` with every right that the engine can give, and a Secret `<instance>-root` to use it. May be switched on and off at any time, without a restart; each time that it is switched on it has a new password. Absent: false.',
        ),
      restartRequestedAt: z.iso
        .datetime()
        .max(64)
        .optional()
        .describe(
          'Any new value means one restart: the way to restart from git. A restart takes up the version’s current image and default settings.',
        ),
    })
    .describe('What is asked for.'),
  immutableOptional('availabilityZone'),
)

const status = z
  .object({
    observedGeneration,
    phase: z.enum(phases).optional().describe('Trove’s status.'),
    operatingStatus: z.enum(operatingStatuses).optional().describe('What the guest says of its engine.'),
    datastore: z
      .object({
        type: z.string().max(45).describe('Name of the Datastore.'),
        version: z.string().max(32).describe('The version. While it is changed, the old one until the engine answers with the new one.'),
        upgradingTo: z.string().max(32).optional().describe('The version that it is being changed to.'),
      })
      .optional()
      .describe('What runs.'),
    address: z.string().max(253).optional().describe('Host name to connect to, from anywhere in the cluster.'),
    port: z.int().min(1).max(65535).optional().describe('Port to connect to.'),
    volume: z
      .object({
        claim: z.string().max(253).describe('Name of the volume claim in the guests’ namespace.'),
        claimUID: z
          .string()
          .max(64)
          .optional()
          .describe('UID of the claim, once its volume was initialised. From then on no other volume takes its place.'),
        size: z.string().max(32).optional().describe('Capacity of the volume.'),
        used: z.string().max(8).optional().describe('How full it is, in steps of 5 %.'),
      })
      .optional()
      .describe('The data volume.'),
    configuration: z
      .object({
        hash: z.string().max(64).describe('Hash of the configuration that the engine runs with.'),
        restartRequired: setOf(z.string().max(128).describe('Name of a setting.'), 512, 'Settings that wait for a restart.').optional(),
      })
      .optional()
      .describe('The configuration in force.'),
    root: z
      .object({
        enabled: z.boolean().describe('Whether the engine lets root in.'),
        firstEnabledAt: z.iso
          .datetime()
          .describe('When the engine first had it. Stays for ever: from then on nobody but its users knows what is in this database.'),
        binding: z
          .object({ name: z.string().max(253).describe('Name of the Secret in this namespace.') })
          .optional()
          .describe('The Secret with host, port, username, password, database and uri, while root is enabled.'),
      })
      .optional()
      .describe('The login with every right, from the first time that it was enabled.'),
    fault: z
      .object({
        code: z.string().max(64).describe('One of docs/reference/faults.md.'),
        message: z.string().max(1024).describe('What happened and what to do.'),
        at: z.iso.datetime().describe('When it was first seen.'),
      })
      .optional()
      .describe('The fault that stands between this Instance and ACTIVE, if there is one.'),
    lastRestartRequestedAt: z.string().max(64).optional().describe('The spec.restartRequestedAt that was carried out last.'),
    conditions: conditions.optional(),
  })
  .describe('What the operator found.')

const size = (of: 'self' | 'oldSelf') => `string(${of}.spec.volume.size)`
const hasSize = 'has(self.status) && has(self.status.volume) && has(self.status.volume.size)'
/** Larger than what was asked for, or else at least what there is: a growth that was refused may be taken back. */
const mayOnlyGrow = [
  `quantity(${size('self')}).compareTo(quantity(${size('oldSelf')})) >= 0`,
  `${hasSize} && quantity(${size('self')}).compareTo(quantity(self.status.volume.size)) >= 0`,
].join(' || ')

export const instanceKind = defineKind({
  kind: 'Instance',
  plural: 'instances',
  singular: 'instance',
  shortNames: [],
  scope: 'Namespaced',
  description:
    'One database server: what a product team asks for and gets running, configured, with an address of its own. The pods and volumes behind it live in the guests’ namespace, out of sight.',
  maxNameLength: 50,
  spec,
  status,
  rules: [
    {
      rule: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
      message: 'use at most 50 lower-case letters, digits and hyphens, beginning with a letter and without dots (NameInvalid)',
      fieldPath: '.metadata.name',
    },
    {
      rule: mayOnlyGrow,
      message: 'a volume may only grow (VolumeShrink)',
      messageExpression: `"a volume may only grow (VolumeShrink), not go from " + (${hasSize} ? self.status.volume.size : ${size('oldSelf')}) + " to " + ${size('self')} + ": give back the old size; if no volume has been made yet, delete the Instance and create it with a smaller one"`,
      reason: 'FieldValueForbidden',
      fieldPath: '.spec.volume.size',
    },
  ],
  columns: [
    { name: 'Datastore', type: 'string', jsonPath: '.spec.datastore.type' },
    { name: 'Version', type: 'string', jsonPath: '.status.datastore.version' },
    { name: 'Status', type: 'string', jsonPath: '.status.phase' },
    { name: 'Operating', type: 'string', jsonPath: '.status.operatingStatus' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Flavor', type: 'string', jsonPath: '.spec.flavorRef.name', priority: 1 },
    { name: 'Address', type: 'string', jsonPath: '.status.address', priority: 1 },
    { name: 'Used', type: 'string', jsonPath: '.status.volume.used', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
  selectableFields: [
    '.spec.datastore.type',
    '.spec.flavorRef.name',
    '.spec.configurationRef.name',
    '.status.datastore.version',
    '.status.datastore.upgradingTo',
    '.status.phase',
  ],
})

export type InstanceSpec = z.infer<typeof spec>
export type InstanceStatus = z.infer<typeof status>
export type Instance = ApiObject<'Instance', InstanceSpec, InstanceStatus>
