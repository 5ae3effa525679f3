import { expect, test } from 'vitest'
import { aGuest, aPod } from '../examples.ts'
import { digestInUse, imageToRun } from './image-digest.ts'

const d = `sha256:${'a'.repeat(64)}`
const running = (image: string, imageID: string) => {
  const pod = aPod()
  const status = aPod({ containerStatuses: [{ name: 'database', image, imageID, restartCount: 0, ready: true }] }).status!
  return {
    ...pod,
    status,
    spec: { ...pod.spec, containers: [{ name: 'database', image }] },
  }
}

test.each([
  ['an official image', 'postgres:17', `docker.io/library/postgres@${d}`, d],
  ['an official image, named in full', 'docker.io/library/postgres:17', `docker.io/library/postgres@${d}`, d],
  ['an official image, named with the registry alone', 'docker.io/postgres:17', `docker.io/library/postgres@${d}`, d],
  ['an image under the registry’s other name', 'index.docker.io/ann/postgres', `docker.io/ann/postgres@${d}`, d],
  ['an image of somebody at the same registry', 'ann/postgres:17', `docker.io/ann/postgres@${d}`, d],
  ['an image at another registry', 'registry.example:5000/db/postgres:17', `registry.example:5000/db/postgres@${d}`, d],
  ['an image that an older runtime names', 'postgres', `docker-pullable://docker.io/library/postgres@${d}`, d],
  ['an image that was only loaded onto the node', 'postgres:17', `docker.io/library/import-2026-01-01@${d}`, undefined],
  ['an image without a name', 'postgres:17', d, undefined],
  ['a digest that is none', 'postgres:17', 'docker.io/library/postgres@sha256:x', undefined],
])('%s', (_, image, imageID, expected) => expect(digestInUse(aGuest({ image }), running(image, imageID))).toBe(expected))

test('a pod of another image tells nothing', () => {
  const id = `docker.io/library/postgres@${d}`
  expect(digestInUse(aGuest({ image: 'postgres:17' }), running('postgres:16', id))).toBeUndefined()
  expect(digestInUse(aGuest({ image: 'postgres:17' }), undefined)).toBeUndefined()
})

test.each([
  ['postgres:17', `postgres@${d}`],
  ['registry.example:5000/db/postgres', `registry.example:5000/db/postgres@${d}`],
  [`postgres:17@sha256:${'b'.repeat(64)}`, `postgres@${d}`],
])('%s is run by its digest once that is known', (image, expected) => {
  expect(imageToRun({ image, imageDigest: d })).toBe(expected)
  expect(imageToRun({ image })).toBe(image)
})
