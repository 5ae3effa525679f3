/**
 * What may differ between two runs that went equally well. Each mask has its reason; whatever is not masked must be equal to the last letter.
 */
import type { KubeObject } from '../../../src/kube/objects.ts'
import { masked } from './journal.ts'

/** Fields that are left out, wherever they are. */
const ignored: Record<string, string> = {
  uid: 'chosen by the server',
  resourceVersion: 'a position in etcd’s history',
  creationTimestamp: 'time',
  deletionTimestamp: 'time; that an object is being deleted is seen from its staying',
  lastTransitionTime: 'time',
  startedAt: 'time',
  startTime: 'time',
  at: 'time of a fault',
  'trove.dev/asked-at': 'time',
  generation: 'counts how many steps a spec was reached in; a crash may join two of them',
  observedGeneration: 'follows generation; that it is not behind is an oracle of its own',
  clusterIP: 'given out by the server',
  clusterIPs: 'given out by the server',
  'trove.dev/agent-roll': 'times, and which container there was before',
  hash: 'of a configuration that holds the guest’s name, and with it a UID',
  startedWith: 'a hash as well',
  refused: 'a hash as well',
  'trove.dev/template': 'hash of a pod that holds the guest’s name, and with it a UID',
}

/** Resources that are not compared. */
const uncounted: Record<string, string> = {
  events: 'best effort: a crash may say a thing twice, or not at all',
  leases: 'the one thing that is written at rest',
}

/** Fields that are left out on one kind. */
const ignoredOn: Record<string, Record<string, string>> = {
  PersistentVolumeClaim: {
    'trove.dev/image-digest':
      'left by a Guest that is seen to go, for the one that is made next; whether it is seen before its Instance’s end is a matter of which news comes first',
  },
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
/** A password's revision begins with the user's UID. */
const revision = /\b[0-9a-f]{8}-(?=\d+\b)/g
export const revisionKey = /^[0-9a-f]{8}-\d+$/

export const isCompared = (resource: string): boolean => !Object.hasOwn(uncounted, resource)

/** The object as text that is equal in every run. */
export function maskedText(object: KubeObject, id: string): string {
  const text = JSON.stringify(object, (key, value: unknown) => {
    if (Object.hasOwn(ignored, key) || Object.hasOwn(ignoredOn[object.kind] ?? {}, key)) return undefined
    return key === 'data' && object.kind === 'Secret' ? withoutPasswords(value as Record<string, string>) : value
  })
  return JSON.stringify(inOrder(JSON.parse(masked(text.replace(uuid, 'UUID').replace(revision, 'UID-'), id))), undefined, 1)
}

/** They are random. That they agree with one another is an oracle of its own. */
function withoutPasswords(data: Record<string, string>): Record<string, string> {
  const read = (value: string) => Buffer.from(value, 'base64').toString()
  const password = data.password === undefined ? undefined : read(data.password)
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => {
      if (key === 'password' || revisionKey.test(key)) return [key, 'PASSWORD']
      return [key, password === undefined ? read(value) : read(value).replace(password, 'PASSWORD')]
    }),
  )
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(inOrder).sort((a, b) => order(JSON.stringify(a), JSON.stringify(b)))
  const entries = Object.entries(value).map(([key, part]) => [key, inOrder(part)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => order(a, b)))
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
