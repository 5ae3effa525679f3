/** What the tests of the runtime share: a ConfigMap as the thing to watch, a small custom kind, and a collection that is already in step. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from '../../../src/kube/client.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { namespaces, type Resource } from '../../../src/kube/resource.ts'
import { systemClock } from '../../../src/runtime/clock.ts'
import { type Collection, type CollectionOptions, openCollection } from '../../../src/runtime/collection.ts'
import type { Logger } from '../../../src/runtime/log.ts'
import type { Change } from '../../../src/runtime/store.ts'

export interface ConfigMap extends KubeObject {
  data?: Record<string, string>
}

export const configmaps: Resource<ConfigMap> = { group: '', version: 'v1', plural: 'configmaps', kind: 'ConfigMap', namespaced: true }

export interface Widget extends KubeObject {
  spec: { size?: number }
  status?: { seen?: number }
}

export const widgets: Resource<Widget> = { group: 'test.dev', version: 'v1', plural: 'widgets', kind: 'Widget', namespaced: true }

interface Crd extends KubeObject {
  spec: object
  status?: { conditions?: { type: string; status: string }[] }
}

const crds: Resource<Crd> = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
}

const integer = { type: 'integer' }
const shape = (properties: object) => ({ type: 'object', properties })

export async function installWidgets(client: Client): Promise<void> {
  const openAPIV3Schema = shape({ spec: shape({ size: integer }), status: shape({ seen: integer }) })
  await client.create(
    crds,
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.test.dev' },
      spec: {
        group: 'test.dev',
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        versions: [{ name: 'v1', served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema } }],
      },
    },
    { signal: never },
  )
  // A new kind is served a moment after it is accepted.
  const served = () =>
    client.list(widgets, { signal: never }).then(
      () => true,
      () => false,
    )
  while (!(await served())) await pause(50)
}

/** A signal for calls that nothing calls off. */
export const never = new AbortController().signal

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

let made = 0

export async function newNamespace(client: Client): Promise<string> {
  const name = `t${Date.now().toString(36)}${made++}`
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, { signal: never })
  return name
}

export const configMap = (namespace: string, name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data,
})

export const widget = (namespace: string, name: string, size: number) => ({
  apiVersion: 'test.dev/v1',
  kind: 'Widget',
  metadata: { namespace, name },
  spec: { size },
})

export interface Watched<T extends KubeObject> {
  collection: Collection<T>
  /** One line per change of what the store showed: '+name', '-name' or '~name'. */
  changes: string[]
  lists(): number
  stop(): Promise<void>
}

export async function watched<T extends KubeObject>(client: Client, r: Resource<T>, options: CollectionOptions<T>): Promise<Watched<T>> {
  let lists = 0
  const changes: string[] = []
  const collection = openCollection(r, options, { client, log: quiet, clock: systemClock, onList: () => (lists += 1) })
  collection.subscribe((change: Change<T>) => {
    const sign = change.old === undefined ? '+' : change.new === undefined ? '-' : '~'
    changes.push(sign + (change.new ?? change.old)!.metadata.name)
  })
  const end = new AbortController()
  const running = collection.run(end.signal)
  while (!collection.hasSynced()) await pause(5)
  return {
    collection,
    changes,
    lists: () => lists,
    async stop() {
      end.abort()
      await running
    },
  }
}
