/** The moves that make and delete whole objects: a newcomer that is wrong, and one that goes and may come again. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../../../src/api/database.ts'
import type { DatabaseUser } from '../../../src/api/databaseuser.ts'
import { guestName } from '../../../src/operator/names.ts'
import { create } from './begin.ts'
import { checkSaid, reasonOf } from './moves.ts'
import { Broken } from './rest.ts'
import { type Field, put } from './schema.ts'
import { snapshot } from './snapshot.ts'
import { isWell } from './statements/items.ts'
import type { Wrong } from './statements/statement.ts'
import type { View } from './view.ts'
import { come, discard, labelOf, staysOfMadeAnew, target, unchanged, until, type Walker } from './walker.ts'

/** A new object says what is wrong with it, and nobody else notices that it came or went. */
export async function stateTwin(w: Walker, field: Field, wrong: Wrong): Promise<void> {
  const { stage, tenant, view } = w
  const { kind } = wrong.twin!
  const { name, spec } = twinOf(w, wrong)
  const before = snapshot(view)
  const did = `a new ${kind} came, and ${field.id} is ${JSON.stringify(wrong.value)}, which is ${wrong.code}`
  // Where its claim is not bound the cluster may say why.
  if (kind === 'Instance') stage.rig.node.play(`${name}-`, { unscheduled: '' })
  // Of two that claim one thing the older has it, and ages are told in seconds.
  while (Date.now() - Date.parse(view.versions[0]!.metadata.creationTimestamp!) < 2000) await pause(50)
  await create(stage, tenant, kind, name, (field.kind === kind ? put(spec, field.steps, wrong.value) : spec) as object)
  const twin = () => stage.watches.find(kind, tenant, name)
  await until(w, did, () => (reasonOf(twin(), wrong) === wrong.code ? undefined : `it says ${reasonOf(twin(), wrong)}`))
  // One that gets as far as to take up datastore, version and Flavor counts as their user.
  const counts = kind === 'Instance' && wrong.code === 'VolumeUnbound'
  if (counts) w.memory.instances++
  await come(w, did)
  checkSaid(twin()!, wrong, did)
  const counted = ['Datastore.status.users', 'DatastoreVersion first.status.users', 'Flavor.status.users']
  unchanged(before, snapshot(w.view), counts ? counted : [], did)
  await discard(w, twin()!)
  await until(w, `${did}, and was deleted`, () => (twin() === undefined ? undefined : 'it is still there'))
  if (counts) w.memory.instances--
  await come(w, `${did}, and was deleted`)
  unchanged(before, snapshot(w.view), [], `${did}, and was deleted`)
}

function twinOf({ tenant, view }: Walker, { twin }: Wrong): { name: string; spec: object } {
  const { restartRequestedAt: _, configurationRef: __, ...rest } = view.instance.spec
  const instance = { ...rest, datastore: { type: tenant.name, version: view.versions[0]!.spec.version } }
  const item = { name: 'twin', spec: { instanceRef: { name: tenant.name }, name: 'twin' } }
  const { name, spec } = {
    Instance: { name: `twin-${tenant.name}`, spec: instance },
    Database: item,
    DatabaseUser: item,
    ConfigurationGroup: { name: 'twin', spec: { datastore: { type: tenant.name }, values: {} } },
    DatastoreVersion: { name: `${tenant.name}-twin`, spec: { datastoreRef: { name: tenant.name }, version: '99', image: 'twin' } },
  }[twin!.kind]
  return { name, spec: { ...spec, ...twin!.spec } }
}

/** A database is dropped if its policy says so, and else only no longer spoken of; a login is always taken away. */
export async function remove(w: Walker, kind: 'Database' | 'DatabaseUser', seed: number, back: boolean): Promise<boolean> {
  const { stage, tenant, view } = w
  const object = target<Database | DatabaseUser>(w, kind, seed)
  if (object === undefined) return false
  const before = snapshot(view)
  const { name } = object.metadata
  const dropped = object.kind === 'DatabaseUser' || object.spec.deletionPolicy === 'Delete'
  const did = `${kind} "${name}" was deleted${dropped ? '' : ', but the database is kept'}`
  const told = () => {
    const { spec } = stage.watches.view(tenant).guest!
    return (kind === 'Database' ? spec.databases : spec.users)?.find(e => e.name === object.spec.name)?.ensure
  }
  const isThere = () => stage.watches.find(kind, tenant, name) !== undefined
  // The agent is slow to answer, so that what it is told can be seen.
  const guest = guestName(view.instance)
  stage.rig.node.play(guest, { silent: true })
  await discard(w, object)
  await until(w, did, () => (told() === (dropped ? 'Absent' : undefined) ? undefined : `the guest is told ${told()}`))
  unchanged(before, snapshot(stage.watches.view(tenant)), goesWith(object, view), `${did} and the agent silent`)
  if (dropped && !isThere()) throw new Broken(`${did}: it was let go before the engine had lost it`)
  if (!dropped) await until(w, `${did} and the agent silent`, () => (isThere() ? 'it is not let go' : undefined))
  stage.rig.node.play(guest, {})
  await until(w, did, () => (isThere() ? 'it is not let go' : undefined))
  await come(w, did)
  unchanged(before, snapshot(w.view), goesWith(object, view), did)
  w.oneWay.add(`made anew ${labelOf(object)}`)
  if (!back) return true
  await create(stage, tenant, kind, name, object.spec)
  await come(w, `${did} and made again`)
  // A new login has no binding before all its databases are there.
  const unbound = object.kind === 'DatabaseUser' && !isWell(object, view) ? [`Binding ${name}`, `${labelOf(object)}.status.binding`] : []
  unchanged(before, snapshot(w.view), [...staysOfMadeAnew(object, view), ...unbound], `${did} and made again`)
  return true
}

/** What goes with it: its part of the Guest, what was granted on it, and a login's password and binding. */
function goesWith(object: Database | DatabaseUser, view: View): string[] {
  const { metadata, spec } = object
  if (object.kind === 'DatabaseUser') {
    const passwords = `Secret.data.<${labelOf(object)}>-${object.spec.passwordGeneration}`
    return [labelOf(object), `Binding ${metadata.name}`, passwords, `Guest.spec.users[${spec.name}]`, `Guest.status.users[${spec.name}]`]
  }
  const holders = view.users.filter(u => u.spec.access?.some(a => a.database === spec.name))
  return [
    labelOf(object),
    `Guest.spec.databases[${spec.name}]`,
    `Guest.status.databases[${spec.name}]`,
    ...holders.flatMap(u => [`${labelOf(u)}.status.conditions`, `Guest.spec.users[${u.spec.name}].access[${spec.name}]`]),
  ]
}
