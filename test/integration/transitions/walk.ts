/**
 * One walk: from a first state over changes, each checked, back to the first state, and to the end of its Instance. A change must reach what the
 * table says and nothing else; what is refused must change nothing and say why; what is wrong where it stands must leave the children alone and say a
 * code; and what is taken back must be as if it had never been.
 */
import { isDeepStrictEqual } from 'node:util'
import { persistentvolumeclaims, type Resource, secrets } from '../../../src/kube/resource.ts'
import { guestName, labels } from '../../../src/operator/names.ts'
import { parseQuantity } from '../../../src/operator/quantity.ts'
import { guestsNamespace, signal } from '../operator/rig.ts'
import { create, firstMemory, firstSpecs } from './begin.ts'
import { change, refuse, stateWrong, writeBack } from './moves.ts'
import { remove, stateTwin } from './objects.ts'
import { allFields, type Move, type Step, type WalkPlan } from './plan.ts'
import { Broken, rest, type Stage } from './rest.ts'
import { put, read, type WalkedKind } from './schema.ts'
import { snapshot } from './snapshot.ts'
import { waiting } from './statements/statement.ts'
import { statements } from './statements/table.ts'
import type { Tenant, View, Walked } from './view.ts'
import { come, discard, now, staying, target, unchanged, until, type Walker, write } from './walker.ts'

export const nameOf = ({ how, field }: Move) => `${how} ${field}`

/** `made` is called with the name of each move that there was something to do for. */
export async function walk(stage: Stage, tenant: Tenant, plan: WalkPlan, made: (move: string) => void): Promise<void> {
  const w = await begin(stage, tenant, plan.start)
  const first = w.view
  for (const step of plan.steps) if (step !== undefined && (await take(w, step))) made(nameOf(step.move))
  await goBack(w, first)
  unchanged(snapshot(first), snapshot(w.view), staying(w), 'everything was taken back')
  await end(w)
}

export async function begin(stage: Stage, tenant: Tenant, start: number): Promise<Walker> {
  const specs = firstSpecs(tenant, start)
  const memory = firstMemory(specs)
  for (const { kind, name, spec } of specs) await create(stage, tenant, kind, name, spec)
  // A start is many steps.
  const view = await rest({ ...stage, patienceMs: 3 * stage.patienceMs }, tenant, memory, 'everything was made')
  const uids = { claim: view.claim.metadata.uid, pod: view.pod.metadata.uid, restarts: 0 }
  return { stage, tenant, memory, view, uids, oneWay: new Set() }
}

/** Whether there was anything to do. */
export async function take(w: Walker, { move, seed, back }: Step): Promise<boolean> {
  if (move.how === 'remove') return remove(w, move.field, seed, back)
  const field = allFields.get(move.field)!
  if (move.how === 'refused') return refuse(w, field, seed)
  if (move.how === 'change') return change(w, field, seed, back)
  const object = target(w, field.kind, seed)
  const wrongs = object === undefined ? [] : statements[field.id]!.wrong!(w.view, object)
  const wrong = wrongs[(seed >>> 4) % wrongs.length]
  if (wrong === undefined) return false
  await (wrong.twin === undefined ? stateWrong(w, field, object!, wrong, back) : stateTwin(w, field, wrong))
  return true
}

const restartField = 'Instance.spec.restartRequestedAt'
const sizeField = 'Instance.spec.volume.size'

/** Everything at once, in whatever order it arrives; then, if something waits for one, a restart. */
async function goBack(w: Walker, first: View): Promise<void> {
  const { stage, tenant } = w
  const objects: Walked[] = [first.datastore, ...first.versions, first.flavor, ...first.groups, ...first.databases, ...first.users]
  for (const object of objects) {
    const { kind, metadata, spec } = object
    if (stage.watches.find(kind as WalkedKind, tenant, metadata.name) === undefined)
      await create(stage, tenant, kind as WalkedKind, metadata.name, spec)
    else if (!isDeepStrictEqual(now(w, object).spec, spec)) await write(w, now(w, object), spec)
  }
  const { spec } = first.instance
  const { steps } = allFields.get(restartField)!
  const size = allFields.get(sizeField)!
  const instance = () => now(w, first.instance)
  const requested = () => read(instance().spec, steps)
  const resize = (to: unknown) =>
    writeBack(w, size, instance(), put(instance().spec, size.steps, to) as object, `the size went back to ${to}`)
  if (!isDeepStrictEqual(instance().spec.volume.size, spec.volume.size)) await resize(spec.volume.size)
  // What was granted stays; what was refused on top of that goes.
  if (parseQuantity(instance().spec.volume.size) > w.memory.granted) await resize(w.memory.granted)
  const rest = put(put(spec, steps, requested()), size.steps, instance().spec.volume.size) as object
  if (!isDeepStrictEqual(instance().spec, rest)) await write(w, instance(), rest)
  await come(w, 'everything but restarts went back')

  const restart = async (at: unknown) => {
    await write(w, instance(), put(instance().spec, steps, at) as object)
    w.oneWay.add(`${restartField} Instance`)
    await come(w, `restartRequestedAt became ${at}`)
  }
  const { image, imagePullSecrets = [] } = first.versions[0]!.spec
  const isOther = w.memory.image !== image || !isDeepStrictEqual(w.memory.pullSecrets, imagePullSecrets)
  if (isOther || waiting(w.view).length > 0) await restart('2099-01-01T00:00:00Z')
  if (requested() !== spec.restartRequestedAt) await restart(spec.restartRequestedAt)
}

/** Volume and passwords stay if the policy says so, and nothing else ever does. */
export async function end(w: Walker): Promise<void> {
  const { stage, tenant, view } = w
  const { instance, groups, databases, users, datastore, versions, flavor, secret } = view
  const did = `everything was deleted with deletionPolicy ${instance.spec.deletionPolicy}`
  for (const object of [instance, ...groups, ...databases, ...users, flavor, ...versions, datastore]) await discard(w, object)
  const left = () => Object.keys(stage.watches.view(tenant).all)
  await until(w, did, () => (left().length === 0 ? undefined : `there is still ${left().join(', ')}`))
  const kept = instance.spec.deletionPolicy === 'Retain' ? ['PersistentVolumeClaim', ...(secret === undefined ? [] : ['Secret'])] : []
  const remains = (await stage.rig.left(tenant.name)).map(o => o.split('/')[0])
  if (!isDeepStrictEqual(remains, kept)) throw new Broken(`${did}: what is left is ${remains.join(', ') || 'nothing'}`)
  const ref = { namespace: guestsNamespace, name: guestName(instance) }
  const of: Record<string, Resource<never>> = { PersistentVolumeClaim: persistentvolumeclaims as never, Secret: secrets as never }
  for (const kind of kept) {
    const { metadata } = await stage.rig.client.get(of[kind]!, ref, { signal })
    if ((metadata as View['claim']['metadata']).labels?.[labels.retained] !== 'true')
      throw new Broken(`${did}: the ${kind} is not marked as retained`)
  }
}
