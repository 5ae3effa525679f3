/** A kind's definition → its CustomResourceDefinition manifest. */
import type { z } from 'zod'
import { GROUP, type KindDefinition, VERSION } from './kind.ts'
import { type JsonSchema, structuralSchema } from './schema.ts'

/**
 * What the API server says of an object with conditions until the operator has written the first ones. kstatus (Flux, Helm, kpt) takes an object
 * with no status at all for one that is done; one whose generation was not observed is in progress.
 */
const unseen = { observedGeneration: -1 }

export function customResourceDefinition(kind: KindDefinition<z.ZodType, z.ZodType>): Record<string, unknown> {
  const name: JsonSchema = { type: 'string', maxLength: kind.maxNameLength }
  const status = structuralSchema(kind.status, `${kind.kind}.status`)
  const openAPIV3Schema = {
    type: 'object',
    description: kind.description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: 'trove.dev/v1alpha1.' },
      kind: { type: 'string', description: `${kind.kind}.` },
      metadata: { type: 'object', properties: { name } },
      spec: structuralSchema(kind.spec, `${kind.kind}.spec`),
      status: { ...status, ...(status.properties?.conditions && { default: unseen }) },
    },
    ...(kind.rules && { 'x-kubernetes-validations': kind.rules }),
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${GROUP}`, labels: { 'app.kubernetes.io/part-of': 'trove' } },
    spec: {
      group: GROUP,
      scope: kind.scope,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        categories: ['trove'],
        ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema },
          subresources: { status: {} },
          additionalPrinterColumns: kind.columns.map(c => ({ ...c })),
          ...(kind.selectableFields && { selectableFields: kind.selectableFields.map(jsonPath => ({ jsonPath })) }),
        },
      ],
    },
  }
}
