/**
 * The jobs that write to the volume. Each takes the volume's lock first and holds it until its last process has ended, so there is one engine
 * per volume whatever the API says: not by the agent's care but because the kernel keeps the lock with the open file, which every process
 * of the engine inherits.
 */
import type { GuestSpec } from '../../api/guest.ts'
import type { GuestEngine } from '../../engines/guest-engine.ts'
import { word } from '../../engines/shell.ts'
import { type Layout, markerName } from './layout.ts'
import { markerFor, markerText } from './marker.ts'

/** Exit statuses by which a job says that it did not come as far as the engine; of sysexits.h, which engines do not use. */
export const jobExits = { notWritable: 73, busy: 75 } as const

/** The first exec is tried in a subshell: where it fails, it ends the shell that tries. */
const takeLock = ({ lock }: Layout) => `(exec 9>>${word(lock)}) || exit ${jobExits.notWritable}
exec 9>>${word(lock)}
flock -n 9 || exit ${jobExits.busy}`

/**
 * Fills a directory of its own and renames it when all is on disk: there is never half a data directory under the name that counts. Only
 * what an earlier attempt left is removed. Whoever finds data under the lock, though it looked before, leaves it alone.
 */
export function initialiseScript(spec: GuestSpec, engine: GuestEngine, layout: Layout): string {
  const { root, home, making } = layout
  const marker = `${making}/${markerName}`
  return `${takeLock(layout)}
[ ! -e ${word(home)} ] || exit 0
rm -rf ${word(making)} && mkdir -m 700 ${word(making)} || exit ${jobExits.notWritable}
(
${engine.initialise(layout.makingPaths)}
) || exit
printf '%s\\n' ${word(markerText(markerFor(spec)))} >${word(marker)} && sync ${word(marker)} ${word(making)} || exit
mv ${word(making)} ${word(home)} && sync ${word(root)}
`
}

export interface StartScript {
  script: string
  stop: 'INT' | 'TERM'
}

/**
 * Becomes the engine. Data of an older version is marked as this one's first: from then on no older engine starts on it, whether or not this one
 * comes to touch it.
 */
export function startScript(spec: GuestSpec, engine: GuestEngine, layout: Layout, takesOver: boolean): StartScript {
  const { script, stopSignal } = engine.start(layout.paths)
  const mark = takesOver ? `${moveMarker(spec, layout)}\n` : ''
  return { stop: stopSignal, script: `exec </dev/null\n${takeLock(layout)}\n${mark}${script}\n` }
}

function moveMarker(spec: GuestSpec, { home }: Layout): string {
  const marker = `${home}/${markerName}`
  const next = `${marker}.next`
  return `printf '%s\\n' ${word(markerText(markerFor(spec)))} >${word(next)} && sync ${word(next)} && mv ${word(next)} ${word(marker)} && sync ${word(home)} || exit ${jobExits.notWritable}`
}
