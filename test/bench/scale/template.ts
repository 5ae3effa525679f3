/**
 * Makes a template of the writes for one Instance. Pure. In place of what differs from Instance to Instance stand marks, and each write has
 * what it waits for: the earlier writes whose answers it quotes, the one before it of the same object, for a pod its account and its fence, and the node where it tells
 * of the node.
 * Nothing else: where the operator took one after the other without need, the template does not. Versions that a write insisted on are left out.
 */
import type { Guest } from '../../../src/api/guest.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { type PersistentVolumeClaim, type Pod, pathOf } from '../../../src/kube/resource.ts'
import { recorded } from '../../integration/faults/history.ts'
import type { Exchange } from '../../integration/faults/journal.ts'

/** How far the node has come with one guest. */
export interface Level {
  /** 1: bound to the node. 2: it runs. */
  pod: number
  /** 1: bound. */
  claim: number
  /** The generation that the agent has reported of. */
  guest: number
}

export const nothingYet: Level = { pod: 0, claim: 0, guest: 0 }

export interface Step {
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  query: Record<string, string>
  contentType: string
  body: string
  /** Steps whose answers it waits for, by number. */
  after: number[]
  level: Level
  /** Marks whose UID its answer tells. */
  tells: string
}

export const mark = (what: string) => `<<${what}>>`

/** What differs: the Instance's name, the beginning of its UID, and the UID of each object. */
export const uidMark = (resource: string, namespace: string | undefined) => mark(`uid ${resource} ${namespace}`)

/** The API server refuses a pod whose account is not there, and none is to run unfenced. */
const neededByPods = ['serviceaccounts', 'networkpolicies']

const methods = { create: 'POST', update: 'PUT', patch: 'PATCH', apply: 'PATCH', delete: 'DELETE' } as const

export function templateOf(instance: string, writes: readonly Exchange[], levelAt: (x: Exchange) => Level): Step[] {
  const uids = new Map<string, string>()
  for (const x of writes) {
    const uid = x.answer?.metadata?.uid
    if (uid !== undefined && x.resource !== 'events') uids.set(uid, uidMark(x.resource, x.namespace))
  }
  const instanceUid = [...uids].find(([, m]) => m.startsWith('<<uid instances '))![0]
  const masked = (text: string) => {
    let out = text
    for (const [uid, m] of uids) out = out.replaceAll(uid, m)
    return out.replaceAll(instanceUid.slice(0, 8), mark('short')).replaceAll(new RegExp(`\\b${instance}\\b`, 'g'), mark('name'))
  }
  const steps: Step[] = []
  const lastOf = new Map<string, number>()
  const madeBy = new Map<string, number>()
  writes.forEach((x, n) => {
    const resource = recorded.find(r => r.plural === x.resource)!
    const { namespace, name, subresource } = x
    const path = pathOf(resource, {
      ...(namespace !== undefined && { namespace }),
      ...(name !== undefined && x.verb !== 'create' && { name }),
      ...(subresource !== undefined && { subresource }),
    })
    const body = masked(JSON.stringify(withoutVersions(x.body)))
    const object = `${x.resource} ${namespace} ${name}`
    const quoted = [...madeBy].filter(([m]) => body.includes(m)).map(([, step]) => step)
    const before = lastOf.get(object)
    const named = x.resource === 'pods' ? neededByPods.flatMap(r => lastOf.get(`${r} ${namespace} ${name}`) ?? []) : []
    const tellsOfNode = subresource === 'status' || x.resource === 'guests' || x.resource === 'events'
    steps.push({
      method: methods[x.verb as keyof typeof methods],
      path: masked(path),
      query: Object.fromEntries(x.query),
      contentType: x.contentType,
      body,
      after: [...new Set([...quoted, ...named, ...(before === undefined ? [] : [before])])],
      level: tellsOfNode ? levelAt(x) : nothingYet,
      tells: uidMark(x.resource, namespace),
    })
    lastOf.set(object, n)
    if (x.resource !== 'events' && !madeBy.has(uidMark(x.resource, namespace))) madeBy.set(uidMark(x.resource, namespace), n)
  })
  return steps
}

/** A version that is insisted on is another each time. */
function withoutVersions(body: unknown): unknown {
  if (Array.isArray(body)) return body.filter(op => op.op !== 'test' || op.path !== '/metadata/resourceVersion')
  const { metadata, ...rest } = body as { metadata?: Record<string, unknown> }
  if (metadata === undefined) return body
  const { resourceVersion: _, ...others } = metadata
  return { ...rest, metadata: others }
}

/** The level after this object was told of. */
export function levelOf(object: KubeObject, before: Level): Level {
  if (object.kind === 'Pod') {
    const { spec, status } = object as Pod
    return { ...before, pod: status?.phase === 'Running' ? 2 : spec?.nodeName === undefined ? 0 : 1 }
  }
  if (object.kind === 'PersistentVolumeClaim') {
    return { ...before, claim: (object as PersistentVolumeClaim).status?.phase === 'Bound' ? 1 : 0 }
  }
  if (object.kind === 'Guest') return { ...before, guest: (object as Guest).status?.observedGeneration ?? 0 }
  return before
}

export const reached = (now: Level, needed: Level) => now.pod >= needed.pod && now.claim >= needed.claim && now.guest >= needed.guest
