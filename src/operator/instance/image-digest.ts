/**
 * A tag may come to mean another image; a pod that is made again is to run the one that ran before. Pure: reads from a running pod what its
 * database's image really was, and names that very image for the next one.
 */
import type { Guest } from '../../api/guest.ts'
import type { Pod } from '../../kube/resource.ts'

const digest = /^sha256:[0-9a-f]{64}$/

/** Of the image that this pod runs, if it is the one that the Guest asks for and a registry would give it by that. */
export function digestInUse(guest: Guest, pod: Pod | undefined): string | undefined {
  const { image } = guest.spec
  if (pod?.spec?.containers.find(c => c.name === 'database')?.image !== image) return undefined
  const id = pod.status?.containerStatuses?.find(c => c.name === 'database')?.imageID ?? ''
  const [repository = '', found = ''] = id.replace(/^[a-z-]+:\/\//, '').split('@')
  // An image that was loaded onto the node and never pulled has an id that means nothing elsewhere.
  return digest.test(found) && repository === inFull(repositoryOf(image)) ? found : undefined
}

/** What the pod names: the image by its digest, once that is known. */
export function imageToRun({ image, imageDigest }: Pick<Guest['spec'], 'image' | 'imageDigest'>): string {
  return imageDigest === undefined ? image : `${repositoryOf(image)}@${imageDigest}`
}

/** Without tag and digest. A colon before the last slash belongs to a port. */
function repositoryOf(image: string): string {
  const [name = ''] = image.split('@')
  return name.replace(/:[^/:]*$/, '')
}

/** As container runtimes write it: with the registry that is meant where none is named. */
function inFull(repository: string): string {
  const [first = '', ...rest] = repository.split('/')
  const hub = /^(index\.)?docker\.io$/.test(first)
  if (rest.length > 0 && !hub && (/[.:]/.test(first) || first === 'localhost')) return repository
  const path = hub ? rest : [first, ...rest]
  return ['docker.io', ...(path.length === 1 ? ['library'] : []), ...path].join('/')
}
