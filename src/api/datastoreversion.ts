/** DatastoreVersion: one version of a Datastore and the image that runs it. */
import { z } from 'zod'
import { versionString } from './datastore.ts'
import {
  catalogStatus,
  immutable,
  immutableOptional,
  objectName,
  parameterValues,
  positiveQuantity,
  ref,
  setOf,
  withRules,
} from './fields.ts'
import { type ApiObject, defineKind } from './kind.ts'

const spec = withRules(
  z
    .object({
      datastoreRef: withRules(ref('Datastore', 45), immutable('spec.datastoreRef')),
      version: withRules(versionString('The version, as Instances state it. Quote it in YAML: "17".'), immutable('spec.version')),
      image: z
        .string()
        .min(1)
        .max(512)
        .regex(/^[^\s]+$/)
        .describe(
          'The container image, unmodified from its publisher. A change reaches an Instance at the next restart that its user asks for; until then it says RestartPending.',
        ),
      imagePullSecrets: setOf(objectName('Name of a Secret.'), 8, 'Pull secrets in the guests’ namespace, by name.').optional(),
      active: z.boolean().default(true).describe('Whether new Instances may use this version. Running ones are not touched.'),
      allowedFlavors: setOf(
        objectName('Name of a Flavor.'),
        64,
        'The Flavors that Instances of this version may have. Absent: every one.',
      ).optional(),
      defaults: parameterValues(
        'Settings that every Instance of this version has, by name, in the engine’s words. A change reaches the running ones: at once what can change in a running engine, the rest at their next restart.',
      ).optional(),
      upgradeFrom: setOf(
        versionString('A version of the same Datastore.'),
        32,
        'The versions from which Instances may be moved to this one, on the same volume. What the engine cannot do is refused all the same.',
      ).optional(),
      maxVolumeSize: positiveQuantity('The largest volume that an Instance of this version may ask for. Absent: no limit.').optional(),
    })
    .describe('The version and how it is run. Only image, imagePullSecrets, active, defaults and upgradeFrom may change.'),
  immutableOptional('allowedFlavors'),
  immutableOptional('maxVolumeSize'),
)

export const datastoreVersionKind = defineKind({
  kind: 'DatastoreVersion',
  plural: 'datastoreversions',
  singular: 'datastoreversion',
  shortNames: ['dsv'],
  scope: 'Cluster',
  description: 'One version of a Datastore and the image that runs it. Written by the platform team.',
  maxNameLength: 63,
  spec,
  status: catalogStatus.describe('What the operator found.'),
  columns: [
    { name: 'Datastore', type: 'string', jsonPath: '.spec.datastoreRef.name' },
    { name: 'Version', type: 'string', jsonPath: '.spec.version' },
    { name: 'Active', type: 'string', jsonPath: '.spec.active' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
    { name: 'Users', type: 'integer', jsonPath: '.status.users', description: 'How many Instances use it.' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Image', type: 'string', jsonPath: '.spec.image', priority: 1 },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', priority: 1 },
  ],
  selectableFields: ['.spec.datastoreRef.name', '.spec.version'],
})

export type DatastoreVersionSpec = z.infer<typeof spec>
export type DatastoreVersion = ApiObject<'DatastoreVersion', DatastoreVersionSpec, z.infer<typeof catalogStatus>>
