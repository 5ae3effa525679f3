/**
 * Reads objects by the names that kubectl takes, over connections that are kept: tests look several times a second, and a process for each look
 * takes more of a small machine than what is looked at.
 */
import { Pool } from 'undici'
import { accessFromKubeconfig } from '../../src/kube/access.ts'

/** What is read of the server's own list of what it has (`apidiscovery.k8s.io/v2`). */
interface Discovery {
  items: {
    metadata: { name?: string }
    versions: {
      version: string
      resources: { resource: string; singularResource: string; shortNames?: string[]; scope: string; responseKind: { kind: string } }[]
    }[]
  }[]
}

interface Kind {
  apiVersion: string
  kind: string
  namespaced: boolean
  resource: string
}

export interface Reader {
  /** Undefined if there is no such object. A kind that the server does not have is an error. */
  object(resource: string, name: string, namespace?: string): Promise<object | undefined>
  /** Of one namespace, or of the whole cluster. */
  objects(resource: string, o: { namespace?: string; selector?: string }): Promise<object[]>
  /** The body of an answer that must be 200. */
  text(path: string): Promise<string>
}

export async function openReader(kubeconfig: string): Promise<Reader> {
  const access = await accessFromKubeconfig(kubeconfig)
  const { tls } = await access.credentials()
  const pool = new Pool(access.server, { connect: tls, connections: 4 })
  let kinds = new Map<string, Kind>()

  const ask = async (path: string, accept = 'application/json') => {
    const { statusCode, body } = await pool.request({ method: 'GET', path, headers: { accept } })
    const text = await body.text()
    if (statusCode !== 200 && statusCode !== 404) throw new Error(`GET ${path}: ${statusCode} ${text}`)
    return statusCode === 200 ? text : undefined
  }
  const text = async (path: string, accept?: string) => {
    const body = await ask(path, accept)
    if (body === undefined) throw new Error(`GET ${path}: there is no such thing`)
    return body
  }
  const discover = async () => {
    kinds = new Map()
    for (const root of ['/api', '/apis']) {
      const answer = await text(root, 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
      for (const [name, kind] of (JSON.parse(answer) as Discovery).items.flatMap(namesOf)) if (!kinds.has(name)) kinds.set(name, kind)
    }
  }
  const kindOf = async (resource: string): Promise<Kind> => {
    if (!kinds.has(resource)) await discover()
    const kind = kinds.get(resource)
    if (kind === undefined) throw new Error(`the server has no resource "${resource}"`)
    return kind
  }
  const pathOf = ({ apiVersion, namespaced, resource }: Kind, namespace: string | undefined) =>
    `/${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}${namespaced && namespace ? `/namespaces/${namespace}` : ''}/${resource}`

  return {
    text,
    async object(resource, name, namespace) {
      const kind = await kindOf(resource)
      const body = await ask(`${pathOf(kind, kind.namespaced ? (namespace ?? 'default') : undefined)}/${name}`)
      return body === undefined ? undefined : asKubectlShows(JSON.parse(body))
    },
    async objects(resource, { namespace, selector }) {
      const kind = await kindOf(resource)
      const query = selector === undefined ? '' : `?labelSelector=${encodeURIComponent(selector)}`
      const { items } = JSON.parse(await text(pathOf(kind, namespace) + query)) as { items: object[] }
      return items.map(item => asKubectlShows({ apiVersion: kind.apiVersion, kind: kind.kind, ...item }))
    },
  }
}

/** All that a kind goes by. The preferred version comes first. */
function namesOf({ metadata: { name: group }, versions }: Discovery['items'][number]): [string, Kind][] {
  return versions.flatMap(({ version, resources }) =>
    resources.flatMap(({ resource, singularResource, shortNames = [], scope, responseKind: { kind } }): [string, Kind][] => {
      const apiVersion = group ? `${group}/${version}` : version
      const short = [resource, singularResource, ...shortNames]
      const names = group ? [...short, ...short.map(name => `${name}.${group}`)] : short
      return names.map(name => [name, { apiVersion, kind, namespaced: scope === 'Namespaced', resource }])
    }),
  )
}

function asKubectlShows(object: object): object {
  delete (object as { metadata?: { managedFields?: unknown } }).metadata?.managedFields
  return object
}
