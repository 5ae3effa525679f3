/** The moves that change a field: to what makes sense, to what the API server refuses, and to what is wrong where it stands. */
import { isDeepStrictEqual } from 'node:util'
import { ApiError } from '../../../src/kube/errors.ts'
import { allFields } from './plan.ts'
import { Broken } from './rest.ts'
import { type Field, put, read } from './schema.ts'
import { revisions, type Snapshot, snapshot } from './snapshot.ts'
import type { Wrong } from './statements/statement.ts'
import { statements } from './statements/table.ts'
import { drawn, refusals, valid } from './values.ts'
import type { Walked } from './view.ts'
import { come, labelOf, now, patchSpec, rootOf, target, unchanged, type Walker, write } from './walker.ts'

/** Each says whether there was anything to do. */
export async function change(w: Walker, field: Field, seed: number, back: boolean): Promise<boolean> {
  const statement = statements[field.id]!
  const object = target(w, field.kind, seed, o => hasEntry(field, o))
  if (object === undefined) return false
  const draw = (n: number) => (statement.value === undefined ? anything(field, n) : statement.value(w.view, w.memory, object, n))
  const tries = [0, 1, 2, 3].map(n => put(object.spec, field.steps, draw((seed >>> 2) + n)))
  const spec = tries.find(s => !isDeepStrictEqual(s, object.spec))
  if (spec === undefined) return false
  const before = snapshot(w.view)
  const root = rootOf(field)
  const did = `${field.id} of "${object.metadata.name}" went from ${told(read(object.spec, root))} to ${told(read(spec, root))}`
  await write(w, object, spec as object)
  if (statement.stays !== undefined) w.oneWay.add(`${field.id} ${labelOf(object)}`)
  await come(w, did)
  unchanged(before, snapshot(w.view), [...statement.moves(object, w.view), ...statement.moves(now(w, object), w.view)], did)
  if (back) await takeBack(w, field, object, before)
  return true
}

/** A field of an entry can only be changed where there is one. */
const hasEntry = (field: Field, { spec }: Walked) =>
  !field.steps.includes('[]') || ((read(spec, rootOf(field)) as unknown[]) ?? []).length > 0

/** A field that may be absent is so at times. */
const anything = ({ schema, required }: Field, seed: number) => (!required && seed % 4 === 0 ? undefined : drawn(valid(schema), seed))
const told = (value: unknown) => JSON.stringify(value)?.slice(0, 300)

/** In an object that has worked: nothing but what it says of itself may change. */
export async function stateWrong(w: Walker, field: Field, object: Walked, wrong: Wrong, back: boolean): Promise<void> {
  const before = snapshot(w.view)
  const did = `${field.id} of "${object.metadata.name}" became ${told(wrong.value)}, which is ${wrong.code}`
  await write(w, object, put(object.spec, field.steps, wrong.value) as object)
  await come(w, did)
  checkSaid(now(w, object), wrong, did)
  unchanged(before, snapshot(w.view), [`${labelOf(object)}.spec`, `${labelOf(object)}.status.conditions`, ...(wrong.tells ?? [])], did)
  if (back) await takeBack(w, field, object, before)
}

export const reasonOf = (o: Walked | undefined, { condition = 'Ready' }: Wrong) =>
  o?.status?.conditions?.find(c => c.type === condition)?.reason

export function checkSaid(object: Walked, wrong: Wrong, did: string): void {
  const { condition = 'Ready', code } = wrong
  const said = object.status?.conditions?.find(c => c.type === condition)
  if (said?.reason !== code || said.message === '') throw new Broken(`${did}: its condition ${condition} says ${JSON.stringify(said)}`)
}

/** With its old value everything is as before, but for what cannot be taken back. */
async function takeBack(w: Walker, field: Field, object: Walked, before: Snapshot): Promise<void> {
  const old = read(object.spec, rootOf(field))
  const did = `${field.id} of "${object.metadata.name}" went back to ${told(old)}`
  const current = now(w, object)
  await writeBack(w, field, current, put(current.spec, rootOf(field), old) as object, did)
  await come(w, did)
  const { stays, untilRestart = [] } = statements[field.id]!
  unchanged(before, snapshot(w.view), [...(stays?.(now(w, object), w.view, object) ?? []), ...untilRestart], did)
}

/** Where the server must refuse to take the field back it does so, with a code. */
export async function writeBack(w: Walker, field: Field, object: Walked, spec: object, did: string): Promise<void> {
  const code = statements[field.id]!.refusesBack?.(read(spec, field.steps), w.memory)
  if (code === undefined) return write(w, object, spec)
  const refusal = await refusalOf(w, object, spec)
  if (!refusal?.message.includes(code)) throw new Broken(`${did}: that must be refused with ${code}, and is not: ${refusal?.message}`)
}

/** The API server refuses it, names the field and what is wrong with it, and nothing is written by anybody. */
export async function refuse(w: Walker, field: Field, seed: number): Promise<boolean> {
  const object = target(w, field.kind, seed)
  if (object === undefined) return false
  const before = revisions(w.view)
  const list = allFields.get(field.id.replace(/\[\].*/, ''))
  const entry = field.steps.includes('[]') ? drawn(valid(list!.schema.items!), seed) : {}
  for (const { value, at, says } of refusals(field, object.spec)) {
    const did = `${field.id} of "${object.metadata.name}" was to become ${told(value)}`
    const refusal = await refusalOf(w, object, put(object.spec, field.steps, value, entry) as object)
    if (refusal === undefined) throw new Broken(`${did}: that was taken, and must be refused (${says})`)
    const causes = refusal.details?.causes ?? []
    const isTold = causes.some(c => bare(c.field) === bare(at) && c.message?.includes(says))
    if (!isTold) throw new Broken(`${did}: the refusal does not name ${at} and "${says}": ${refusal.message} ${JSON.stringify(causes)}`)
  }
  await come(w, `${field.id} was refused`)
  const after = revisions(w.view)
  const touched = Object.keys({ ...before, ...after }).filter(key => before[key] !== after[key])
  if (touched.length > 0) throw new Broken(`${field.id} was refused, and yet there were writes to ${touched.join(', ')}`)
  return true
}

const bare = (field: string | undefined) => field?.replaceAll(/\[[^\]]*\]/g, '')

async function refusalOf(w: Walker, object: Walked, spec: object): Promise<ApiError | undefined> {
  try {
    await patchSpec(w, object, spec)
    return undefined
  } catch (error) {
    if (error instanceof ApiError && error.status === 422) return error
    throw error
  }
}
