/** Where one trial plays: two namespaces and a catalog of its own, and what a person does there. */
import type { Instance } from '../../../src/api/instance.ts'
import type { Client } from '../../../src/kube/client.ts'
import { isNotFound } from '../../../src/kube/errors.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Resource } from '../../../src/kube/resource.ts'
import type { FakeNode } from '../operator/fake-node.ts'
import type { Engines } from './engine.ts'
import { type Loose, recorded, type View } from './history.ts'
import type { Step } from './workload.ts'

export interface Stage {
  id: string
  /** The product team's namespace. */
  tenant: string
  /** The namespace of the guests. */
  guests: string
  catalog: { datastore: string; version: string; flavor: string }
  view: View
  engines: Engines
  node: FakeNode
  make(...objects: KubeDraft[]): Promise<void>
  /** A merge patch, to any object of the trial; `status` says that it is for the subresource. */
  change(resource: string, name: string, patch: object, o?: { namespace?: string; status?: boolean }): Promise<void>
  /** As a person deletes: by name. */
  remove(resource: string, name: string, namespace?: string): Promise<void>
  /** Ends the operator and starts it again, as an upgrade does; what is given is different from then on. */
  restartOperator(change: { agentImage: string }): Promise<void>
}

export interface KubeDraft {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
  [part: string]: unknown
}

const { signal } = new AbortController()

export const resourceOf = (plural: string): Resource<KubeObject> => {
  const found = recorded.find(r => r.plural === plural)
  if (found === undefined) throw new Error(`no resource "${plural}"`)
  return found
}

/** What a person does, with a person's rights and past every fault. Each deed is over once the record shows it. */
export function handsOf(client: Client, view: View, tenant: string): Pick<Stage, 'make' | 'change' | 'remove'> {
  const at = (plural: string, name: string, namespace: string = tenant) => {
    const resource = resourceOf(plural)
    return { resource, ref: resource.namespaced ? { name, namespace } : { name } }
  }
  const shown = async (what: string, test: () => boolean) => {
    if (!(await view.until(test, 30_000))) throw new Error(`${what} is not in the record`)
  }
  /** This version of the object, or what came of it. */
  const shownSince = ({ kind, metadata: { uid, resourceVersion } }: KubeObject) =>
    shown(kind, () => view.versions.some(v => v.object.metadata.uid === uid && v.at >= Number(resourceVersion)))
  return {
    async make(...objects) {
      for (const object of objects) {
        const resource = recorded.find(r => r.kind === object.kind)!
        await shownSince(await client.create(resource, object as never, { signal }))
      }
    },
    async change(plural, name, patch, o = {}) {
      const { resource, ref } = at(plural, name, o.namespace)
      const options = { manager: 'a-person', signal, ...(o.status && { subresource: 'status' }) }
      await shownSince(await client.patch(resource, ref, { type: 'merge', body: patch }, options))
    },
    async remove(plural, name, namespace) {
      const { resource, ref } = at(plural, name, namespace)
      try {
        const { uid } = (await client.get(resource, ref, { signal })).metadata
        await client.delete(resource, { ...ref, uid }, { signal })
        const ending = (v: View['versions'][number]) => v.type === 'DELETED' || v.object.metadata.deletionTimestamp !== undefined
        await shown(`the deletion of ${name}`, () => view.versions.some(v => v.object.metadata.uid === uid && ending(v)))
      } catch (error) {
        if (!isNotFound(error)) throw error
      }
    },
  }
}

const trove = (kind: string, metadata: KubeDraft['metadata'], spec: object): KubeDraft => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind,
  metadata,
  spec,
})

export const anInstance = ({ tenant: namespace, catalog }: Stage, name: string, spec: object = {}) =>
  trove(
    'Instance',
    { name, namespace },
    {
      datastore: { type: catalog.datastore },
      flavorRef: { name: catalog.flavor },
      volume: { size: '1Gi' },
      ...spec,
    },
  )
export const aDatabase = ({ tenant: namespace }: Stage, name: string, instance: string, spec: object = {}) =>
  trove('Database', { name, namespace }, { instanceRef: { name: instance }, name, ...spec })
export const aUser = ({ tenant: namespace }: Stage, name: string, instance: string, spec: object = {}) =>
  trove('DatabaseUser', { name, namespace }, { instanceRef: { name: instance }, name, ...spec })

export const aGroup = ({ tenant: namespace, catalog }: Stage, name: string, values: object) =>
  trove('ConfigurationGroup', { name, namespace }, { datastore: { type: catalog.datastore }, values })

export const catalogOf = ({ datastore, version, flavor }: Stage['catalog']): KubeDraft[] => [
  trove('Datastore', { name: datastore }, { engine: 'postgresql', defaultVersion: '17' }),
  trove('DatastoreVersion', { name: version }, { datastoreRef: { name: datastore }, version: '17', image: 'postgres:17' }),
  trove('Flavor', { name: flavor }, { cpu: '500m', memory: '512Mi' }),
]

type Conditioned = Loose & {
  status?: { observedGeneration?: number; conditions?: { type: string; status: string; reason: string; observedGeneration?: number }[] }
}

export function condition(object: Loose | undefined, type: string) {
  return (object as Conditioned | undefined)?.status?.conditions?.find(c => c.type === type)
}

/** Ready, for the object as it is now. */
export function isReady(object: Loose | undefined): boolean {
  const ready = condition(object, 'Ready')
  return ready?.status === 'True' && (ready as { observedGeneration?: number }).observedGeneration === object?.metadata.generation
}

export const ready =
  (plural: string, name: string) =>
  ({ view, tenant }: Stage): boolean =>
    isReady(view.get(plural, name, tenant))

/** Whether or not it is ready: that is the reason. */
export const says =
  (plural: string, name: string, reason: string) =>
  ({ view, tenant }: Stage): boolean =>
    condition(view.get(plural, name, tenant), 'Ready')?.reason === reason

export const rootIs =
  (reason: string | undefined) =>
  ({ view, tenant }: Stage): boolean =>
    condition(view.get('instances', 'web', tenant), 'RootEnabled')?.reason === reason

/** Why the Instance `web` runs, or does not run, with the settings that it is asked for. */
export const settingsAre =
  (reason: string) =>
  ({ view, tenant }: Stage): boolean =>
    condition(view.get('instances', 'web', tenant), 'ConfigurationApplied')?.reason === reason

/** What the group `settings` says of its Instances; what is not stated may be anything. */
export const groupCounts =
  (wanted: { total?: number; applied?: number; restartRequired?: number; failed?: number }) =>
  ({ view, tenant }: Stage): boolean => {
    const counts = view.get('configurationgroups', 'settings', tenant)?.status?.instances as typeof wanted | undefined
    return counts !== undefined && Object.entries(wanted).every(([key, n]) => counts[key as keyof typeof wanted] === n)
  }

export const active = (name: string) => ready('instances', name)

export const gone =
  (plural: string, name: string) =>
  ({ view, tenant }: Stage): boolean =>
    view.get(plural, name, tenant) === undefined

/** The catalog, which takes its time, knows of every Instance that uses it. */
export const isCounted = ({ view }: Pick<Stage, 'view'>): boolean =>
  ['datastores', 'datastoreversions', 'flavors'].every(plural =>
    view.list(plural).some(o => o.status?.users === view.list('instances').length),
  )

/** Nothing in the guests' namespace bears our label. */
export const nothingLeft = ({ view, guests }: Stage): boolean =>
  ['guests', 'pods', 'persistentvolumeclaims', 'secrets', 'serviceaccounts', 'roles', 'rolebindings', 'services', 'networkpolicies'].every(
    plural => view.list(plural).every(o => o.metadata.namespace !== guests || o.metadata.labels?.['trove.dev/instance-uid'] === undefined),
  )

export const all =
  (...tests: ((stage: Stage) => boolean)[]) =>
  (stage: Stage): boolean =>
    tests.every(test => test(stage))

/** Name of everything of this Instance in the guests' namespace. */
export const sideName = ({ view, tenant }: Stage, name: string): string => {
  const instance = view.get('instances', name, tenant) as unknown as Instance | undefined
  if (instance === undefined) throw new Error(`no Instance "${name}"`)
  return `${name}-${instance.metadata.uid.slice(0, 8)}`
}

/** What many workloads begin with. */
export const aRunningOne = (does: string, spec: object = {}): Step => ({
  does,
  act: stage => stage.make(anInstance(stage, 'web', spec), aUser(stage, 'app', 'web')),
  until: all(active('web'), ready('databaseusers', 'app')),
})
