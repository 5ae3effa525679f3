/** What the fields of an Instance reach. */

import type { Instance } from '../../../../src/api/instance.ts'
import { restartOf } from '../../../../src/operator/instance/observed.ts'
import { annotations, restartVariable } from '../../../../src/operator/names.ts'
import { parseQuantity } from '../../../../src/operator/quantity.ts'
import { spellings } from '../values.ts'
import type { View } from '../view.ts'
import {
  fixed,
  is,
  lastGood,
  type Memory,
  nothing,
  oneOf,
  reasonOf,
  type Statement,
  unlessInactive,
  unlessWrong,
  waitingSeen,
} from './statement.ts'

/** Two classes of volumes: one lets them grow. */
export const elastic = 'walks-elastic'
export const rigid = 'walks-rigid'
const gib = 2 ** 30
export const mostBytes = 6 * gib

const bytes = (quantity: string | number | undefined) => (quantity === undefined ? undefined : parseQuantity(quantity))

function isTooLarge({ instance, versions }: Pick<View, 'instance' | 'versions'>): boolean {
  const { maxVolumeSize } = versions[0]!.spec
  return maxVolumeSize !== undefined && parseQuantity(instance.spec.volume.size) > parseQuantity(maxVolumeSize)
}

/** What becomes of the size that is asked for now. */
export function judgeSize(
  v: Pick<View, 'instance' | 'versions'>,
  m: Pick<Memory, 'granted'>,
): 'Bound' | 'VolumeTooLarge' | 'VolumeNotExpandable' {
  if (parseQuantity(v.instance.spec.volume.size) <= m.granted) return 'Bound'
  if (isTooLarge(v)) return 'VolumeTooLarge'
  return v.instance.spec.volume.storageClassName === elastic ? 'Bound' : 'VolumeNotExpandable'
}

/** Whether it states another version than it has. */
const isAnother = ({ spec: { datastore } }: Instance, v: View) =>
  datastore.version !== undefined && datastore.version !== v.versions[0]!.spec.version

/** Of one that it cannot have. If something waits for a restart, the phase says so only without it. */
const toldOfVersion = ['Instance.status.fault', 'Instance.status.phase']

const madeForRestart = `Pod.spec.initContainers[guest-agent].env[${restartVariable}]`
/** What came into force while it ran is what it is started with then: whatever is in force later is another than that. */
const startedWith = ['Guest.status.engine.startedWith', lastGood]
const takenUpAtRestart = [
  ...startedWith,
  ...waitingSeen,
  'Instance.status.conditions[RestartPending]',
  'Guest.spec.image',
  'Guest.spec.imageDigest',
  'Claim.metadata.annotations.trove.dev/image',
  'Pod.spec.containers[database].image',
  // The API server's own default, by the image's tag.
  'Pod.spec.containers[database].imagePullPolicy',
  'Pod.spec.imagePullSecrets',
]

/** What root's password is under, as often as it may have been switched on by the next change. */
const rootPasswords = (v: View) => {
  const { passwordRevision = 'root-0' } = v.guest.spec.root ?? {}
  return Array.from({ length: Number(passwordRevision.slice('root-'.length)) + 1 }, (_, n) => `Secret.data.root-${n + 1}`)
}
/** With the first password of all there is a Secret for it. */
const ofRootInGuest = (v: View) => [
  'Guest.spec.root',
  'Guest.status.root',
  ...(v.guest.spec.users === undefined ? ['Secret'] : rootPasswords(v)),
]
const text = (encoded: string | undefined) => encoded && Buffer.from(encoded, 'base64').toString()

export const ofInstance: Readonly<Record<string, Statement>> = {
  'Instance.spec.datastore.type': {
    says: 'is decided once, for the Guest and, should that be lost, on the claim; the Datastore counts it',
    holds: (v, m) => [
      is('datastore of the Guest', v.guest.spec.datastore, v.instance.spec.datastore.type),
      is('datastore in the status', v.instance.status?.datastore?.type, v.instance.spec.datastore.type),
      is('number of the Datastore’s users', v.datastore.status?.users, m.instances),
      is('datastore on the claim', v.claim.metadata.annotations?.[annotations.datastore], v.instance.spec.datastore.type),
    ],
    ...fixed,
    start: ({ tenant }) => tenant.name,
    wrong: () => [{ value: 'no-such', code: 'DatastoreNotFound', twin: { kind: 'Instance' } }],
  },
  'Instance.spec.datastore.version': {
    says: 'is resolved once; from then on it may be stated or not, and neither moves anything; one that cannot be had is told, and moves nothing either',
    holds: (v, m) => [
      is(
        'numbers of the versions’ users',
        v.versions.map(x => x.status?.users),
        [m.instances, 0, 0],
      ),
      is('version of the Guest', v.guest.spec.version, v.versions[0]!.spec.version),
      is('version in the status', v.instance.status?.datastore?.version, v.versions[0]!.spec.version),
    ],
    // One that could not be had is told no more.
    moves: (o, v) => [
      'Instance.spec.datastore.version',
      ...(isAnother(o as Instance, v) ? ['Instance.status.conditions', ...toldOfVersion] : []),
    ],
    start: (_, seed) => oneOf(['17', undefined], seed),
    value: v => (v.instance.spec.datastore.version === undefined ? v.versions[0]!.spec.version : undefined),
    wrong: () => [
      { value: '9.6', code: 'DatastoreVersionNotFound', twin: { kind: 'Instance' } },
      { value: '15', code: 'DowngradeImpossible', tells: toldOfVersion },
    ],
  },
  'Instance.spec.flavorRef.name': {
    says: 'is decided once, for the Guest',
    holds: (v, m) => [
      is('flavor of the Guest', v.guest.spec.flavor.name, v.instance.spec.flavorRef.name),
      is('number of the Flavor’s users', v.flavor.status?.users, m.instances),
    ],
    ...fixed,
    start: ({ tenant }) => tenant.name,
    wrong: v => [{ value: 'no-such', code: unlessInactive(v, 'FlavorNotFound'), twin: { kind: 'Instance' } }],
  },
  'Instance.spec.volume.size': {
    says: 'reaches the claim where its class lets it grow, and grows only: what was granted stays asked for, and a growth that was refused may be taken back',
    holds: (v, m) => [
      is('size that the claim asks for', bytes(v.claim.spec?.resources?.requests?.storage), m.granted),
      is('size in the status', bytes(v.instance.status?.volume?.size), m.granted),
      is('reason of VolumeBound', reasonOf(v.instance, 'VolumeBound'), judgeSize(v, m)),
    ],
    moves: () => [
      'Instance.spec.volume.size',
      'Instance.status.volume.size',
      'Instance.status.conditions[VolumeBound]',
      'Claim.spec.resources.requests.storage',
      'Claim.status.capacity.storage',
    ],
    stays: () => [
      'Instance.spec.volume.size',
      'Instance.status.volume.size',
      'Claim.spec.resources.requests.storage',
      'Claim.status.capacity.storage',
    ],
    start: (_, seed) => oneOf(spellings(oneOf([1, 1.5, 2], seed) * gib), seed >>> 8),
    value: (v, m, _, seed) => {
      const more = v.instance.spec.volume.storageClassName === elastic ? (seed % 4) * (gib / 8) : 0
      return oneOf(spellings(Math.min(mostBytes, m.granted + more)), seed >>> 8)
    },
    refusesBack: (value, m) => (parseQuantity(value as string) < m.granted ? 'VolumeShrink' : undefined),
    wrong: v => [
      { value: '7Gi', code: 'VolumeTooLarge', condition: 'VolumeBound' },
      ...(v.instance.spec.volume.storageClassName === elastic
        ? []
        : [{ value: '5.5Gi', code: 'VolumeNotExpandable', condition: 'VolumeBound' } as const]),
    ],
  },
  'Instance.spec.volume.storageClassName': {
    says: 'is the class of the claim; without it the cluster’s default is',
    holds: v => [is('class of the claim', v.claim.spec?.storageClassName, v.instance.spec.volume.storageClassName ?? 'standard')],
    ...fixed,
    start: (_, seed) => oneOf([elastic, rigid, elastic, undefined], seed),
    // How large it is to be is judged before.
    wrong: v => [
      {
        value: 'no-such',
        code: unlessInactive(v, isTooLarge(v) ? 'VolumeTooLarge' : unlessWrong(v, 'VolumeUnbound')),
        twin: { kind: 'Instance' },
      },
    ],
  },
  'Instance.spec.availabilityZone': {
    says: 'is the zone that the pod may run in',
    holds: v => [
      is('zone of the Guest', v.guest.spec.availabilityZone, v.instance.spec.availabilityZone),
      is('zone of the pod', v.pod.spec?.nodeSelector?.['topology.kubernetes.io/zone'], v.instance.spec.availabilityZone),
    ],
    ...fixed,
  },
  'Instance.spec.access': {
    says: 'that is left out, or empty, lets in the pods of the namespace and nobody else',
    holds: v => [
      is(
        'peers of the network policy',
        v.networkPolicy.spec?.ingress?.[0]?.from?.length,
        1 + (v.instance.spec.access?.allowedCidrs?.length ?? 0),
      ),
    ],
    moves: () => ['Instance.spec.access', 'NetworkPolicy.spec.ingress'],
    start: (_, seed) => oneOf([undefined, {}], seed),
  },
  'Instance.spec.access.allowedCidrs': {
    says: 'is who the network policy lets in besides the pods of the namespace',
    holds: v => [
      is(
        'networks of the network policy',
        v.networkPolicy.spec?.ingress?.[0]?.from?.flatMap(peer => peer.ipBlock?.cidr ?? []),
        v.instance.spec.access?.allowedCidrs ?? [],
      ),
    ],
    moves: () => ['Instance.spec.access', 'NetworkPolicy.spec.ingress'],
  },
  'Instance.spec.deletionPolicy': {
    says: 'moves nothing before the deletion; the end of every walk deletes its Instance, and looks at what is left',
    holds: nothing,
    moves: () => ['Instance.spec.deletionPolicy'],
  },
  'Instance.spec.rootEnabled': {
    says: 'lets root in, with another password each time and a Secret that shows it, or lets it in no more; that it was ever let in, and since when, stays on record, and so does the last password',
    holds: v => {
      const { rootEnabled = false } = v.instance.spec
      const { root } = v.guest.spec
      const { enabled = false, binding } = v.instance.status?.root ?? {}
      const kept = v.secret?.data?.[root?.passwordRevision ?? '']
      return [
        is('that root is to be there', root?.ensure === 'Present', rootEnabled),
        is('that root is enabled', enabled, rootEnabled),
        is('that it is on record since when', v.instance.status?.root?.firstEnabledAt === undefined, root === undefined),
        is('reason of RootEnabled', reasonOf(v.instance, 'RootEnabled'), rootEnabled ? 'Enabled' : undefined),
        is('name of root’s Secret', binding?.name, rootEnabled ? `${v.instance.metadata.name}-root` : undefined),
        is('that root’s Secret is there', v.rootBinding !== undefined, rootEnabled),
        is('that root’s Secret shows its password', rootEnabled && kept !== v.rootBinding?.data?.password, false),
        is('login in root’s Secret', text(v.rootBinding?.data?.username), rootEnabled ? 'root' : undefined),
        is(
          'passwords of root',
          Object.keys(v.secret?.data ?? {}).filter(key => key.startsWith('root-')),
          root ? [root.passwordRevision] : [],
        ),
      ]
    },
    moves: (_, v) => [
      'Instance.spec.rootEnabled',
      'Instance.status.root',
      'Instance.status.conditions[RootEnabled]',
      'Binding of root',
      ...ofRootInGuest(v),
    ],
    stays: (_, v) => ['Instance.status.root', 'Binding of root.data', ...ofRootInGuest(v)],
    value: (v, _m, _o, seed) =>
      v.instance.spec.rootEnabled === true ? oneOf([false, undefined], seed) : oneOf([true, true, true, false, undefined], seed),
  },
  'Instance.spec.restartRequestedAt': {
    says: 'replaces the pod once for every new value, which takes up image, pull secrets and what settings wait for it; taken back it stays the last one that was carried out, and the pod’s',
    holds: (v, m) => [
      is('restart that the pod was made for', restartOf(v.pod), m.restart),
      is('restart in the status', v.instance.status?.lastRestartRequestedAt, m.restart),
    ],
    moves: () => ['Instance.spec.restartRequestedAt', 'Instance.status.lastRestartRequestedAt', madeForRestart, ...takenUpAtRestart],
    untilRestart: takenUpAtRestart,
    stays: () => ['Instance.status.lastRestartRequestedAt', madeForRestart, ...startedWith],
  },
}
