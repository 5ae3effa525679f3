/** The objects that tests apply, as short as a product team would write them. */

/** Fast enough that tests need not wait for initdb, small enough that several fit on the node at once. */
export const flavor = {
  apiVersion: 'trove.dev/v1alpha1',
  kind: 'Flavor',
  metadata: { name: 'e2e' },
  spec: { cpu: '250m', memory: '256Mi' },
}

export const instance = (name: string, namespace: string, spec: object = {}) => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind: 'Instance',
  metadata: { name, namespace },
  spec: { datastore: { type: 'postgresql' }, flavorRef: { name: flavor.metadata.name }, volume: { size: '1Gi' }, ...spec },
})

export const database = (name: string, namespace: string, instanceName: string, spec: object = {}) => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind: 'Database',
  metadata: { name, namespace },
  spec: { instanceRef: { name: instanceName }, name, ...spec },
})

export const user = (name: string, namespace: string, instanceName: string, access: Record<string, string>, spec: object = {}) => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind: 'DatabaseUser',
  metadata: { name, namespace },
  spec: {
    instanceRef: { name: instanceName },
    name,
    access: Object.entries(access).map(([db, privilege]) => ({ database: db, privilege })),
    ...spec,
  },
})

export const datastoreVersion = (name: string, version: string, image: string, spec: object = {}) => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind: 'DatastoreVersion',
  metadata: { name },
  spec: { datastoreRef: { name: 'postgresql' }, version, image, ...spec },
})

/** Names in an engine that would end a statement, a shell's word or a URI that does not quote them. */
export const hostileNames = [
  `o'brien`,
  `"; drop table x; --`,
  `back\\slash`,
  `{curly} $dollar %s`,
  `ünïcode ☃`,
  `UPPER lower`,
  `select`,
  `a.b/c@d:e?f#g`,
]
