/** The JSON merge patch (RFC 7396) that makes `before` into `after`. Lists are values: they are replaced whole. */
export function mergePatch(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const gone = Object.keys(before).filter(key => after[key] === undefined)
  const there = Object.entries(after).filter(([, value]) => value !== undefined)
  return Object.fromEntries([
    ...gone.map(key => [key, null] as const),
    ...there.map(([key, value]) => [key, isObject(value) ? mergePatch(objectOr(before[key]), value) : value] as const),
  ])
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const objectOr = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {})
