/**
 * The configuration that a guest is asked for. Pure. Settings that somebody asks for reach a running engine; the default formulas move only at a
 * restart that the user asked for, so what they once gave is kept. What is missing or not acceptable leaves its part as it was.
 */
import { createHash } from 'node:crypto'
import type { Guest, GuestConfiguration, GuestSettings, Layers } from '../../api/guest.ts'
import type { Instance } from '../../api/instance.ts'
import { laid } from '../../engines/parameters/layers.ts'
import { same } from '../compare.ts'
import { guestName } from '../names.ts'
import { sizeOf } from '../size.ts'
import type { Decided } from './decide.ts'

export function renderConfiguration(
  instance: Instance,
  decided: Decided,
  previous: Guest | undefined,
  isRestarting: boolean,
): GuestConfiguration {
  const { engine } = decided
  const before = previous?.spec.configuration
  const isAnew = before === undefined || isRestarting
  const set = decided.settings ?? before?.layers.version ?? {}
  const ofGroup = decided.groupSettings ?? before?.layers.group ?? {}
  const layers: Layers = {
    defaults: isAnew ? engine.defaults(sizeOf(decided)) : before.layers.defaults,
    ...(Object.keys(set).length > 0 && { version: set }),
    ...(Object.keys(ofGroup).length > 0 && { group: ofGroup }),
  }
  // An operator that would write the files differently does so when there is something to say.
  if (!isAnew && same(before.layers, layers)) return before
  const { hash, files } = renderLayers(instance, decided, layers)
  const good = startedWith(previous, decided) ?? renderLayers(instance, decided, { defaults: layers.defaults })
  const lastGood = good.hash === hash ? undefined : good
  return { hash, formulas: isAnew ? engine.formulas : before.formulas, files, layers, ...(lastGood !== undefined && { lastGood }) }
}

type Sized = Pick<Decided, 'engine' | 'version' | 'flavor'>

/** The files that these layers come to, and the hash by which agent and status name them. */
export function renderLayers(instance: Instance, decided: Sized, layers: Layers): GuestSettings {
  const self = { name: guestName(instance), role: 'Writer' } as const
  const files = decided.engine.render({ self, members: [self], ...sizeOf(decided), parameters: laid(layers) })
  const hash = createHash('sha256')
    .update(JSON.stringify(files.map(f => [f.name, f.content])))
    .digest('hex')
  return { hash, files }
}

/**
 * What the engine last started and answered with, so that it can come up again if it does not start with what is asked for now. A former pod's
 * word for it is as good as the live one's: it is of the past, and between two pods it is the only one. Undefined where nobody knows of any: of a
 * new Instance, of a Guest that was lost, and of another version, of which what one started with says nothing. There it is the default formulas,
 * without anybody's settings.
 */
function startedWith(previous: Guest | undefined, { version, upgradeFrom }: Decided): GuestSettings | undefined {
  if (previous === undefined || previous.spec.version !== version || upgradeFrom !== undefined) return undefined
  const { configuration } = previous.spec
  return previous.status?.engine?.startedWith === configuration.hash
    ? { hash: configuration.hash, files: configuration.files }
    : configuration.lastGood
}
