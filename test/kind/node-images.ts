/** Images on the node: which are there, and how others get there. */
import { must, type Outcome } from './command.ts'
import { SetupError } from './setup-error.ts'

export interface NodePlace {
  kind: string
  cluster: string
  nodeExec(args: string[]): Promise<Outcome>
}

export async function loadArchive(place: NodePlace, archive: string): Promise<void> {
  await must(place.kind, ['load', 'image-archive', '--name', place.cluster, archive])
}

export async function imageIsOnNode(place: NodePlace, reference: string, id: string): Promise<boolean> {
  const { code, stdout, stderr } = await place.nodeExec(['ctr', '--namespace', 'k8s.io', 'images', 'list'])
  if (code !== 0) throw new SetupError(`the node’s images cannot be listed: ${stderr}`)
  return listHolds(stdout, reference, id)
}

/**
 * Reads containerd's table of images. An engine knows an image by the digest of its configuration (or of its manifest, with Docker's newer
 * store), containerd by that of its manifest; but Kubernetes' runtime also lists each image once under the name of its configuration digest.
 */
export function listHolds(table: string, reference: string, id: string): boolean {
  const targets = new Map<string, string>()
  for (const line of table.split('\n').slice(1)) {
    const [name, , target] = line.split(/\s+/)
    if (name !== undefined && target !== undefined) targets.set(name, target)
  }
  const target = targets.get(withDomain(reference))
  return target !== undefined && (target === id || targets.get(id) === target)
}

/** "postgres:17" is docker.io/library/postgres:17 to a runtime. */
function withDomain(reference: string): string {
  const [first, ...rest] = reference.split('/')
  if (rest.length === 0) return `docker.io/library/${reference}`
  return /[.:]|^localhost$/.test(first!) ? reference : `docker.io/${reference}`
}
