/** Names the settings that give up some of what a crash would otherwise leave whole. Pure. They are allowed: whoever asks for them is told, and so is who comes after. */
import { catalogueOf } from '../../engines/parameters/catalogue.ts'
import { laid } from '../../engines/parameters/layers.ts'
import { weaker } from '../../engines/parameters/weaker.ts'
import type { Said } from '../conditions.ts'
import type { Observed } from './observed.ts'

export function judgeDurability({ side: { guest }, engines }: Observed): Said | undefined {
  if (guest === undefined) return undefined
  const { engine, version, configuration } = guest.spec
  const catalogue = catalogueOf(engines[engine]?.parameters ?? {}, version)
  const found = catalogue === undefined ? [] : weaker(catalogue, laid(configuration.layers))
  if (found.length === 0) return undefined
  const list = found.map(({ name, value, safe }) => `${name} is ${value === '' ? 'empty' : value} and not ${safe}`).join(', ')
  const message = `${list.slice(0, 800)}: a crash may lose what was acknowledged, or leave the data damaged`
  return { type: 'DurabilityReduced', status: 'True', reason: 'DurabilityReduced', message }
}
