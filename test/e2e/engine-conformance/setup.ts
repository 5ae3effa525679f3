/** Before the first engine is tried: this checkout's Trove is on the test cluster, and the node has the images that are tried. */
import { provideImages } from '../../kind/images.ts'
import { stepLog } from '../../kind/steps.ts'
import { setup as setUpTrove } from '../setup.ts'
import { cluster } from '../world.ts'
import { subjectsOf, triedEngines } from './subjects.ts'

export async function setup(): Promise<void> {
  await setUpTrove()
  const on = await cluster()
  if (on.registry) return
  const subjects = await Promise.all(triedEngines().map(subjectsOf))
  await provideImages(
    on,
    subjects.flatMap(s => s.proven.flatMap(({ image, predecessors }) => [image, ...predecessors.map(before => before.image)])),
    stepLog(),
  )
}
