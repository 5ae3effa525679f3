/**
 * From the record of a clean run come the faults to try: generated, not hand-picked. Pure. A plan is data; what it does is in inject.ts. Its
 * name tells all of it, and means the same fault in every run.
 */
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Version } from './history.ts'
import {
  type Exchange,
  isDestructive,
  isOnGuestSide,
  isQuestion,
  isSaidForGood,
  isWrite,
  masked,
  type Named,
  named,
  objectOf,
  wasApplied,
} from './journal.ts'
import { editsOf } from './meddle.ts'
import type { Begun } from './trial.ts'

export type Plan = { name: string } & (
  | { fault: 'crash before' | 'crash after' | 'applied but answered 500' | 'answer cut short'; write: string }
  /** The process ends, or its watches do, and what it lists then is as old as the beginning of that step. */
  | { fault: 'stale list'; after: 'a crash' | 'a lost history'; of: Part; write: string; step: number }
  /** Counted are the events of the object in the workload's own steps, from 0: `from` is lost, and all that follow it up to `to`. */
  | { fault: 'lost event'; resource: string; object: string; from: number; to: number }
  | { fault: 'read cut short'; question: string }
  | {
      fault: 'gone' | 'gone in the stream' | 'gone on a page' | 'list cut short' | 'watch lines cut' | 'stalled watches' | 'leader cut off'
      step: number
    }
  | { fault: 'leader stopped'; write: string }
  /** Somebody deletes it while one leads and another stands by. */
  | { fault: 'lease deleted'; step: number }
  | { fault: 'history ends at a bookmark' | 'no bookmarks'; step: number }
  | { fault: 'relist'; objects: number; step: number }
  | { fault: 'storm'; status: 404 | 409 | 429 | 500 | 503; seconds: number; step: number }
  | { fault: 'skewed clock'; minutes: number; step: number }
  | { fault: 'replaced' | 'deleted'; resource: string; write: string }
  | { fault: 'edited'; resource: string; edit: string; when: 'at once' | 'at the end'; write: string }
  /** While it waits for the answer to one question, somebody changes what it was asked to do. */
  | { fault: 'asked for something else'; question: string }
)

/** Which lists are old: caches of different kinds lag behind each on its own. */
export type Part = 'everything' | 'the tenant' | 'the guests' | Kind

/** Kinds of which the absence, or an earlier state, decides about another. */
export const kinds = [
  'instances',
  'configurationgroups',
  'databases',
  'databaseusers',
  'datastoreversions',
  'guests',
  'persistentvolumeclaims',
  'secrets',
  'pods',
] as const
type Kind = (typeof kinds)[number]

export type PlanOf<F extends Plan['fault']> = Plan & { fault: F }

/** The clean run of one workload. */
export interface Clean {
  id: string
  journal: readonly Exchange[]
  versions: readonly Version[]
  /** resourceVersion at which each step began. */
  boundaries: readonly number[]
  /** Faults strike from here on. */
  begun: Begun
}

type Unnamed<T> = T extends unknown ? Omit<T, 'name'> : never

export function generatePlans(clean: Clean): Plan[] {
  const writes = ownWrites(clean).filter(({ exchange }) => wasApplied(exchange))
  const steps = [...clean.boundaries.keys()].slice(clean.begun.step)
  const [first, step] = [steps[0]!, steps.at(-1)!]
  const plans: Unnamed<Plan>[] = []

  for (const { name: write } of writes) {
    plans.push({ fault: 'crash before', write }, { fault: 'crash after', write }, { fault: 'applied but answered 500', write })
  }
  // Whose answer it is makes no difference to how it is cut, and to what is made of it.
  for (const { name: write } of firstOfEach(writes, w => `${w.exchange.verb} ${w.exchange.subresource}`))
    plans.push({ fault: 'answer cut short', write })
  for (const { name: write, exchange } of writes.filter(w => isDestructive(w.exchange))) {
    const steps = stepsBefore(exchange, clean)
    const [first, latest] = [steps[0]!, steps.at(-1)!]
    const stale = (of: Part, step: number) => plans.push({ fault: 'stale list', after: 'a crash', of, write, step })
    stale('everything', latest)
    // They go together, and nothing hangs on them.
    if (isServing(exchange)) continue
    stale('the guests', first)
    // On whether there is a pod rests what may go.
    if (exchange.resource === 'pods') stale('pods', first)
    plans.push({ fault: 'stale list', after: 'a lost history', of: 'the tenant', write, step: latest })
    // A deletion is safe by its UID; what lets go or forgets must not believe any of it.
    if (exchange.verb === 'delete') continue
    stale('the tenant', latest)
    if (first === latest) continue
    stale('everything', first)
    stale('the tenant', first)
    stale('the guests', latest)
  }
  // What is said for good rests on several kinds, each of which may be behind alone: in turn one is, as of its first step or the latest.
  for (const [i, { name: write, exchange }] of writes.filter(w => isSaidForGood(w.exchange)).entries()) {
    const steps = stepsBefore(exchange, clean)
    const old = [...new Set([steps[0]!, steps.at(-1)!])].flatMap(step => changedSince(step, exchange, clean).map(of => ({ of, step })))
    if (old.length > 0) plans.push({ fault: 'stale list', after: 'a crash', write, ...old[i % old.length]! })
  }
  plans.push(...lostEvents(clean), ...meddling(writes, clean))
  const questions = named(clean.journal.slice(clean.begun.n), isQuestion, clean.id)
  for (const { name: question } of questions.slice(0, 1)) plans.push({ fault: 'read cut short', question })
  // What decides about an Instance beside what is in the caches.
  const decisive = questions.filter(q => q.exchange.resource === 'storageclasses')
  for (const { name: question } of decisive.slice(0, 6)) plans.push({ fault: 'asked for something else', question })
  for (const step of steps) plans.push({ fault: 'gone', step }, { fault: 'gone in the stream', step }, { fault: 'watch lines cut', step })
  for (const fault of ['gone on a page', 'list cut short', 'no bookmarks'] as const) plans.push({ fault, step: first })
  plans.push({ fault: 'history ends at a bookmark', step })
  plans.push({ fault: 'stalled watches', step }, { fault: 'relist', objects: 10_000, step })
  plans.push({ fault: 'leader cut off', step }, { fault: 'lease deleted', step })
  // It takes a while, so only here and there.
  for (const part of [0.25, 0.5, 0.75]) {
    const write = writes[Math.floor(writes.length * part)]?.name
    if (write !== undefined) plans.push({ fault: 'leader stopped', write })
  }
  for (const status of [404, 409, 429, 500, 503] as const) plans.push({ fault: 'storm', status, seconds: 30, step })
  for (const minutes of [10, -10]) plans.push({ fault: 'skewed clock', minutes, step })
  return plans.map(plan => ({ ...plan, name: nameOf(plan) }) as Plan)
}

/** The operator's writes in the workload's own steps, by name. */
export const ownWrites = ({ journal, begun, id }: Pick<Clean, 'journal' | 'begun' | 'id'>) => named(journal.slice(begun.n), isWrite, id)

/** What served a pod that has gone. */
const isServing = ({ verb, resource }: Exchange) =>
  verb === 'delete' && ['serviceaccounts', 'roles', 'rolebindings', 'networkpolicies', 'services'].includes(resource)

/** Of others a patch touches finalizers alone. */
const patched = new Set(['instances', 'guests'])

/** Right after the operator first made or first changed an object, somebody else lays hands on it. */
function meddling(writes: readonly Named[], clean: Clean): Unnamed<Plan>[] {
  // What ends with the write is out of everybody's reach.
  const lasts = ({ verb, subresource, answer }: Exchange) =>
    subresource === undefined && verb !== 'delete' && answer?.metadata.deletionTimestamp === undefined
  const lasting = writes.filter(({ exchange }) => lasts(exchange))
  const sorts = firstOfEach(lasting, ({ name, exchange: { verb, resource } }) => `${verb} ${resource} ${isOnGuestSide(name)}`)
  return sorts.flatMap(({ name: write, exchange: { verb, resource } }): Unnamed<Plan>[] => {
    // A tenant's Secret is looked at now and then: by that time it may not be ours to make good any more.
    const isSeen = resource !== 'secrets' || isOnGuestSide(write) || isLasting(write, clean)
    return [
      ...(verb !== 'patch' || patched.has(resource) ? [{ fault: 'replaced', resource, write } as const] : []),
      ...(isSeen && (verb !== 'patch' || resource === 'guests') ? [{ fault: 'deleted', resource, write } as const] : []),
      ...(isSeen && verb === 'create' ? edited(resource, write, clean) : []),
    ]
  })
}

/** At once; and once more when all is done, if the whole story is of the workload's own making: what was given is the same everywhere. */
function edited(resource: string, write: string, clean: Clean): Unnamed<PlanOf<'edited'>>[] {
  const moments = clean.begun.step === 0 && isLasting(write, clean) ? (['at once', 'at the end'] as const) : (['at once'] as const)
  return editsOf({ resource, write }).flatMap(edit => moments.map(when => ({ fault: 'edited', resource, edit, when, write }) as const))
}

/** Whether the object is still there at the end, and an Instance that it is for. */
function isLasting(write: string, { versions, id }: Clean): boolean {
  const isThere = (test: (v: Version) => boolean) => (versions.findLast(test)?.type ?? 'DELETED') !== 'DELETED'
  return isThere(v => v.resource === 'instances') && isThere(v => `${v.resource} ${masked(v.object.metadata.name, id)}` === objectOf(write))
}

function nameOf({ fault, ...rest }: Unnamed<Plan>): string {
  const details = Object.entries(rest).map(([key, value]) => `${key} ${typeof value === 'number' && key === 'step' ? value + 1 : value}`)
  return [fault, ...details].join(', ')
}

const firstOfEach = <W>(writes: readonly W[], sortOf: (write: W) => string): W[] =>
  [...Map.groupBy(writes, sortOf).values()].map(([first]) => first!)

/** resourceVersion at which a write was sent, about. */
const momentOf = (exchange: Exchange, { journal }: Clean): number =>
  Math.max(0, ...journal.filter(x => x.n < exchange.n).map(x => Number(x.answer?.metadata?.resourceVersion ?? 0)))

/** The steps whose beginning lies before a write. */
function stepsBefore(exchange: Exchange, clean: Clean): number[] {
  const now = momentOf(exchange, clean)
  return clean.boundaries.flatMap((at, i) => (at <= now ? [i] : []))
}

/** The kinds of which a list as old as the beginning of that step is another than at the moment of the write. */
function changedSince(step: number, exchange: Exchange, clean: Clean): Kind[] {
  const now = momentOf(exchange, clean)
  return kinds.filter(kind => clean.versions.some(v => v.resource === kind && v.at > clean.boundaries[step]! && v.at <= now))
}

/** Whether the operator was told of it: one of its watches is for that resource, and for objects like this one. */
function isWatched({ resource, object: { metadata } }: Version, journal: readonly Exchange[]): boolean {
  return journal.some(x => {
    if (x.verb !== 'watch' || x.resource !== resource || (x.namespace ?? metadata.namespace) !== metadata.namespace) return false
    const selector = x.query.get('labelSelector')
    return selector === null || selector.split(',').every(term => metadata.labels?.[term.split('=')[0]!] === term.split('=')[1])
  })
}

/** Every event that a later one cancels: it made a difference that did not last. Lost are it and what came of the object until then. */
function lostEvents({ versions, begun, id, journal }: Clean): Unnamed<Plan>[] {
  const byObject = Map.groupBy(
    versions.filter(v => isWatched(v, journal)),
    v => `${v.resource} ${v.object.metadata.namespace ?? ''}/${v.object.metadata.name}`,
  )
  return [...byObject.values()].flatMap(history => {
    const given = history.filter(v => v.at <= begun.at).length
    return history.flatMap(({ resource, object }, i): Unnamed<Plan>[] => {
      const to = i < given ? undefined : cancelledBy(history, i)
      if (to === undefined) return []
      return [{ fault: 'lost event', resource, object: masked(object.metadata.name, id), from: i - given, to: to - given }]
    })
  })
}

/** Which later version of the object undoes something that this one did. */
export function cancelledBy(history: readonly Version[], i: number): number | undefined {
  const before = history[i - 1]
  const changed = differences(before === undefined || before.type === 'DELETED' ? undefined : before.object, history[i]!.object)
  if (history[i]!.type === 'DELETED') {
    // A deletion is cancelled by a second life under the same name.
    return history[i + 1] === undefined ? undefined : i + 1
  }
  for (let j = i + 1; j < history.length; j++) {
    const later = history[j]!
    if (later.type === 'DELETED') return j
    const now = flatten(later.object)
    for (const [path, value] of changed) if (now.get(path) !== value) return j
  }
  return undefined
}

function differences(before: KubeObject | undefined, after: KubeObject): Map<string, string> {
  const old = before === undefined ? new Map<string, string>() : flatten(before)
  return new Map([...flatten(after)].filter(([path, value]) => old.get(path) !== value))
}

/** Of every version these are different, and nobody decides by them. */
const always = new Set(['resourceVersion', 'generation', 'observedGeneration', 'lastTransitionTime', 'trove.dev/asked-at', 'message', 'at'])

function flatten(value: unknown, path = '', into = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) if (!always.has(key)) flatten(part, `${path}/${key}`, into)
  } else into.set(path, String(value))
  return into
}
