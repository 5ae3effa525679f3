/** Oracles that look at what became of it all, and at what was said of it. */
import type { Guest } from '../../../src/api/guest.ts'
import type { Loose, Version } from './history.ts'
import { masked } from './journal.ts'
import { isCompared } from './masks.ts'
import type { Expectation } from './oracles.ts'
import { condition } from './stage.ts'
import type { Evidence } from './trial.ts'
import { applied, instanceUid, keyOf, through } from './witness.ts'

export function sameEnd(e: Evidence, { reference }: Expectation): string[] {
  if (reference === undefined || e.end === reference.end || e.stuck.length > 0) return []
  return [difference(e.end, reference.end)]
}

export function sameCounts(e: Evidence, { reference, taken }: Expectation): string[] {
  if (reference === undefined || e.stuck.length > 0) return []
  const others = (counts: string) =>
    counts
      .split('\n')
      .filter(line => !line.startsWith(`${taken}: `))
      .join('\n')
  const [counts, wanted] = [others(countsOf(e)), others(reference.counts)]
  return counts === wanted ? [] : [difference(counts, wanted)]
}

/** How often each object was made and deleted, a line for each. */
export function countsOf(e: Evidence): string {
  const counts = new Map<string, { made: number; deleted: number }>()
  for (const { type, resource, object } of e.view.versions.filter(v => isCompared(v.resource))) {
    const key = `${resource} ${masked(object.metadata.name, e.id)}`
    const count = counts.get(key) ?? { made: 0, deleted: 0 }
    if (type === 'ADDED') count.made += 1
    if (type === 'DELETED') count.deleted += 1
    counts.set(key, count)
  }
  return [...counts]
    .map(([key, c]) => `${key}: made ${c.made}, deleted ${c.deleted}`)
    .sort()
    .join('\n')
}

/** The lines that only one of two texts has, with where they are. */
function difference(is: string, shouldBe: string): string {
  const [a, b] = [is, shouldBe].map(t => t.split('\n')) as [string[], string[]]
  const at = a.findIndex((line, i) => line !== b[i])
  const some = (lines: string[]) => lines.slice(Math.max(0, at - 2), at + 4).join('\n    ')
  return `line ${at + 1}\n  is\n    ${some(a)}\n  in the clean run\n    ${some(b)}`
}

/** Of everything it is said what became of it as it is asked for now. */
export function isJudged(e: Evidence): boolean {
  return ['instances', 'configurationgroups', 'databases', 'databaseusers'].every(plural =>
    e.view.list(plural).every(({ metadata, status }) => status?.observedGeneration === metadata.generation),
  )
}

type Condition = { type: string; status: string; observedGeneration?: number }

/** What is said of a generation was judged of that generation: never a later one than there is, never one after another that was judged later. */
export function honestStatus(e: Evidence): string[] {
  const wrong: string[] = []
  const reached = new Map<string, number>()
  for (const { v, before } of through(e)) {
    const { uid, generation = 0 } = v.object.metadata
    const status = (v.object as Loose).status as { observedGeneration?: number; conditions?: Condition[] } | undefined
    if (v.type === 'DELETED' || status?.conditions === undefined || v.resource === 'pods') continue
    const observed = status.observedGeneration ?? 0
    if (observed > generation) wrong.push(`${keyOf(v)} speaks of generation ${observed} at ${generation}`)
    if (observed < (reached.get(uid) ?? 0)) wrong.push(`${keyOf(v)} speaks of generation ${observed} after ${reached.get(uid)}`)
    reached.set(uid, observed)
    for (const c of status.conditions) {
      if (c.observedGeneration !== observed)
        wrong.push(`${keyOf(v)}: ${c.type} was judged for ${c.observedGeneration}, the rest for ${observed}`)
    }
    if (v.resource === 'configurationgroups') wrong.push(...countedTooSoon(v, observed, e))
    const judge = v.type === 'MODIFIED' && becameReady(v, observed, before) ? whatReadyMeans[v.resource] : undefined
    if (judge !== undefined) wrong.push(...judge(v, observed, e))
  }
  return wrong
}

/** Nobody is counted as running with a group of whom no agent has said that it does, of what that generation asks for. */
function countedTooSoon(v: Version, observed: number, e: Evidence): string[] {
  const { instances } = (v.object as Loose).status as { instances?: { applied: number } }
  const asked = JSON.stringify(Object.entries((asOf(v, observed, e).spec?.values ?? {}) as object).sort())
  const applied = new Set<string>()
  for (const x of e.view.versions) {
    if (x.resource !== 'guests' || x.at > v.at) continue
    const { spec, status } = x.object as unknown as Guest
    const has = JSON.stringify(Object.entries(spec.configuration.layers.group ?? {}).sort())
    if (has === asked && status?.configuration?.hash === spec.configuration.hash) applied.add(x.object.metadata.name)
  }
  const { applied: said = 0 } = instances ?? {}
  return said <= applied.size
    ? []
    : [`${keyOf(v)} says that ${said} Instances run with ${asked}; the agents of ${applied.size} have said so`]
}

function becameReady(v: Version, observed: number, world: Map<string, Loose>): boolean {
  const was = condition(world.get(keyOf(v)), 'Ready') as Condition | undefined
  const is = condition(v.object as Loose, 'Ready') as Condition | undefined
  return is?.status === 'True' && !(was?.status === 'True' && was.observedGeneration === observed)
}

/** The object as it was when it had that generation. */
const asOf = (v: Version, generation: number, e: Evidence) =>
  e.view.versions.find(x => x.object.metadata.uid === v.object.metadata.uid && x.object.metadata.generation === generation)?.object as Loose

type Meaning = (v: Version, observed: number, e: Evidence) => string[]

const whatReadyMeans: Record<string, Meaning> = {
  /** Who may connect, which can be read off the network policy as it was written last, is as that generation says. What became of it since is others' doing. */
  instances(v, observed, e) {
    const { access } = asOf(v, observed, e).spec as { access?: { allowedCidrs?: string[] } }
    const cidrs = access?.allowedCidrs ?? []
    const { name, uid } = v.object.metadata
    const writes = applied(e)
    const said = writes.find(x => x.answer?.metadata?.resourceVersion === String(v.at))?.n ?? Number.POSITIVE_INFINITY
    const last = writes.findLast(x => x.n < said && x.resource === 'networkpolicies' && x.name === `${name}-${uid.slice(0, 8)}`)
    const text = JSON.stringify(last?.verb === 'delete' ? [] : ((last?.answer as Loose | undefined)?.spec?.ingress ?? []))
    const allowed = [...text.matchAll(/"cidr":"([^"]+)"/g)].map(m => m[1]!)
    const isFenced = JSON.stringify([...cidrs].sort()) === JSON.stringify(allowed.sort())
    const fence = `which allows [${cidrs}]; the network policy was written to allow [${allowed}]`
    return [
      ...(isFenced ? [] : [`${keyOf(v)} is Ready for generation ${observed}, ${fence}`]),
      ...(isSaidToBeWell(v, e) ? [] : [`${keyOf(v)} is Ready; since it was not, no agent has said that its engine is well`]),
    ]
  },

  /** The agent has said that the engine has the password of that generation, and the binding was given it. What became of either since is others' doing. */
  databaseusers(v, observed, e) {
    const { uid, name, namespace } = v.object.metadata
    const revision = `${uid.slice(0, 8)}-${asOf(v, observed, e).spec?.passwordGeneration ?? 1}`
    const earlier = e.view.versions.filter(x => x.at < v.at).map(({ resource, object }) => ({ resource, ...(object as Loose) }))
    const secrets = earlier.filter(o => o.resource === 'secrets')
    const has = earlier.some(
      o => o.resource === 'guests' && usersIn(o.status).some(u => u.passwordRevision === revision && u.state === 'Ready'),
    )
    const passwords = new Set(secrets.flatMap(o => o.data?.[revision] ?? []))
    const isBound = secrets.some(
      ({ metadata, data }) =>
        metadata.namespace === namespace && metadata.name === `${name}-credentials` && passwords.has(data?.password ?? ''),
    )
    return [
      ...(has ? [] : [`${keyOf(v)} is Ready for generation ${observed}; the agent has not said that the engine has its password`]),
      ...(isBound ? [] : [`${keyOf(v)} is Ready for generation ${observed}; its binding is not`]),
    ]
  },
}

/** Before an Instance became Ready its agent said so: it stands there still, or was said since the Instance was last told of as anything else. */
function isSaidToBeWell(v: Version, e: Evidence): boolean {
  const { uid } = v.object.metadata
  const before = e.view.versions.findLast(x => x.object.metadata.uid === uid && x.at < v.at)
  if (before === undefined || condition(before.object as Loose, 'Ready')?.status === 'True') return true
  const said = e.view.versions.filter(x => x.resource === 'guests' && instanceUid(x.object) === uid && x.at < v.at)
  return said.some((x, i) => (x.at > before.at || i === said.length - 1) && (x.object as Loose).status?.operatingStatus === 'HEALTHY')
}

const usersIn = (part: Record<string, unknown> | undefined) => (part?.users ?? []) as { passwordRevision?: string; state?: string }[]
