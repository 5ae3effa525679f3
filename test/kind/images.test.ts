import { expect, test } from 'vitest'
import type { Cluster } from './cluster.ts'
import { type DatastoreVersion, datastoreImages } from './images/datastores.ts'
import { engineImage, provideEngines, provideImages } from './images.ts'
import { stepLog } from './steps.ts'

const pulls = { registry: true }
const builds = { registry: false }
const versions = Object.keys(datastoreImages) as DatastoreVersion[]

test.each([
  ['a cluster that pulls runs the official image', pulls, 'postgresql:17', 'postgres:17'],
  ['one that cannot pull runs the image built here', builds, 'postgresql:17', 'trove.local/postgres:17'],
  ['an official image may have an owner', pulls, 'valkey:8.1', 'valkey/valkey:8.1'],
  ['a version that Debian does not have can be pulled', pulls, 'mysql:8.4', 'mysql:8.4'],
] as const)('%s', (_, cluster, version, image) => expect(engineImage(cluster, version)).toBe(image))

test('a version that Debian does not have is refused, with a way out, where it cannot be pulled', () => {
  expect(() => engineImage(builds, 'mysql:8.4')).toThrow(
    expect.objectContaining({ message: expect.stringContaining('mysql:8.4'), remedy: expect.stringContaining('registry') }),
  )
})

test('a cluster that pulls needs nothing provided', async () => {
  // Nothing of a cluster but this: whatever else it were asked for would fail.
  await provideEngines(pulls as Cluster, versions, stepLog())
})

const built = Object.values(datastoreImages).flatMap(image => image.built?.spec.reference ?? [])

test.each(built)('a cluster that pulls is not given %s', async reference => {
  await expect(provideImages(pulls as Cluster, [reference], stepLog())).rejects.toThrow(`${reference} is not built for it`)
})
