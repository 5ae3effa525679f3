/** What is put to the test: every version that a catalog of this repository offers, and those of its official one that cannot be had here. */
import { loadAll } from 'js-yaml'
import { render } from '../../kind/install.ts'
import type { Obj } from '../world.ts'
import { cluster } from '../world.ts'

export interface Subject {
  engine: string
  datastore: string
  version: string
  image: string
}

/** `all` runs every version, otherwise the default one of each datastore. `engine` limits it to one. */
export async function subjects(o: {
  all: boolean
  engine?: string | undefined
  official: boolean
}): Promise<{ proven: Subject[]; unproven: Subject[] }> {
  const official = await offered('deploy/catalog')
  const here = o.official || (await cluster()).registry ? official : await offered('deploy/catalog-debian')
  const isMeant = (s: Offered) => (o.all || s.isDefault) && (o.engine === undefined || s.engine === o.engine)
  const has = ({ datastore, version }: Subject) => here.some(s => s.datastore === datastore && s.version === version)
  return { proven: here.filter(isMeant), unproven: official.filter(s => isMeant(s) && !has(s)) }
}

type Offered = Subject & { isDefault: boolean }

async function offered(folder: string): Promise<Offered[]> {
  const objects = loadAll(await render(await cluster(), folder)) as Obj[]
  const datastores = new Map(objects.filter(o => o.kind === 'Datastore').map(o => [o.metadata.name, o]))
  return objects
    .filter(o => o.kind === 'DatastoreVersion')
    .map(({ spec }) => {
      const { engine, defaultVersion } = datastores.get(spec.datastoreRef.name)!.spec
      return {
        engine,
        datastore: spec.datastoreRef.name,
        version: spec.version,
        image: spec.image,
        isDefault: spec.version === defaultVersion,
      }
    })
}
