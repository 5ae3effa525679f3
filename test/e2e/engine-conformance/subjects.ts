/** What is put to the test: versions that a catalog of this repository offers. */
import { readdirSync } from 'node:fs'
import { loadAll } from 'js-yaml'
import { engines as allEngines, type EngineName } from '../../../src/api/datastore.ts'
import { render } from '../../kind/install.ts'
import { cluster, type Obj } from '../world.ts'

export interface Subject {
  engine: EngineName
  datastore: string
  version: string
  image: string
  /** The versions whose Instances it takes over, as far as they can be had here. */
  predecessors: { version: string; image: string }[]
}

/** Set by `npm run conformance`; without them each engine is tried in its default version. */
export const oneEngine = 'TROVE_CONFORMANCE_ENGINE'
export const everyVersion = 'TROVE_CONFORMANCE_EVERY_VERSION'
export const officialCatalog = 'TROVE_CONFORMANCE_OFFICIAL'

/** Each needs a file here, which is all that one needs to be tried; without it, it would be passed over in silence. */
export function engines(): readonly EngineName[] {
  const files = readdirSync(import.meta.dirname)
  const without = allEngines.filter(engine => !files.includes(`${engine}.test.ts`))
  if (without.length > 0) throw new Error(`the conformance suite has no ${without.map(engine => `${engine}.test.ts`).join(', ')}`)
  return allEngines
}

export function triedEngines(): readonly EngineName[] {
  const one = process.env[oneEngine]
  return engines().filter(engine => one === undefined || engine === one)
}

/** What can be tried of an engine, and what only the official catalog has. */
export async function subjectsOf(engine: EngineName): Promise<{ proven: Subject[]; unproven: Subject[] }> {
  const official = await offered('deploy/catalog')
  const isOfficial = process.env[officialCatalog] === '1' || (await cluster()).registry
  const here = isOfficial ? official : await offered('deploy/catalog-debian')
  const isMeant = (s: Offered) => s.engine === engine && (process.env[everyVersion] === '1' || s.isDefault)
  const has = ({ datastore, version }: Subject) => here.some(s => s.datastore === datastore && s.version === version)
  const canBeHad = (s: Offered): Subject => ({
    ...s,
    predecessors: here.filter(before => before.datastore === s.datastore && s.upgradeFrom.includes(before.version)),
  })
  return { proven: here.filter(isMeant).map(canBeHad), unproven: official.filter(s => isMeant(s) && !has(s)) }
}

type Offered = Subject & { isDefault: boolean; upgradeFrom: string[] }

async function offered(folder: string): Promise<Offered[]> {
  const objects = loadAll(await render(await cluster(), folder)) as Obj[]
  const datastores = new Map(objects.filter(o => o.kind === 'Datastore').map(o => [o.metadata.name, o]))
  return objects
    .filter(o => o.kind === 'DatastoreVersion')
    .map(({ spec: { datastoreRef, version, image, upgradeFrom = [] } }) => {
      const { engine, defaultVersion } = datastores.get(datastoreRef.name)!.spec
      return { engine, datastore: datastoreRef.name, version, image, upgradeFrom, predecessors: [], isDefault: version === defaultVersion }
    })
}
