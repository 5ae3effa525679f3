/**
 * The catalogs in deploy/ name the images of the table, all of them, also in files that no kustomization lists yet; what is listed is what the API
 * server takes.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as yaml from 'js-yaml'
import { expect, test } from 'vitest'
import { engines } from '../../../src/api/datastore.ts'
import { kinds } from '../../../src/api/kinds.ts'
import { thisCheckout } from '../names.ts'
import { datastoreImages } from './datastores.ts'

interface CatalogObject {
  kind: string
  metadata: { name: string }
  spec: { engine?: string; defaultVersion?: string; datastoreRef?: { name: string }; version?: string; image?: string }
}
interface Kustomization {
  patches: { target: { kind: string; name: string }; patch: string }[]
}

const deploy = join(thisCheckout(), 'deploy')
const read = <T>(...path: string[]) => yaml.loadAll(readFileSync(join(deploy, ...path), 'utf8')) as T[]

const objects = readdirSync(join(deploy, 'catalog'))
  .filter(file => file !== 'kustomization.yaml')
  .flatMap(file => read<CatalogObject>('catalog', file))
const { resources: listed } = read<{ resources: string[] }>('catalog', 'kustomization.yaml')[0]!
const versions = objects.filter(({ kind }) => kind === 'DatastoreVersion')
const datastores = objects.filter(({ kind }) => kind === 'Datastore')
const patches = [['catalog-debian'], ['catalog-debian', 'engines']].flatMap(
  folder => read<Kustomization>(...folder, 'kustomization.yaml')[0]!.patches,
)

const patchesOf = ({ kind, metadata }: CatalogObject) =>
  patches.filter(({ target }) => target.kind === kind && target.name === metadata.name).map(({ patch }) => JSON.parse(patch) as unknown)
const key = ({ spec }: CatalogObject) => `${spec.datastoreRef?.name}:${spec.version}`
const replaces = (path: string, value: string) => [[{ op: 'replace', path, value }]]
const removed = ({ kind, metadata }: CatalogObject) => [{ $patch: 'delete', kind, metadata }]

test.each(listed)('%s holds what the API takes', file => {
  for (const { kind, spec, ...rest } of read<CatalogObject>('catalog', file)) {
    expect(rest).toEqual({ apiVersion: 'trove.dev/v1alpha1', metadata: { name: expect.any(String) } })
    const schema = kinds.find(known => known.kind === kind)!.spec.strict()
    expect(schema.safeParse(spec).error).toBeUndefined()
  }
})

test('a Datastore whose engine the operator has is listed, and no other', () => {
  const has = (file: string) => read<CatalogObject>('catalog', file).some(({ spec }) => engines.some(engine => engine === spec.engine))
  const files = readdirSync(join(deploy, 'catalog')).filter(file => !['kustomization.yaml', 'flavors.yaml'].includes(file))
  expect(files.filter(file => listed.includes(file))).toEqual(files.filter(has))
})

test('the catalog offers every version with its official image', () => {
  const offered = versions.map(version => [key(version), version.spec.image])
  const known = Object.entries(datastoreImages).map(([version, { official }]) => [version, official])
  expect(offered.toSorted()).toEqual(known.toSorted())
})

test.each(versions.map(version => [version.metadata.name, version] as const))(
  'without a registry %s is built here, or not offered',
  (_, version) => {
    const image = Object.entries(datastoreImages).find(([name]) => name === key(version))?.[1]
    const built = image?.built?.spec.reference
    expect(patchesOf(version)).toEqual(built === undefined ? removed(version) : replaces('/spec/image', built))
  },
)

test.each(datastores.map(datastore => [datastore.metadata.name, datastore] as const))(
  'the default version of %s is offered',
  (_, datastore) => {
    const { name } = datastore.metadata
    const all = versions.filter(version => version.spec.datastoreRef?.name === name)
    const withoutRegistry = all.filter(version => patchesOf(version).every(patch => Array.isArray(patch)))
    const wanted = datastore.spec.defaultVersion
    expect(datastore.spec.engine).toBe(name)
    expect(all.map(version => version.spec.version)).toContain(wanted)
    if (withoutRegistry.length === 0) expect(patchesOf(datastore)).toEqual(removed(datastore))
    else if (withoutRegistry.some(version => version.spec.version === wanted)) expect(patchesOf(datastore)).toEqual([])
    else expect(patchesOf(datastore)).toEqual(replaces('/spec/defaultVersion', withoutRegistry[0]!.spec.version!))
  },
)
