/**
 * What a kind of this API is made of: names, schemas, printer columns and rules, written once. CRDs, TypeScript types, defaults and
 * the reference docs all come from it (src/api/generate.ts).
 */
import type { z } from 'zod'

export const GROUP = 'trove.dev'
export const VERSION = 'v1alpha1'
export const API_VERSION = `${GROUP}/${VERSION}` as const

/** A CEL rule of the server (x-kubernetes-validations). https://kubernetes.io/docs/reference/using-api/cel/ */
export interface CelRule {
  rule: string
  message: string
  messageExpression?: string
  reason?: 'FieldValueInvalid' | 'FieldValueForbidden'
  fieldPath?: string
}

export interface PrinterColumn {
  name: string
  type: 'string' | 'integer' | 'date'
  jsonPath: string
  /** 0 is always shown, 1 only with `-o wide`. */
  priority?: 0 | 1
  description?: string
}

export interface KindDefinition<Spec extends z.ZodType, Status extends z.ZodType> {
  kind: string
  plural: string
  singular: string
  shortNames: readonly string[]
  scope: 'Cluster' | 'Namespaced'
  /** What it is and who writes it: the first thing `kubectl explain` shows. */
  description: string
  /** The longest name the server takes, in bytes. */
  maxNameLength: number
  spec: Spec
  status: Status
  /** Rules on the whole object. */
  rules?: readonly CelRule[]
  columns: readonly PrinterColumn[]
  selectableFields?: readonly string[]
}

export function defineKind<Spec extends z.ZodType, Status extends z.ZodType>(
  definition: KindDefinition<Spec, Status>,
): KindDefinition<Spec, Status> {
  return definition
}

/** The object as it is on the wire. Structurally a KubeObject of src/kube, which this folder does not import. */
export interface ApiObject<Kind extends string, Spec, Status> {
  apiVersion: typeof API_VERSION
  kind: Kind
  metadata: {
    name: string
    namespace?: string
    uid: string
    resourceVersion: string
    generation?: number
    creationTimestamp?: string
    deletionTimestamp?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    finalizers?: string[]
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean; blockOwnerDeletion?: boolean }[]
  }
  spec: Spec
  status?: Status
}
