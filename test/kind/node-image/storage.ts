/** The volume provisioner as kind ships it, read from kind's own Go source: the manifest, and the names of the two images in it. */

export interface StorageManifest {
  yaml: string
  provisionerImage: string
  helperImage: string
}

export function readStorageManifest(goSource: string): StorageManifest {
  const provisionerImage = constant(goSource, 'storageProvisionerImage')
  const helperImage = constant(goSource, 'storageHelperImage')
  const raw = /^const defaultStorageManifest = `([\s\S]*?)^`$/m.exec(goSource)?.[1]
  if (raw === undefined) throw new Error('kind’s source holds no defaultStorageManifest')
  const yaml = raw.replaceAll('` + storageProvisionerImage + `', provisionerImage).replaceAll('` + storageHelperImage + `', helperImage)
  if (yaml.includes('`')) throw new Error('kind’s storage manifest refers to something that is not understood here')
  return { yaml, provisionerImage, helperImage }
}

function constant(goSource: string, name: string): string {
  const value = new RegExp(`^const ${name} = "([^"]+)"$`, 'm').exec(goSource)?.[1]
  if (value === undefined) throw new Error(`kind’s source holds no ${name}`)
  return value
}
