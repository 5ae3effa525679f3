/** How an oracle reads a trial's evidence: the writes that were applied, and history with the world as it was at each point. */
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Loose, Version } from './history.ts'
import { type Exchange, isWrite, wasApplied } from './journal.ts'
import type { Evidence } from './trial.ts'

export const applied = (e: Evidence): Exchange[] => e.journal.filter(x => isWrite(x) && wasApplied(x))
export const requestOf = (x: Exchange): string =>
  `${x.verb} ${x.resource}${x.subresource ? `/${x.subresource}` : ''} ${x.namespace}/${x.name}`
export const tell = (x: Exchange): string => `#${x.n} ${requestOf(x)}`
export const keyOf = (v: { resource: string; object: KubeObject }) =>
  `${v.resource} ${v.object.metadata.namespace ?? ''}/${v.object.metadata.name}`
export const inGuests = (e: Evidence, { metadata }: KubeObject) => metadata.namespace === `g-${e.id}`
export const instanceUid = ({ metadata }: KubeObject): string | undefined => metadata.labels?.['trove.dev/instance-uid']

/** Goes through history, with the world as it was just before each version. */
export function* through(e: Evidence): Generator<{ v: Version; before: Map<string, Loose> }> {
  const world = new Map<string, Loose>()
  for (const v of [...e.view.versions].sort((a, b) => a.at - b.at)) {
    yield { v, before: world }
    if (v.type === 'DELETED') world.delete(keyOf(v))
    else world.set(keyOf(v), v.object)
  }
}

const instancesOf = (world: Map<string, Loose>): Loose[] => [...world].filter(([key]) => key.startsWith('instances ')).map(([, o]) => o)
export const byUid = (world: Map<string, Loose>, uid: string | undefined): Loose | undefined =>
  instancesOf(world).find(i => i.metadata.uid === uid)

/** resourceVersion at which a deletion showed. */
export function momentOf(e: Evidence, x: Exchange): number {
  const uid = x.body?.preconditions?.uid
  const ended = (v: Version) => v.type === 'DELETED' || v.object.metadata.deletionTimestamp !== undefined
  return e.view.versions.find(v => v.object.metadata.uid === uid && ended(v))?.at ?? Number.POSITIVE_INFINITY
}
