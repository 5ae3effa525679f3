/** What a ConfigurationGroup reaches, and the reference of an Instance to one. */
import type { ConfigurationGroup } from '../../../../src/api/configurationgroup.ts'
import type { FaultCode } from '../../../../src/errors.ts'
import type { View, Walked } from '../view.ts'
import {
  configurationOfGuest,
  countsOfGroups,
  fixed,
  is,
  isWrong,
  lastGood,
  noSuchSetting,
  nothing,
  oneOf,
  printed,
  reasonOf,
  type Statement,
  unlessInactive,
  unlessWrong,
  waiting,
} from './statement.ts'

const someSettings = [{}, { work_mem: '4MB' }, { work_mem: '12MB', jit: false }, { fsync: false, max_connections: 50 }]

const used = (v: View) => v.groups.find(g => g.metadata.name === v.instance.spec.configurationRef?.name)

/** What an Instance says of the group that it refers to. */
function judged(v: View): FaultCode | 'Applied' {
  const group = used(v)
  if (group === undefined) return 'Applied'
  const { datastore, values } = group.spec
  if (datastore.version !== undefined && datastore.version !== v.guest.spec.version) return 'ConfigurationGroupMismatch'
  return isWrong(values) ? 'ConfigurationInvalid' : 'Applied'
}

/** The same, or else what it says of its version, or else what waits. */
const says = (v: View): FaultCode | 'RestartRequired' | 'Applied' => {
  const ofGroup = judged(v)
  if (ofGroup !== 'Applied') return ofGroup
  if (isWrong(v.versions[0]!.spec.defaults)) return 'ConfigurationInvalid'
  return waiting(v).length > 0 ? 'RestartRequired' : 'Applied'
}

const told = ['Instance.status.conditions[ConfigurationApplied]', 'Instance.status.conditions[DurabilityReduced]', 'Instance.status.phase']
const reached = [...configurationOfGuest, ...told]
const ownOf = (o: Walked, ...parts: string[]) => parts.map(part => `ConfigurationGroup ${o.metadata.name}.${part}`)

/** What is not acceptable is taken by nobody, and whoever comes back to it keeps what there was between. */
const stays = (_: Walked, v: View) => (judged(v) === 'Applied' ? [lastGood] : reached)

export const ofGroups: Readonly<Record<string, Statement>> = {
  'Instance.spec.configurationRef': {
    says: 'is the group whose settings are laid over the version’s in the Guest, at once and without a restart; without it there are none; what waits for the next restart is told',
    holds: v => {
      const is_ = judged(v)
      const group = used(v)
      const { phase, configuration } = v.instance.status ?? {}
      // One that cannot have its version is ACTIVE whatever waits.
      const waits = waiting(v).length > 0 && reasonOf(v.instance) === 'Active'
      const found = [
        is('reason of ConfigurationApplied', reasonOf(v.instance, 'ConfigurationApplied'), says(v)),
        is('settings in the status that wait', configuration?.restartRequired ?? [], waiting(v)),
        is('phase', phase, waits ? 'RESTART_REQUIRED' : 'ACTIVE'),
      ]
      // What was accepted before is not told by what is not acceptable now.
      if (is_ !== 'Applied') return found
      const weak = { ...v.guest.spec.configuration.layers.version, ...v.guest.spec.configuration.layers.group }.fsync === 'off'
      return [
        ...found,
        is('settings of the group in the Guest', printed(v.guest.spec.configuration.layers.group ?? {}), printed(group?.spec.values ?? {})),
        is('hash in the status', v.instance.status?.configuration?.hash, v.guest.spec.configuration.hash),
        is('whether durability is told to be reduced', reasonOf(v.instance, 'DurabilityReduced') !== undefined, weak),
      ]
    },
    moves: () => ['Instance.spec.configurationRef', ...reached, ...countsOfGroups],
    stays,
    start: (_, seed) => oneOf([undefined, { name: 'any' }, { name: 'exact' }], seed),
    value: (_, __, ___, seed) => oneOf([undefined, { name: 'any' }, { name: 'exact' }], seed),
  },
  'Instance.spec.configurationRef.name': {
    says: 'is counted by the group, as applied, as waiting for a restart or as failed; one that is not there lets nothing be provisioned',
    holds: v =>
      v.groups.map(g => {
        const total = used(v) === g ? 1 : 0
        const accepted = judged(v) === 'Applied' ? total : 0
        const restartRequired = waiting(v).length > 0 ? accepted : 0
        const { instances } = g.status ?? {}
        const wanted = { total, applied: accepted - restartRequired, restartRequired, failed: total - accepted }
        return is(`Instances of group ${g.metadata.name}`, Object.entries(instances ?? {}).sort(), Object.entries(wanted).sort())
      }),
    moves: () => ['Instance.spec.configurationRef', ...reached, ...countsOfGroups],
    stays,
    // Comes with its parent.
    start: () => undefined,
    value: (_, __, ___, seed) => oneOf(['any', 'exact'], seed),
    wrong: v => [
      {
        value: 'no-such',
        code: unlessInactive(v, unlessWrong(v, 'ConfigurationGroupNotFound')),
        twin: { kind: 'Instance', spec: { volume: { size: '1Gi' } } },
      },
    ],
  },
  'ConfigurationGroup.spec.datastore.type': {
    says: 'is the Datastore whose versions judge its settings',
    holds: v =>
      v.groups.map(g =>
        is(`state of group ${g.metadata.name}`, reasonOf(g), isWrong(g.spec.values) ? 'ConfigurationInvalid' : 'Available'),
      ),
    ...fixed,
    start: ({ tenant }) => tenant.name,
    wrong: () => [{ value: 'no-such', code: 'DatastoreNotFound', twin: { kind: 'ConfigurationGroup' } }],
  },
  'ConfigurationGroup.spec.datastore.version': {
    says: 'is the only version that may use it; without it all may',
    holds: nothing,
    moves: (o, v) => [
      ...ownOf(o, 'spec.datastore.version', 'status.conditions', 'status.instances'),
      ...(used(v)?.metadata.name === o.metadata.name ? reached : []),
    ],
    stays,
    start: ({ name }) => (name === 'exact' ? '17' : undefined),
    value: (_, __, ___, seed) => oneOf(['17', undefined, '15'], seed),
    wrong: () => [{ value: '9.6', code: 'DatastoreVersionNotFound', twin: { kind: 'ConfigurationGroup' } }],
  },
  'ConfigurationGroup.spec.values': {
    says: 'reaches the Guest of every Instance that has the group; what the engine does not have is told, and all stays as it was',
    holds: nothing,
    moves: (o, v) => [
      ...ownOf(o, 'spec.values', 'status.conditions', 'status.instances'),
      ...(used(v)?.metadata.name === o.metadata.name ? reached : []),
    ],
    stays,
    start: (_, seed) => oneOf(someSettings, seed),
    value: (_, __, ___, seed) => oneOf(someSettings, seed),
    wrong: (_, o) => [
      {
        value: noSuchSetting,
        code: 'ConfigurationInvalid',
        tells: [...ownOf(o as ConfigurationGroup, 'status.instances'), 'Instance.status.conditions[ConfigurationApplied]'],
      },
    ],
  },
  'ConfigurationGroup.spec.description': {
    says: 'is for people',
    holds: nothing,
    moves: o => ownOf(o, 'spec.description'),
  },
}
