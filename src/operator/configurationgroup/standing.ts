/** How far the Instances that refer to a ConfigurationGroup are with it. Pure. */
import type { ConfigurationGroup, ConfigurationGroupStatus } from '../../api/configurationgroup.ts'
import { same } from '../compare.ts'
import type { Engines } from '../instance/decide.ts'
import { believed, type Observed } from '../instance/observed.ts'
import { judgeMemory } from '../judge-settings.ts'
import { settingsOfGroup } from './judge.ts'

/** An Instance that refers to the group, and what is behind it. */
export type User = Pick<Observed, 'instance'> & { side: Pick<Observed['side'], 'guest' | 'pod'> }

export type Counts = NonNullable<ConfigurationGroupStatus['instances']>
type Standing = Exclude<keyof Counts, 'total'> | 'onItsWay'

export function standingOf(group: ConfigurationGroup, { instance, side }: User, engines: Engines): Standing {
  const { guest } = side
  // One that cannot be provisioned because of it has nothing else that tells.
  if (guest === undefined) return isHeldUp(instance.status?.conditions) ? 'failed' : 'onItsWay'
  const { datastore, engine: name, version, flavor, configuration: wanted } = guest.spec
  const engine = engines[name]
  if (engine === undefined) return 'failed'
  const judged = settingsOfGroup(group.metadata.name, group, { datastore, version, engine })
  if (judged.fault !== undefined) return 'failed'
  if (!same(wanted.layers.group ?? {}, judged.settings)) {
    const layers = { ...wanted.layers, group: judged.settings }
    return judgeMemory(group.metadata.name, { engine, version, flavor }, layers) === undefined ? 'onItsWay' : 'failed'
  }
  const reported = believed(side)?.configuration
  if (reported === undefined) return 'onItsWay'
  if (reported.fault !== undefined) return 'failed'
  if (reported.hash !== wanted.hash) return 'onItsWay'
  return (reported.restartRequired ?? []).length > 0 ? 'restartRequired' : 'applied'
}

const ofGroups = new Set(['ConfigurationInvalid', 'ConfigurationGroupMismatch', 'ConfigurationGroupNotFound'])
const isHeldUp = (conditions: readonly { type: string; reason: string }[] = []) =>
  conditions.some(c => c.type === 'Ready' && ofGroups.has(c.reason))

export function count(group: ConfigurationGroup, users: readonly User[], engines: Engines): Counts {
  const counts = { total: users.length, applied: 0, restartRequired: 0, failed: 0 }
  for (const user of users) {
    const standing = standingOf(group, user, engines)
    if (standing !== 'onItsWay') counts[standing] += 1
  }
  return counts
}
