import { expect, test } from 'vitest'
import { readStorageManifest } from './storage.ts'

const source = `package nodeimage

const storageProvisionerImage = "example.org/provisioner:v1"
const storageHelperImage = "example.org/helper:v2"

const defaultStorageManifest = \`
kind: Deployment
image: \` + storageProvisionerImage + \`
args: [--helper-image, \` + storageHelperImage + \`]
\`
`

test('the manifest is read with its images filled in', () => {
  expect(readStorageManifest(source)).toEqual({
    provisionerImage: 'example.org/provisioner:v1',
    helperImage: 'example.org/helper:v2',
    yaml: '\nkind: Deployment\nimage: example.org/provisioner:v1\nargs: [--helper-image, example.org/helper:v2]\n',
  })
})

test('a source that names another constant is refused, not half-filled', () => {
  expect(() => readStorageManifest(source.replace('` + storageHelperImage', '` + otherImage'))).toThrow('not understood')
})

test('a source without the images is refused', () => {
  expect(() => readStorageManifest('package nodeimage')).toThrow('storageProvisionerImage')
})
