/** Gathers what is known about one Instance. `observe` reads caches only; `inquire` asks the API server what they do not hold, in unusual states alone. */
import type { Instance } from '../../api/instance.ts'
import { isForbidden, isNotFound } from '../../kube/errors.ts'
import type { KubeObject } from '../../kube/objects.ts'
import { events, type KubeEvent, nodes, storageclasses } from '../../kube/resource.ts'
import { atOrPast, type Key, keyOf } from '../../runtime/store.ts'
import { groupKeyOf } from '../collections.ts'
import { guestName, isOurAddress } from '../names.ts'
import { parseQuantity } from '../quantity.ts'
import type { World } from '../world.ts'
import { patienceMs, since } from './finding.ts'
import { silence } from './judge-engine.ts'
import { believed, type GuestSide, type Inquired, isLeaving, type Observed } from './observed.ts'

export function observe(instance: Instance, world: World, inquired: Inquired = {}): Observed {
  const { collections: c, guestsNamespace, clusterDomain } = world
  const name = guestName(instance)
  const key: Key = `${guestsNamespace}/${name}`
  const datastore = c.datastores.get(instance.spec.datastore.type)
  const flavor = c.flavors.get(instance.spec.flavorRef.name)
  const groupKey = groupKeyOf(instance)
  const group = groupKey === undefined ? undefined : c.groups.get(groupKey)
  const tenantService = c.services.get(keyOf(instance))
  return {
    now: world.clock.now(),
    instance,
    place: { name, guestsNamespace, clusterDomain },
    engines: world.engines,
    catalog: {
      ...(datastore !== undefined && { datastore }),
      versions: c.versions.byIndex('datastore', instance.spec.datastore.type),
      ...(flavor !== undefined && { flavor }),
      ...(group !== undefined && { group }),
    },
    side: sideOf(world, key),
    ...(tenantService !== undefined && isOurAddress(instance, tenantService, guestsNamespace) && { tenantService }),
    databases: c.databases.byIndex('instance', keyOf(instance)),
    users: c.users.byIndex('instance', keyOf(instance)),
    inquired,
  }
}

function sideOf({ collections: c }: World, key: Key): GuestSide {
  const found: Record<keyof GuestSide, KubeObject | undefined> = {
    guest: c.guests.get(key),
    claim: c.claims.get(key),
    secret: c.secrets.get(key),
    pod: c.pods.get(key),
    serviceAccount: c.serviceAccounts.get(key),
    role: c.roles.get(key),
    roleBinding: c.roleBindings.get(key),
    service: c.services.get(key),
    networkPolicy: c.networkPolicies.get(key),
  }
  return Object.fromEntries(Object.entries(found).filter(([, object]) => object !== undefined)) as GuestSide
}

/** Faults of the engine whose cause is in its log. */
const inTheLog = new Set(['EngineStartFailed', 'EngineCrashed', 'EngineSlow'])

export async function inquire(o: Observed, world: World, signal: AbortSignal): Promise<Inquired> {
  const { claim, pod, guest } = o.side
  const out: Inquired = {}
  const asked: Promise<void>[] = []

  const grows =
    claim !== undefined && parseQuantity(o.instance.spec.volume.size) > parseQuantity(claim.spec?.resources?.requests?.storage ?? '0')
  if (claim !== undefined && (grows || claim.status?.phase === 'Pending')) {
    const name = claim.spec?.storageClassName
    if (name === undefined || name === '') out.storageClass = { kind: 'none' }
    else
      asked.push(
        look(world.client.get(storageclasses, { name }, { signal })).then(found => {
          out.storageClass =
            found === undefined ? { kind: 'missing', name } : { kind: 'found', name, expandable: found.allowVolumeExpansion === true }
        }),
      )
  }
  if (claim?.status?.phase === 'Pending' && since(o.now, claim.metadata.creationTimestamp) >= patienceMs) {
    asked.push(
      lastWarning(claim, world, signal).then(said => {
        if (said !== undefined) out.unprovisioned = said
      }),
    )
  }

  const nodeName = pod?.spec?.nodeName
  if (nodeName !== undefined && (isLeaving(pod) || silence(o)?.silent === true)) {
    asked.push(
      look(world.client.get(nodes, { name: nodeName }, { signal })).then(found => {
        const ready = found?.status?.conditions?.some(c => c.type === 'Ready' && c.status === 'True') ?? false
        out.node = { name: nodeName, ready }
      }),
    )
  }

  const { fault, configuration } = believed(o.side) ?? {}
  const code = fault?.code
  if (pod !== undefined && guest !== undefined && code !== undefined && inTheLog.has(code)) {
    asked.push(
      world.logs.read(pod.metadata, keyOf(o.instance), signal).then(text => {
        if (text !== undefined) out.engineLog = text
      }),
    )
  }
  const run = configuration?.refusedRun
  if (pod !== undefined && configuration?.fault?.code === 'ConfigurationRefused' && run !== undefined) {
    asked.push(
      world.logs.readRun(pod.metadata, run, keyOf(o.instance), signal).then(text => {
        if (text !== undefined) out.refusalLog = text
      }),
    )
  }
  await Promise.all(asked)
  return out
}

/** The latest of the Warnings about an object in the guests' namespace. */
async function lastWarning({ metadata }: KubeObject, { client, guestsNamespace }: World, signal: AbortSignal): Promise<string | undefined> {
  const fieldSelector = `regarding.uid=${metadata.uid},type=Warning`
  const { items } = (await look(client.list(events, { namespace: guestsNamespace, fieldSelector, limit: 100, signal }))) ?? { items: [] }
  const newer = (a: KubeEvent, b: KubeEvent) => (atOrPast(b.metadata.resourceVersion, a.metadata.resourceVersion) ? b : a)
  return items.length === 0 ? undefined : items.reduce(newer).note
}

/** An answer, or undefined where there is none to be had. */
async function look<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (isNotFound(error) || isForbidden(error)) return undefined
    throw error
  }
}
