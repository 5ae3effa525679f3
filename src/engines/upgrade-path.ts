/** From which versions an engine takes data over in place, by its publisher's own word. Pure. Versions are numbers with dots, as "10.11"; of others nobody knows the order. */

/** Why the engine of version `to` cannot take over, in place, what version `from` has written; undefined if it can. `to` is newer. */
export type UpgradePath = (from: string, to: string) => string | undefined

function numbersOf(version: string): number[] | undefined {
  return /^\d+(\.\d+)*$/.test(version) ? version.split('.').map(Number) : undefined
}

/** Below 0 if `a` is older than `b`; undefined if nobody can tell. */
export function compareVersions(a: string, b: string): number | undefined {
  const [left, right] = [numbersOf(a), numbersOf(b)]
  if (left === undefined || right === undefined) return undefined
  for (let n = 0; n < Math.max(left.length, right.length); n++) {
    const difference = (left[n] ?? 0) - (right[n] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

export const anyNewer: UpgradePath = () => undefined

/** Within one first number only. */
export const withinMajor =
  (why: string): UpgradePath =>
  (from, to) =>
    numbersOf(from)?.[0] === numbersOf(to)?.[0] ? undefined : why

/** Any step that skips none of these series. */
export const withoutSkipping =
  (...series: string[]): UpgradePath =>
  (from, to) => {
    const isBetween = (one: string) => {
      const [first, last] = [compareVersions(from, one), compareVersions(one, seriesOf(to))]
      return first !== undefined && last !== undefined && first < 0 && last < 0
    }
    const skipped = series.filter(isBetween)
    return skipped.length === 0 ? undefined : `${skipped.join(' and ')} may not be skipped: go there first`
  }

const seriesOf = (version: string) => version.split('.').slice(0, 2).join('.')
