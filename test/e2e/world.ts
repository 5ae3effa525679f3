/**
 * What every e2e test stands on: one kind cluster with this checkout's Trove on it, kubectl, and waiting with a reason. Tests do what they
 * do through kubectl and the engines' own clients, and look at objects as kubectl shows them.
 */
import { expect, onTestFinished } from 'vitest'
import { type Cluster, find } from '../kind/cluster.ts'
import { openReader, type Reader } from './reader.ts'

export interface Condition {
  type: string
  status: string
  reason: string
  message: string
  lastTransitionTime: string
  observedGeneration?: number
}

/** As much of any object as tests look at. */
export interface Obj {
  kind: string
  metadata: {
    name: string
    namespace?: string
    uid: string
    generation?: number
    deletionTimestamp?: string
    labels?: Record<string, string>
    annotations?: Record<string, string>
    finalizers?: string[]
  }
  // biome-ignore lint/suspicious/noExplicitAny: objects of many kinds, read by path in tests
  spec: any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  status?: any
  data?: Record<string, string>
  type?: string
}

let found: Cluster | undefined

/** The cluster that the e2e set-up brought up. */
export async function cluster(): Promise<Cluster> {
  found ??= await find('test')
  if (found === undefined) throw new Error('the test cluster is not up: run `npm run test:e2e`, which brings it up')
  return found
}

/** kubectl that must succeed. Arguments as one string are split at blanks. */
export async function kubectl(args: string | string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await tryKubectl(args, input)
  if (code !== 0) throw new Error(`kubectl ${Array.isArray(args) ? args.join(' ') : args}: ${stderr || stdout}`)
  return stdout
}

export async function tryKubectl(
  args: string | string[],
  input?: string,
  timeoutMs = 300_000,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return (await cluster()).kubectl(Array.isArray(args) ? args : args.split(' '), { timeoutMs, ...(input !== undefined && { input }) })
}

export async function apply(...objects: object[]): Promise<void> {
  await kubectl('apply -f -', list(objects))
}

const list = (items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items })

/** Applies and gives back what the server said against it. */
export async function refused(...objects: object[]): Promise<string> {
  const { code, stderr } = await tryKubectl('apply -f -', list(objects))
  expect(code, 'the server should have refused this').not.toBe(0)
  return stderr
}

let opened: Promise<Reader> | undefined

/** Of the cluster that the tests run on. */
export function reader(): Promise<Reader> {
  opened ??= cluster().then(({ kubeconfig }) => openReader(kubeconfig))
  return opened
}

export async function get(resource: string, name: string, namespace?: string): Promise<Obj> {
  const object = await maybe(resource, name, namespace)
  if (object === undefined) throw new Error(`there is no ${resource} ${namespace === undefined ? '' : `${namespace}/`}${name}`)
  return object
}

export async function maybe(resource: string, name: string, namespace?: string): Promise<Obj | undefined> {
  return (await (await reader()).object(resource, name, namespace)) as Obj | undefined
}

/** Of all these resources, separated by commas. */
export async function listAll(resources: string, namespace: string, selector?: string): Promise<Obj[]> {
  const from = await reader()
  const lists = resources.split(',').map(resource => from.objects(resource, { namespace, ...(selector && { selector }) }))
  return (await Promise.all(lists)).flat() as Obj[]
}

/** Polls until `probe` gives something; a failure says what was awaited and what was seen last. */
export async function until<T>(what: string, probe: () => Promise<T | undefined | false>, timeoutMs = 60_000, everyMs = 250): Promise<T> {
  const deadline = performance.now() + timeoutMs
  let last: unknown
  for (;;) {
    try {
      const seen = await probe()
      if (seen !== undefined && seen !== false) return seen
    } catch (error) {
      last = error
    }
    if (performance.now() > deadline)
      throw new Error(`waited ${timeoutMs / 1000} s in vain until ${what}${last ? `; last: ${String(last)}` : ''}`)
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

export const condition = (obj: Obj | undefined, type: string): Condition | undefined =>
  (obj?.status?.conditions as Condition[] | undefined)?.find(c => c.type === type)

/** Waits for a condition of that type and reason (or status), said of the object as it is now, and gives back the object. */
export async function becomes(
  resource: string,
  name: string,
  namespace: string,
  type: string,
  want: string,
  timeoutMs = 120_000,
): Promise<Obj> {
  let seen: Obj | undefined
  try {
    return await until(
      `${resource} ${namespace}/${name} has ${type}=${want}`,
      async () => {
        seen = await maybe(resource, name, namespace)
        const c = condition(seen, type)
        const isOfNow = (c?.observedGeneration ?? seen?.metadata.generation) === seen?.metadata.generation
        return c && isOfNow && (c.status === want || c.reason === want) && seen
      },
      timeoutMs,
    )
  } catch (error) {
    throw new Error(`${(error as Error).message}\nits status: ${JSON.stringify(seen?.status, undefined, 1)}`)
  }
}

export const ready = (instance: string, namespace: string, timeoutMs?: number) =>
  becomes('instance', instance, namespace, 'Ready', 'True', timeoutMs)
export const gone = (resource: string, name: string, namespace?: string, timeoutMs = 90_000) =>
  until(`${resource} ${name} is gone`, async () => (await maybe(resource, name, namespace)) === undefined, timeoutMs)

let counter = 0

/** The user who has the `edit` role in a tenant's namespace, and no other right. */
export const tenantUser = (namespace: string): string => `user-of-${namespace}`

/** A tenant's namespace of this test's own, with a user who has the `edit` role there; deleted when the test is over. */
export async function tenant(hint: string): Promise<{ ns: string; as: string }> {
  const { remove, ...made } = await openTenant(hint)
  onTestFinished(remove)
  return made
}

/** The same, to be removed by who asked for it. */
export async function openTenant(hint: string): Promise<{ ns: string; as: string; remove: () => Promise<void> }> {
  counter += 1
  const ns = `t-${hint}-${Date.now().toString(36)}${counter}`
  const as = tenantUser(ns)
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'edit', namespace: ns },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: as }],
    },
  )
  const remove = async () => {
    await tryKubectl(['delete', 'namespace', ns, '--wait=false'])
  }
  return { ns, as, remove }
}

/** The name of an Instance's guest: its pod, Guest, claim, Secret and Service in trove-guests. */
export async function guestOf(instance: string, namespace: string): Promise<string> {
  const { metadata } = await get('instance', instance, namespace)
  return `${instance}-${metadata.uid.slice(0, 8)}`
}
