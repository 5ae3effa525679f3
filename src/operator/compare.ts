/**
 * Comparing what is there with what should be, so that nothing is written in vain. The server adds defaults, and server-side apply keeps
 * lists whose entries have a key in an order of its own.
 */

/** Whether everything in `wanted` is in `found` as well. What `found` has beyond that is the server's or somebody else's. */
export function covers(found: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true
  if (Array.isArray(wanted)) {
    return Array.isArray(found) && found.length === wanted.length && wanted.every((part, i) => covers(found[i], part))
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof found !== 'object' || found === null) return wanted !== null && Object.keys(wanted).length === 0 && found === undefined
    return Object.entries(wanted).every(([key, part]) => covers((found as Record<string, unknown>)[key], part))
  }
  return found === wanted
}

/** Whether both say the same, whatever the order of fields, of sets and of lists whose entries have a key. */
export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b)
}

/** JSON with sorted fields and lists; undefined and empty lists are as if they were not there. */
function canonical(value: unknown): string {
  return JSON.stringify(sorted(value)) ?? ''
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(sorted)
    return items.length === 0 ? undefined : items.sort((a, b) => order(keyOfEntry(a), keyOfEntry(b)))
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, part]) => [key, sorted(part)] as const)
  return Object.fromEntries(entries.filter(([, part]) => part !== undefined).sort(([a], [b]) => order(a, b)))
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

const keyOfEntry = (entry: unknown): string => {
  const { type, name, database } = (entry ?? {}) as { type?: string; name?: string; database?: string }
  return type ?? name ?? database ?? JSON.stringify(entry)
}
