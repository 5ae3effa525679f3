/** Operators with one deliberate bug each, which the walks must find. */
import type { Planted } from '../planted.ts'
import type { Move } from './plan.ts'

export interface Mutant extends Planted {
  name: string
  /** What must come upon it, whatever values the seed gives. */
  moves: readonly Move[]
  /** What is then said. */
  found: RegExp
}

const change = (field: string): Move => ({ how: 'change', field })
const thrice = <T>(move: T): T[] => [move, move, move]

export const mutants: readonly Mutant[] = [
  {
    name: 'a network policy is made and never corrected',
    file: 'src/operator/instance/plan.ts',
    from: "return isLeaving(found) || isAsDrafted(found, draft) ? [] : [{ do: 'correct', kind, draft }]",
    to: "return kind === 'networkPolicy' || isLeaving(found) || isAsDrafted(found, draft) ? [] : [{ do: 'correct', kind, draft }]",
    moves: thrice(change('Instance.spec.access.allowedCidrs')),
    found: /But (networks|peers) of the network policy is/,
  },
  {
    name: 'while one database goes the Guest does not speak of the others',
    file: 'src/operator/instance/render-guest.ts',
    from: "if (!leaving) out.push({ ...entry, ensure: 'Present' })",
    to: "if (!leaving) spoken.some(d => d.metadata.deletionTimestamp) || out.push({ ...entry, ensure: 'Present' })",
    moves: [change('Database.spec.deletionPolicy'), ...thrice<Move>({ how: 'remove', field: 'Database' })],
    found: /Guest\.spec\.databases\[.*Present" → undefined/,
  },
  {
    name: 'pull secrets that are taken away stay in the Guest',
    file: 'src/operator/instance/render-guest.ts',
    from: 'decided.offered?.imagePullSecrets ?? before',
    to: '(decided.offered?.imagePullSecrets.length ? decided.offered.imagePullSecrets : undefined) ?? before',
    moves: [...thrice(change('DatastoreVersion.spec.imagePullSecrets')), ...thrice(change('DatastoreVersion.spec.imagePullSecrets'))],
    found: /But pull secrets of the Guest is \[".*must be \[\]/,
  },
  {
    name: 'a restart that is taken back is another restart',
    file: 'src/operator/instance/plan-pod.ts',
    from: 'if (asked === undefined || asked === restartOf(pod))',
    to: 'if (o.instance.spec.restartRequestedAt === restartOf(pod))',
    moves: thrice(change('Instance.spec.restartRequestedAt')),
    found: /But restart that the pod was made for is undefined/,
  },
  {
    name: 'what a binding no longer needs stays in it',
    file: 'src/operator/binding.ts',
    from: 'filter(key => draft.data?.[key] === undefined)',
    to: 'filter(() => false)',
    moves: [...thrice(change('DatabaseUser.spec.access')), ...thrice(change('DatabaseUser.spec.access'))],
    found: /But database in the binding of .* must be undefined/,
  },
  {
    name: 'a size in another spelling is taken for another size',
    file: 'src/operator/instance/plan.ts',
    from: 'parseQuantity(wanted) <= parseQuantity(from)',
    to: 'wanted === from',
    moves: thrice(change('Instance.spec.volume.size')),
    found: /But reason of VolumeBound is "Volume(NotExpandable|GrowthRefused)" and must be "Bound"|the operator still writes/,
  },
  {
    name: 'a password is not forgotten once there is another',
    file: 'src/operator/instance/plan.ts',
    from: 'obsolete.length > 0 ?',
    to: 'obsolete.length > 9 ?',
    moves: [change('DatabaseUser.spec.passwordGeneration')],
    found: /But passwords in the guest’s Secret/,
  },
  {
    name: 'a new password does not reach a binding while a database is missing',
    file: 'src/operator/databaseuser/plan.ts',
    from: 'return inUse ?',
    to: 'return inUse && false ?',
    moves: [
      ...thrice<Move>({ how: 'wrong', field: 'DatabaseUser.spec.access' }),
      ...thrice(change('DatabaseUser.spec.passwordGeneration')),
    ],
    found: /But that the binding of .* is false/,
  },
  {
    name: 'what waits for a restart counts as applied',
    file: 'src/operator/configurationgroup/standing.ts',
    from: "return (reported.restartRequired ?? []).length > 0 ? 'restartRequired' : 'applied'",
    to: "return 'applied'",
    moves: [...thrice(change('Instance.spec.configurationRef')), ...thrice(change('ConfigurationGroup.spec.values'))],
    found: /But Instances of group .* must be .*"restartRequired",1/,
  },
  {
    name: 'that something waits does not show in the phase',
    file: 'src/operator/instance/conduct.ts',
    from: "waiting.length > 0 ? 'RESTART_REQUIRED' : 'ACTIVE'",
    to: "waiting.length > 1 ? 'RESTART_REQUIRED' : 'ACTIVE'",
    moves: [...thrice(change('Instance.spec.configurationRef')), ...thrice(change('ConfigurationGroup.spec.values'))],
    found: /But phase is "ACTIVE" and must be "RESTART_REQUIRED"/,
  },
]
