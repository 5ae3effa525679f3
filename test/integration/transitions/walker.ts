/** Who walks: what is known of the way so far, and what every move needs, to write as a tenant does, to come to rest, and to compare. */
import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { guestName } from '../../../src/operator/names.ts'
import { parseQuantity } from '../../../src/operator/quantity.ts'
import { signal } from '../operator/rig.ts'
import { allFields } from './plan.ts'
import { Broken, rest, type Stage } from './rest.ts'
import type { Field, WalkedKind } from './schema.ts'
import { differences, type Snapshot } from './snapshot.ts'
import { judgeSize } from './statements/instance.ts'
import type { Memory } from './statements/statement.ts'
import { statements } from './statements/table.ts'
import { resourceOf, type Tenant, type View, type Walked } from './view.ts'

export interface Walker {
  readonly stage: Stage
  readonly tenant: Tenant
  readonly memory: Memory
  /** As it was at the last rest. */
  view: View
  /** The changes that cannot be taken back, as the field and the label of the object. */
  readonly oneWay: Set<string>
  /** UIDs that must never be others, and the one of the pod, that is another after each restart. */
  readonly uids: { claim: string; pod: string; restarts: number }
}

/** How the snapshot names an object. */
export function labelOf({ kind, metadata }: KubeObject): string {
  if (kind === 'Database' || kind === 'DatabaseUser' || kind === 'ConfigurationGroup') return `${kind} ${metadata.name}`
  return kind === 'DatastoreVersion' ? `${kind} ${metadata.name.slice(metadata.name.lastIndexOf('-') + 1)}` : kind
}

/** The object that a move is about; undefined where all that would do were removed. */
export function target<T extends Walked = Walked>(
  { view }: Walker,
  kind: WalkedKind,
  seed: number,
  suits: (object: Walked) => boolean = () => true,
): T | undefined {
  const { instance, groups, databases, users, datastore, versions, flavor } = view
  const all = {
    Instance: [instance],
    ConfigurationGroup: groups,
    Database: databases,
    DatabaseUser: users,
    Datastore: [datastore],
    DatastoreVersion: versions.slice(0, 1),
    Flavor: [flavor],
  }
  const suitable = (all[kind] as Walked[]).filter(suits)
  return suitable[seed % suitable.length] as T | undefined
}

/** The same object as it is now. */
export function now<T extends Walked>({ stage, tenant }: Walker, { kind, metadata }: T): T {
  return stage.watches.find(kind as WalkedKind, tenant, metadata.name) as T
}

/** What one can put back: of a list's entries the whole list, and of what may be left out all of it. */
export function rootOf({ kind, steps }: Pick<Field, 'kind' | 'steps'>): readonly string[] {
  if (steps.includes('[]')) return steps.slice(0, steps.indexOf('[]'))
  const parent = steps.slice(0, -1)
  return allFields.has([kind, 'spec', ...parent].join('.')) ? parent : steps
}

/** Sends the whole spec, as `kubectl replace` would. */
export function patchSpec({ stage }: Walker, { kind, metadata }: Walked, spec: object): Promise<KubeObject> {
  const body = [{ op: 'replace', path: '/spec', value: spec }]
  const { name, namespace } = metadata
  const ref = namespace === undefined ? { name } : { name, namespace }
  return stage.rig.client.patch(resourceOf[kind as WalkedKind], ref, { type: 'json', body }, { manager: 'walker', signal })
}

/** Changes an object and takes note of what this leaves for good. */
export async function write(w: Walker, object: Walked, spec: object): Promise<void> {
  const { metadata } = await patchSpec(w, object, spec)
  await until(w, 'a write was made', () =>
    now(w, object).metadata.generation! >= metadata.generation! ? undefined : 'it is not to be seen',
  )
  if (object.kind === 'Instance') remember(w)
}

function remember({ stage, tenant, memory }: Walker): void {
  const { instance, versions } = stage.watches.view(tenant) as View
  const { restartRequestedAt, volume } = instance.spec
  if (judgeSize({ instance, versions }, memory) === 'Bound') memory.granted = Math.max(memory.granted, parseQuantity(volume.size))
  if (restartRequestedAt === undefined || restartRequestedAt === memory.restart) return
  const { image, imagePullSecrets = [] } = versions[0]!.spec
  Object.assign(memory, { restart: restartRequestedAt, restarts: memory.restarts + 1, image, pullSecrets: imagePullSecrets })
}

export async function discard({ stage }: Walker, { kind, metadata }: Walked): Promise<void> {
  const { name, namespace, uid } = metadata
  await stage.rig.client.delete(resourceOf[kind as WalkedKind], { name, uid, ...(namespace !== undefined && { namespace }) }, { signal })
}

export async function until({ stage }: Walker, did: string, problem: () => string | undefined): Promise<void> {
  const deadline = performance.now() + stage.patienceMs
  for (let why = problem(); why !== undefined; why = problem()) {
    if (performance.now() > deadline) throw new Broken(`${did}: not within ${stage.patienceMs} ms: ${why}`)
    await pause(20)
  }
}

/** Waits for rest. The claim is always the same, and the pod until a restart was asked for. */
export async function come(w: Walker, did: string): Promise<void> {
  w.view = await rest(w.stage, w.tenant, w.memory, did)
  const { claim, pod, instance } = w.view
  if (claim.metadata.uid !== w.uids.claim) throw new Broken(`${did}: there is another claim`)
  const restarted = w.memory.restarts > w.uids.restarts
  if ((pod.metadata.uid !== w.uids.pod) !== restarted) throw new Broken(`${did}: the pod was ${restarted ? 'not ' : ''}replaced`)
  const starts = w.stage.rig.node.starts(guestName(instance))
  if (starts !== 1 + w.memory.restarts)
    throw new Broken(`${did}: there were ${starts} pods, and ${w.memory.restarts} restarts were asked for`)
  Object.assign(w.uids, { pod: pod.metadata.uid, restarts: w.memory.restarts })
}

export function unchanged(before: Snapshot, after: Snapshot, allowed: readonly string[], did: string): void {
  const found = differences(before, after, allowed)
  if (found.length === 0) return
  const told = found.map(d => `  ${d.path}: ${d.before} → ${d.after}`).join('\n')
  throw new Broken(`${did}: this changed as well, and must not:\n${told}`)
}

/** The paths that stay different for good, after all that was done so far. */
export function staying(w: Walker): string[] {
  const objects = [
    w.view.instance,
    ...w.view.groups,
    ...w.view.databases,
    ...w.view.users,
    w.view.datastore,
    ...w.view.versions,
    w.view.flavor,
  ]
  return objects.flatMap(object => [
    ...Object.entries(statements).flatMap(([field, { stays }]) =>
      w.oneWay.has(`${field} ${labelOf(object)}`) ? stays!(object, w.view, object) : [],
    ),
    ...(w.oneWay.has(`made anew ${labelOf(object)}`) ? staysOfMadeAnew(object, w.view) : []),
  ])
}

/** A login that was deleted and made anew has another password. */
export function staysOfMadeAnew(object: Walked, view: View): string[] {
  return object.kind === 'DatabaseUser' ? statements['DatabaseUser.spec.passwordGeneration']!.stays!(object, view, object) : []
}
