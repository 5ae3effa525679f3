/**
 * Where things lie on the volume and in the shared directory. Both containers of the pod see them under the same paths.
 *
 *   /data/.trove-lock            held by whatever may write to the volume
 *   /data/<engine>.init/         an initialisation that has not come to its end, which is removed
 *   /data/<engine>/marker        whose data this is
 *   /data/<engine>/data          the engine's data directory
 *   /data/<engine>/data.tmp/     temporary files of an engine that needs room for them; emptied at each start
 *   /trove/configuration/        what it is started with
 *   /trove/sockets/              the engine's local socket
 */
import type { EngineName } from '../../api/datastore.ts'
import type { EnginePaths } from '../../engines/guest-engine.ts'

export interface Mounts {
  data: string
  trove: string
}

export const markerName = 'marker'

/** One lock per volume, whatever the engine. */
export const lockOf = ({ data }: Mounts): string => `${data}/.trove-lock`

export interface Layout {
  lock: string
  /** The volume's root, the engine's directory and where that is made. */
  root: string
  home: string
  making: string
  /** What the engine gets to know of it: to run, and to be initialised. */
  paths: EnginePaths
  makingPaths: EnginePaths
}

export function layoutOf(engine: EngineName, mounts: Mounts): Layout {
  const { data, trove } = mounts
  const home = `${data}/${engine}`
  const making = `${home}.init`
  const under = (directory: string): EnginePaths => ({
    data: `${directory}/data`,
    configuration: `${trove}/configuration`,
    sockets: `${trove}/sockets`,
  })
  return {
    lock: lockOf(mounts),
    root: data,
    home,
    making,
    paths: under(home),
    makingPaths: under(making),
  }
}
