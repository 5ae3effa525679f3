/** What is measured: of each engine that the cluster's catalog offers, the default version. */
import { type EngineName, engines } from '../../../src/api/datastore.ts'
import type { Cluster } from '../../kind/cluster.ts'
import { kubectl } from '../../kind/install.ts'
import { SetupError } from '../../kind/setup-error.ts'

export interface Subject {
  engine: EngineName
  datastore: string
  version: string
  image: string
}

interface CatalogObject {
  kind: string
  metadata: { name: string }
  spec: { engine?: EngineName; defaultVersion?: string; datastoreRef?: { name: string }; version?: string; image?: string }
}

/** `only` leaves one engine. */
export async function subjectsOf(cluster: Cluster, only?: string): Promise<Subject[]> {
  const text = await kubectl(cluster, ['get', 'datastores.trove.dev,datastoreversions.trove.dev', '-o', 'json'])
  const { items } = JSON.parse(text) as { items: CatalogObject[] }
  const offered = engines.flatMap(engine => {
    const datastore = items.find(({ kind, spec }) => kind === 'Datastore' && spec.engine === engine)
    const name = datastore?.metadata.name
    const found = items.find(
      ({ kind, spec }) =>
        kind === 'DatastoreVersion' && spec.datastoreRef?.name === name && spec.version === datastore?.spec.defaultVersion,
    )
    const { version, image } = found?.spec ?? {}
    return name === undefined || version === undefined || image === undefined ? [] : [{ engine, datastore: name, version, image }]
  })
  const chosen = offered.filter(({ engine }) => only === undefined || engine === only)
  if (chosen.length > 0) return chosen
  throw new SetupError(
    `this cluster's catalog offers no ${only ?? 'engine'}`,
    only && `one of ${offered.map(({ engine }) => engine).join(', ')}`,
  )
}
