/** Every controller of the operator: which keys it works on, and which changes of what lead to them. */
import type { Guest } from '../api/guest.ts'
import type { Instance } from '../api/instance.ts'
import type { KubeObject } from '../kube/objects.ts'
import type { Pod } from '../kube/resource.ts'
import type { Collection } from '../runtime/collection.ts'
import { type ControllerOptions, type Source, watchEach, watchGone, watchMembers, watchSpecs } from '../runtime/controller.ts'
import { type Key, keyOf } from '../runtime/store.ts'
import { openBindingWatch } from './binding-watch.ts'
import { reconcileDatastore, reconcileFlavor, reconcileVersion } from './catalog/reconcile.ts'
import { groupKeyOf, instanceKeyOf, versionKey, versionsOf } from './collections.ts'
import { reconcileGroup } from './configurationgroup/reconcile.ts'
import { reconcileDatabase } from './database/reconcile.ts'
import { reconcileUser } from './databaseuser/reconcile.ts'
import { concernsFleet, type FleetWatch, reconcileFleet } from './fleet/reconcile.ts'
import { openStopwatch } from './fleet/stopwatch.ts'
import { isUser } from './in-use.ts'
import { reconcileInstance } from './instance/reconcile.ts'
import { guestName, labels } from './names.ts'
import { reconcileOrphan } from './orphan/reconcile.ts'
import type { World } from './world.ts'

const concurrency = 10
const deadlineMs = 60_000

export function controllersOf(world: World): ControllerOptions[] {
  const { collections: c, guestsNamespace } = world
  const bindings = openBindingWatch(world.clock, world.bindingResyncMs)
  const rootBindings = openBindingWatch(world.clock, world.bindingResyncMs)
  const fleet: FleetWatch = { told: new Set(), stopwatch: openStopwatch(world.clock) }
  const fleetOf = (pod: Pod | undefined, guest: Guest | undefined): Key[] =>
    concernsFleet(pod, guest, world.pod.agentImage) ? ['fleet'] : []

  const instancesOf = (index: 'datastore' | 'flavor', name: string) => c.instances.byIndex(index, name).map(keyOf)
  /** What an Instance uses is counted when it takes it up and when it lets go of it. */
  const watchUsers = (toKeys: (instance: Instance) => Key[]) => watchMembers(c.instances, i => (isUser(i) ? toKeys(i) : []))
  const guestSide = <T extends KubeObject>(collection: Collection<T>) => watchEach(collection, instanceOfLabels)
  type ToKeys = (object: KubeObject) => Key[]
  const databasesOf =
    (toInstance: ToKeys): ToKeys =>
    object =>
      toInstance(object).flatMap(key => c.databases.byIndex('instance', key).map(keyOf))
  const usersOf =
    (toInstance: ToKeys): ToKeys =>
    object =>
      toInstance(object).flatMap(key => c.users.byIndex('instance', key).map(keyOf))

  return [
    {
      name: 'instance',
      concurrency,
      deadlineMs,
      reconcile: (key, ctx) => reconcileInstance(key, world, rootBindings, ctx),
      sources: [
        watchEach(c.instances, self),
        watchEach(c.databases, d => [instanceKeyOf(d)]),
        watchEach(c.users, u => [instanceKeyOf(u)]),
        // Not each time that an entry counts its users: those are the very Instances that would be looked at.
        watchSpecs(c.datastores, d => instancesOf('datastore', d.metadata.name)),
        watchSpecs(c.versions, v => instancesOf('datastore', v.spec.datastoreRef.name)),
        watchSpecs(c.flavors, f => instancesOf('flavor', f.metadata.name)),
        watchSpecs(c.groups, g => c.instances.byIndex('group', keyOf(g)).map(keyOf)),
        // In the tenant's namespace the Service has the Instance's own name.
        watchEach(c.services, s => (s.metadata.namespace === guestsNamespace ? instanceOfLabels(s) : [keyOf(s)])),
        ...guestSides(),
        enqueue => world.logs.onArrival(key => enqueue(key, 'normal')),
      ],
    },
    {
      name: 'configurationgroup',
      concurrency,
      deadlineMs,
      reconcile: (key, ctx) => reconcileGroup(key, world, ctx),
      sources: [
        watchEach(c.groups, self),
        watchEach(c.instances, groupsOf),
        watchEach(c.guests, g => instanceOfLabels(g).flatMap(key => groupsOf(c.instances.get(key)))),
        watchSpecs(c.datastores, d => c.groups.byIndex('datastore', d.metadata.name).map(keyOf)),
        watchSpecs(c.versions, v => c.groups.byIndex('datastore', v.spec.datastoreRef.name).map(keyOf)),
      ],
    },
    {
      name: 'database',
      concurrency,
      deadlineMs,
      reconcile: (key, ctx) => reconcileDatabase(key, world, ctx),
      sources: [
        watchEach(c.databases, self),
        // Whoever claims the same name may have it now, and where there were too many there is room for one more.
        watchGone(c.databases, d => c.databases.byIndex('instance', instanceKeyOf(d)).map(keyOf)),
        watchEach(c.instances, databasesOf(self)),
        watchEach(c.guests, databasesOf(instanceOfLabels)),
      ],
    },
    {
      name: 'databaseuser',
      concurrency,
      deadlineMs,
      reconcile: (key, ctx) => reconcileUser(key, world, bindings, ctx),
      sources: [
        watchEach(c.users, self),
        watchGone(c.users, u => c.users.byIndex('instance', instanceKeyOf(u)).map(keyOf)),
        watchEach(c.instances, usersOf(self)),
        watchEach(c.guests, usersOf(instanceOfLabels)),
        watchEach(c.secrets, usersOf(instanceOfLabels)),
      ],
    },
    {
      name: 'datastore',
      concurrency,
      deadlineMs,
      reconcile: (key, ctx) => reconcileDatastore(key, world, ctx),
      sources: [
        watchEach(c.datastores, self),
        watchSpecs(c.versions, v => [v.spec.datastoreRef.name]),
        watchUsers(i => [i.spec.datastore.type]),
      ],
    },
    {
      name: 'datastoreversion',
      concurrency,
      deadlineMs,
      reconcile: (key, ctx) => reconcileVersion(key, world, ctx),
      sources: [
        watchSpecs(c.versions, v => c.versions.byIndex('datastore', v.spec.datastoreRef.name).map(keyOf)),
        watchEach(c.versions, self),
        watchSpecs(c.datastores, d => c.versions.byIndex('datastore', d.metadata.name).map(keyOf)),
        watchUsers(i => versionsOf(i).flatMap(v => c.versions.byIndex('version', versionKey(i.spec.datastore.type, v)).map(keyOf))),
      ],
    },
    {
      name: 'flavor',
      concurrency,
      deadlineMs,
      reconcile: (key, ctx) => reconcileFlavor(key, world, ctx),
      sources: [watchEach(c.flavors, self), watchUsers(i => [i.spec.flavorRef.name])],
    },
    {
      name: 'fleet',
      concurrency: 1,
      deadlineMs,
      reconcile: (_, ctx) => reconcileFleet(world, fleet, ctx),
      sources: [watchEach(c.pods, p => fleetOf(p, c.guests.get(keyOf(p)))), watchEach(c.guests, g => fleetOf(c.pods.get(keyOf(g)), g))],
    },
    {
      name: 'orphan',
      concurrency: 1,
      deadlineMs,
      reconcile: (key, ctx) => reconcileOrphan(key, world, ctx),
      sources: [watchEach(c.guests, self), watchEach(c.pods, self), watchEach(c.instances, i => [`${guestsNamespace}/${guestName(i)}`])],
    },
  ]

  function guestSides(): Source[] {
    return [
      guestSide(c.guests),
      guestSide(c.pods),
      guestSide(c.claims),
      guestSide(c.secrets),
      guestSide(c.serviceAccounts),
      guestSide(c.roles),
      guestSide(c.roleBindings),
      guestSide(c.networkPolicies),
    ]
  }
}

const groupsOf = (instance: Instance | undefined): Key[] => [(instance && groupKeyOf(instance)) ?? []].flat()

const self = (object: KubeObject): Key[] => [keyOf(object)]

function instanceOfLabels({ metadata }: KubeObject): Key[] {
  const tenant = metadata.labels?.[labels.tenant]
  const name = metadata.labels?.[labels.instance]
  return tenant === undefined || name === undefined ? [] : [`${tenant}/${name}`]
}
