/**
 * Deliberate bugs, each a few words changed in the operator's source, and where each must be caught. An oracle that no bug can trip would be
 * no oracle.
 */
import { type Planted, plant } from '../planted.ts'
import { buildOperator } from './bed.ts'
import type { oracles } from './oracles.ts'
import type { Plan } from './plans.ts'

export interface Mutant {
  /** What is wrong with it. */
  bug: string
  changes: Planted[]
  workload: string
  /** The fault that brings it to light; none: it shows in a clean run. */
  plan?: (plan: Plan) => boolean
  /** How long a step may take, where that must be longer than the fault itself. */
  patienceMs?: number
  /** It takes minutes: not in every run of the tests. */
  slow?: true
  /** The promise that it breaks. */
  caughtBy: keyof typeof oracles
}

const named =
  (name: string) =>
  (plan: Plan): boolean =>
    plan.name === name

/** Only the tenant's objects are shown as they were, at the moment of a write. */
const staleTenant =
  (write: string) =>
  (plan: Plan): boolean =>
    plan.fault === 'stale list' && plan.after === 'a crash' && plan.of === 'the tenant' && plan.write.startsWith(write)

export const mutants: Mutant[] = [
  {
    bug: 'its own writes are not remembered',
    changes: [{ file: 'src/runtime/store.ts', from: '      written.set(key, obj)\n', to: '' }],
    workload: 'create',
    plan: plan => plan.fault === 'lost event' && plan.resource === 'pods' && plan.from === 0,
    caughtBy: 'its own writes are known to it',
  },
  {
    bug: 'deletions name no UID',
    changes: [{ file: 'src/kube/client.ts', from: 'preconditions: { uid: ref.uid }, ', to: '' }],
    workload: 'delete-in-build',
    caughtBy: 'deletions name a UID',
  },
  {
    bug: 'children are made before the finalizer',
    changes: [
      {
        file: 'src/operator/instance/plan.ts',
        from: "if (!instance.metadata.finalizers?.includes(finalizers.instance)) return nothing({ actions: [{ do: 'addFinalizer' }] })",
        to: "const late: Action[] = instance.metadata.finalizers?.includes(finalizers.instance) ? [] : [{ do: 'addFinalizer' }]",
      },
      {
        file: 'src/operator/instance/plan.ts',
        from: 'const actions = [...told,',
        to: 'const actions = [...told, ...(side.guest ? late : []),',
      },
    ],
    workload: 'create',
    caughtBy: 'everything of ours is fenced by the finalizer',
  },
  {
    bug: 'a Guest gets another version while its pod runs',
    changes: [
      {
        file: 'src/operator/instance/plan.ts',
        from: 'side.pod === undefined && (!next.waits || hasEndedInOrder(side))',
        to: '(hasEndedInOrder(side) || side.pod !== undefined)',
      },
      { file: 'src/operator/instance/plan-pod.ts', from: 'if (next !== undefined && (!next.waits', to: 'if (false && (!next!.waits' },
    ],
    workload: 'upgrade',
    caughtBy: 'a version moves between two pods',
  },
  {
    bug: 'a lost history is not noticed',
    changes: [
      {
        file: 'src/runtime/reflector.ts',
        from: "if (isExpired(error)) return state.at === 'paging' ? state : { at: 'streaming' }",
        to: 'if (isExpired(error)) return state',
      },
    ],
    workload: 'recreate',
    plan: named('gone in the stream, step 2'),
    caughtBy: 'it comes to rest',
  },
  {
    bug: 'a bookmark is not remembered',
    changes: [
      {
        file: 'src/runtime/reflector.ts',
        from: "      else o.sink.put(event.object)\n      reached({ at: 'watching', resourceVersion })",
        to: "      else o.sink.put(event.object)\n      if (event.type !== 'BOOKMARK') reached({ at: 'watching', resourceVersion })",
      },
    ],
    workload: 'retain',
    plan: plan => plan.fault === 'history ends at a bookmark',
    caughtBy: 'lists are not asked for in vain',
  },
  {
    bug: 'an apply drops a sibling from a list',
    changes: [
      {
        file: 'src/operator/instance/render-guest.ts',
        from: '...(users.length > 0 && { users }),',
        to: '...(users.length > 0 && { users: users.slice(-1) }),',
      },
    ],
    workload: 'churn',
    caughtBy: 'it comes to rest',
  },
  {
    bug: 'the finalizer goes before the volume',
    changes: [
      {
        file: 'src/operator/instance/delete.ts',
        from: "if (!dataGone) return step([...data, ...served, ...address], 'the volume and the credentials go')",
        to: "if (!dataGone) return step([...data, ...served, ...address, { do: 'removeFinalizer' }], 'the volume and the credentials go')",
      },
      {
        file: 'src/operator/instance/confirm.ts',
        from: 'if (found === undefined || !counts(found)) return',
        to: 'return',
      },
    ],
    workload: 'delete-in-build',
    caughtBy: 'everything of ours is fenced by the finalizer',
  },
  {
    bug: 'a Secret of somebody else’s is overwritten',
    changes: [
      {
        file: 'src/operator/binding.ts',
        from: "return found === undefined || belongsTo(of.owner, found) ? found : 'foreign'",
        to: 'return found',
      },
    ],
    workload: 'name-taken',
    caughtBy: 'nothing foreign is touched',
  },
  {
    bug: 'a status speaks of a generation that it was not judged for',
    changes: [{ file: 'src/operator/instance/reconcile.ts', from: '  if (instance.metadata.generation !== planned) return {}\n', to: '' }],
    workload: 'rigid-volume',
    plan: plan => plan.fault === 'asked for something else',
    caughtBy: 'status is never ahead of what is so',
  },
  {
    bug: 'a status is written that says nothing new',
    changes: [{ file: 'src/operator/write-status.ts', from: '  if (same(object.status, status)) return false\n', to: '' }],
    workload: 'create',
    caughtBy: 'nothing is written without a change',
  },
  {
    bug: 'it tries again at once',
    changes: [
      {
        file: 'src/runtime/queue.ts',
        from: 'queue.addAfter(key, Math.max(delay, atLeastMs))',
        to: 'queue.addAfter(key, Math.max(delay / 1000, 20))',
      },
    ],
    workload: 'create',
    plan: plan => plan.fault === 'storm' && plan.status === 500,
    caughtBy: 'retries are bounded',
  },
  {
    bug: 'a server that asks for time is not given it',
    changes: [
      { file: 'src/runtime/queue.ts', from: 'queue.addAfter(key, Math.max(delay, atLeastMs))', to: 'queue.addAfter(key, delay)' },
      { file: 'src/kube/patience.ts', from: '      if (before !== undefined) throw again(before.error, before.until - now)\n', to: '' },
    ],
    workload: 'create',
    plan: plan => plan.fault === 'storm' && plan.status === 429,
    caughtBy: 'a server that asks for time is given it',
  },
  {
    bug: 'it goes on writing after it has lost its lease',
    changes: [
      { file: 'src/runtime/lease.ts', from: 'holds: () => !over && left() > 0,', to: 'holds: () => true,' },
      { file: 'src/runtime/lease.ts', from: 'if (holder !== undefined) resolve(holder)', to: 'void resolve' },
    ],
    workload: 'retain',
    plan: plan => plan.fault === 'leader cut off',
    caughtBy: 'one leader at a time',
  },
  {
    bug: 'a password is made twice after a crash',
    changes: [
      {
        file: 'src/operator/instance/passwords.ts',
        from: 'makeable.filter(revision => !there.has(revision) && !named.has(revision))',
        to: 'makeable.filter(revision => !named.has(revision))',
      },
    ],
    workload: 'create',
    plan: named('crash after, write create secrets web-UID #1'),
    caughtBy: 'a password never changes',
  },
  {
    bug: 'the deletion policy is not asked',
    changes: [
      { file: 'src/operator/instance/delete.ts', from: "instance.spec.deletionPolicy === 'Retain' ? retain(ours) : remove", to: 'remove' },
    ],
    workload: 'retain',
    caughtBy: 'volumes and passwords go by policy alone',
  },
  {
    bug: 'a pod is replaced when its template changes',
    changes: [
      {
        file: 'src/operator/instance/plan-pod.ts',
        from: '  const asked = restartAsked(o.instance)\n',
        to: "  const now = o.catalog.versions[0]?.spec.image ?? guest.spec.image\n  if (now !== guest.spec.image) return { actions: [{ do: 'delete', kind: 'pod', why: 'drift' }] }\n  const asked = restartAsked(o.instance)\n",
      },
    ],
    workload: 'catalog',
    caughtBy: 'a pod is replaced only for a reason',
  },
  {
    bug: 'a silent watch is believed for ever',
    changes: [{ file: 'src/kube/client.ts', from: 'const longestSilenceMs = 150_000', to: 'const longestSilenceMs = 2 ** 31 - 1' }],
    workload: 'retain',
    plan: plan => plan.fault === 'stalled watches',
    slow: true,
    caughtBy: 'it comes to rest',
  },
  {
    bug: 'what was decided about the data before its pod ended is not asked for again',
    changes: [
      {
        file: 'src/operator/instance/confirm.ts',
        from: "return { instance: 'now', pod: 'now', ",
        to: "return { pod: 'now', ",
      },
    ],
    workload: 'kept-late',
    plan: plan => plan.fault === 'lost event' && plan.resource === 'instances',
    caughtBy: 'volumes and passwords go by policy alone',
  },
  {
    bug: 'whether the pod has gone is not asked for again',
    changes: [
      {
        file: 'src/operator/instance/confirm.ts',
        from: "ask(how('pod'), c.pods, side.pod, () => confirmEnded(c.pods, o, world, signal)),",
        to: "ask(how('pod'), c.pods, side.pod),",
      },
    ],
    workload: 'delete-in-build',
    plan: plan => plan.fault === 'stale list' && plan.of === 'pods',
    caughtBy: 'volumes and passwords go by policy alone',
  },
  {
    bug: 'whoever answers 404 is believed',
    changes: [{ file: 'src/kube/errors.ts', from: "e.status === 404 && e.reason === 'NotFound'", to: 'e.status === 404' }],
    workload: 'delete-in-build',
    plan: plan => plan.fault === 'storm' && plan.status === 404,
    patienceMs: 45_000,
    caughtBy: 'it comes to rest',
  },
  {
    bug: 'what is as it should be is said once more by each process',
    changes: [
      {
        file: 'src/operator/write-status.ts',
        from: 'if (same(object.status, status)) return false',
        to: 'if (same(object.status, status) && said.has(object.metadata.uid)) return false\n  said.add(object.metadata.uid)',
      },
      {
        file: 'src/operator/write-status.ts',
        from: 'export async function writeStatus',
        to: 'const said = new Set<string>()\nexport async function writeStatus',
      },
    ],
    workload: 'create',
    caughtBy: 'a start finds nothing to do',
  },
  {
    bug: 'a status may go to another object of the same name',
    changes: [
      { file: 'src/operator/write-status.ts', from: 'const metadata = { name, uid, resourceVersion,', to: 'const metadata = { name,' },
    ],
    workload: 'create',
    caughtBy: 'changes name the object that they mean',
  },
  {
    bug: 'a pod has another name each time',
    changes: [
      {
        file: 'src/operator/instance/carry-out.ts',
        from: 'return createOnGuestSide(c.pods, action.draft, o, world, signal)',
        to: "action.draft.metadata.name += '-' + Date.now()\n      return createOnGuestSide(c.pods, action.draft, o, world, signal)",
      },
    ],
    workload: 'create',
    caughtBy: 'never two pods on one volume',
  },
  {
    bug: 'a binding is not told of a new password',
    changes: [
      {
        file: 'src/operator/binding.ts',
        from: 'else if (!covers(found, draft) ||',
        to: 'else if (found.data?.password === undefined ||',
      },
    ],
    workload: 'churn',
    caughtBy: 'status is never ahead of what is so',
  },
  {
    bug: 'a binding tells something else than the password',
    changes: [
      {
        file: 'src/operator/binding.ts',
        from: '    username,\n    password,\n',
        to: '    username,\n    password: username,\n',
      },
    ],
    workload: 'create',
    caughtBy: 'engine, Secret and binding agree',
  },
  {
    bug: 'a child that somebody edited stays so',
    changes: [
      {
        file: 'src/operator/instance/plan.ts',
        from: "return isLeaving(found) || isAsDrafted(found, draft) ? [] : [{ do: 'correct', kind, draft }]",
        to: 'return []',
      },
    ],
    workload: 'create',
    plan: plan => plan.fault === 'edited' && plan.resource === 'networkpolicies',
    caughtBy: 'the end is the clean run’s',
  },
  {
    bug: 'a database is dropped whatever its policy says',
    changes: [
      {
        file: 'src/operator/instance/render-guest.ts',
        from: "else if (deletionPolicy === 'Delete') out.push",
        to: 'else out.push',
      },
    ],
    workload: 'churn',
    caughtBy: 'databases are dropped only where it was asked for',
  },
  {
    bug: 'a condition tells the password',
    changes: [
      {
        file: 'src/operator/databaseuser/plan.ts',
        from: 'works with the credentials in the binding Secret`',
        to: 'works with ` + password',
      },
    ],
    workload: 'create',
    caughtBy: 'no secret is told',
  },
  {
    bug: 'an Instance counts as running with what a group had before',
    changes: [
      {
        file: 'src/operator/configurationgroup/standing.ts',
        from: 'if (!same(wanted.layers.group ?? {}, judged.settings)) {',
        to: 'if (false as boolean) {',
      },
    ],
    workload: 'configuration',
    caughtBy: 'status is never ahead of what is so',
  },
  {
    bug: 'what the engine last started with is forgotten',
    changes: [{ file: 'src/operator/instance/configuration.ts', from: ', ...(lastGood !== undefined && { lastGood }) }', to: ' }' }],
    workload: 'configuration',
    caughtBy: 'it comes to rest',
  },
  {
    bug: 'root’s Secret goes some time after root',
    changes: [
      {
        file: 'src/operator/instance/bind-root.ts',
        from: "o.side.guest?.spec.root?.ensure !== 'Absent'",
        to: "o.side.guest?.spec.root?.ensure === 'Absent'",
      },
    ],
    workload: 'root',
    caughtBy: 'that root was on is on record, and its Secret goes first',
  },
  {
    bug: 'since when there was root is forgotten with root',
    changes: [
      {
        file: 'src/operator/instance/judge-root.ts',
        from: "if (before === undefined && state !== 'Ready') return {}",
        to: "if (state !== 'Ready') return {}",
      },
    ],
    workload: 'root',
    caughtBy: 'that root was on is on record, and its Secret goes first',
  },
  {
    bug: 'what was once looked at is never forgotten',
    changes: [
      {
        file: 'src/operator/instance/reconcile.ts',
        from: '  const found = world.collections.instances.get(key)\n',
        to: '  const found = world.collections.instances.get(key)\n  kept.push(Buffer.alloc(20_000_000, key))\n',
      },
      { file: 'src/operator/instance/reconcile.ts', from: 'const mostRounds = 12', to: 'const mostRounds = 12\nconst kept: Buffer[] = []' },
    ],
    workload: 'create',
    caughtBy: 'connections and memory return to where they were',
  },
  {
    bug: 'what it finds at its start is believed as it is',
    changes: [{ file: 'src/runtime/collection.ts', from: 'if (!met.has(obj.metadata.uid)) await confirm(obj, signal)', to: '' }],
    workload: 'delete-in-build',
    plan: staleTenant('patch instances'),
    caughtBy: 'each object is made and deleted as often as in the clean run',
  },
]

/** The operator with the bug in it. */
export async function buildMutant({ changes }: Mutant): Promise<{ program: string; remove(): Promise<void> }> {
  const { checkout, remove } = await plant(changes)
  try {
    return await buildOperator(checkout)
  } finally {
    await remove()
  }
}
