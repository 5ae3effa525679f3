/**
 * Everything of a walk as a map from paths to values, so that two moments can be compared. What may differ though nothing did is masked here and
 * nowhere else, each with its reason.
 */
import type { View } from './view.ts'

export type Snapshot = ReadonlyMap<string, string>

const masks: readonly { path: RegExp; why: string }[] = [
  {
    path: /\.metadata\.(resourceVersion|generation|creationTimestamp)$/,
    why: 'every write moves them; what was written is compared itself',
  },
  {
    path: /\.(observedGeneration|lastTransitionTime)$/,
    why: 'they count changes and tell their times; that they are up to date is asked for at every rest',
  },
  { path: /^Guest\.metadata\.annotations\.trove\.dev\/asked-at$/, why: 'the time of the last change of its spec' },
  { path: /^Guest\.status\.(engine|agent)\.startedAt$/, why: 'a time' },
  { path: /^Pod\.status\.(startTime$|.*startedAt$)/, why: 'times' },
  { path: /^Pod\.status\..*\.containerID$/, why: 'other containers in another pod; that none was replaced is asked for itself' },
  { path: /^Instance\.status\.fault\.at$/, why: 'a time' },
]

/** Entries of lists go by their key, wherever they are in the list. */
const keysOfEntries = ['name', 'type', 'database', 'uid'] as const

export function snapshot(view: Pick<View, 'all'>): Snapshot {
  const out = new Map<string, string>()
  const named = namesForUids(view)
  const visit = (value: unknown, path: string) => {
    if (value === undefined || masks.some(m => m.path.test(path))) return
    if (Array.isArray(value)) {
      const key = keysOfEntries.find(k => value.every(entry => typeof entry === 'object' && entry !== null && k in entry))
      for (const [at, entry] of value.entries())
        visit(entry, `${path}[${key === undefined ? at : (entry as Record<string, unknown>)[key]}]`)
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, part] of Object.entries(value)) visit(part, `${path}.${name}`)
    } else out.set(named(path), named(JSON.stringify(value)))
  }
  for (const [key, object] of Object.entries(view.all)) visit(object, key)
  return out
}

/**
 * An object that was deleted and made anew has another UID, and all that bears it differs: each UID stands as the name of its object. The
 * claim's stays as it is, for there must never be another.
 */
function namesForUids({ all }: Pick<View, 'all'>): (text: string) => string {
  const pairs = Object.entries(all)
    .filter(([key]) => key !== 'Claim')
    .flatMap(([key, { kind, metadata }]) => [
      [metadata.uid, `<${key}>`] as const,
      // The keys of passwords begin with the first part of the user's.
      ...(kind === 'DatabaseUser' ? [[`${metadata.uid.slice(0, 8)}-`, `<${key}>-`] as const] : []),
    ])
  return text => pairs.reduce((t, [uid, name]) => t.replaceAll(uid, name), text)
}

export interface Difference {
  path: string
  before: string | undefined
  after: string | undefined
}

/** What differs, but for paths that begin so. */
export function differences(before: Snapshot, after: Snapshot, allowed: readonly string[] = []): Difference[] {
  const paths = new Set([...before.keys(), ...after.keys()])
  return [...paths]
    .filter(path => before.get(path) !== after.get(path) && !allowed.some(prefix => beginsWith(path, prefix)))
    .map(path => ({ path, before: shown(path, before), after: shown(path, after) }))
}

const beginsWith = (path: string, prefix: string) => path.startsWith(prefix) && ['', '.', '['].includes(path.charAt(prefix.length))

/** A password is never told, not even that of a test. */
const shown = (path: string, s: Snapshot) => (/^(Secret|Binding [^.]*)\.data\./.test(path) && s.has(path) ? 'a secret value' : s.get(path))

/** The resourceVersion of everything: nothing at all was written between two that are alike. */
export function revisions({ all }: Pick<View, 'all'>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).map(([key, { metadata }]) => [key, `${metadata.uid} ${metadata.resourceVersion}`]))
}
