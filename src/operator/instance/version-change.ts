/**
 * Which version an Instance is to have. Pure. A change has three steps, and it can be stopped between any two: the Guest names both versions, which
 * happens between two pods; the agent of the next pod starts the newer engine, and from that moment the data is the newer version's for good; the
 * engine answers, and the Guest names the new version alone. Until the second step the user may go back.
 */
import { compareVersions } from '../../engines/upgrade-path.ts'
import { type Fault, fault } from '../../errors.ts'

/** What a Guest says: the version, and the one that the data may still have. */
export interface Course {
  version: string
  upgradeFrom?: string | undefined
}

export interface Standing extends Course {
  /** The version that the data is known to have been started with. It never goes back, so that even an old report of a newer one is true. */
  data?: string | undefined
  /** The engine answers with `version`, and has done all its own work. */
  isDone: boolean
}

export interface VersionPlan {
  /** What the Guest says, or is to say without a look at its pod. */
  current: Course
  /** What it is to say once there is no pod. */
  next?: Course & {
    /** Not before the engine is well, so that it can end in order: it is not known to start on what another has left in disorder. */
    waits: boolean
  }
  /** Why what is asked for does not come. What runs runs on. */
  fault?: Fault
}

/** `judge` says what speaks against a change, `judgeKnown` what speaks against a version that the data has or had. */
export function planVersion(
  asked: string | undefined,
  { version, upgradeFrom, data, isDone }: Standing,
  judge: (from: string, to: string) => Fault | undefined,
  judgeKnown: (version: string) => Fault | undefined,
): VersionPlan {
  if (upgradeFrom === undefined || isDone) {
    const current = { version }
    // Somebody went back while the newer engine was started all the same: there is no way but on.
    if (data !== undefined && isNewer(data, version) && judgeKnown(data) === undefined) {
      const next = { version: data, upgradeFrom: version, waits: false }
      return {
        current,
        next,
        ...(asked !== undefined && asked !== data && { fault: fault('DowngradeImpossible', { from: data, to: asked }) }),
      }
    }
    if (asked === undefined || asked === version) return { current }
    const wrong = judge(version, asked)
    return wrong === undefined ? { current, next: { version: asked, upgradeFrom: version, waits: true } } : { current, fault: wrong }
  }
  const current = { version, upgradeFrom }
  // One change comes to its end before another begins.
  if (asked !== upgradeFrom) return { current }
  const wrong = data === version ? fault('DowngradeImpossible', { from: version, to: asked }) : judgeKnown(asked)
  return wrong === undefined ? { current, next: { version: asked, waits: false } } : { current, fault: wrong }
}

const isNewer = (a: string, b: string) => (compareVersions(a, b) ?? 0) > 0

/** What speaks against a change whatever the catalog says. */
export function judgeStep(
  { engine, refusesUpgrade }: { engine: string; refusesUpgrade(from: string, to: string): string | undefined },
  from: string,
  to: string,
): Fault | undefined {
  const order = compareVersions(from, to)
  if (order !== undefined && order >= 0) return fault('DowngradeImpossible', { from, to })
  const why = order === undefined ? 'they are not numbers, so nobody can tell which of them is newer' : refusesUpgrade(from, to)
  return why === undefined ? undefined : fault('UpgradeImpossible', { engine, from, to, why })
}
