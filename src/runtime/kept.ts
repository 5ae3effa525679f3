/**
 * What a cache keeps, in as little memory as that takes: frozen, and of equal parts only one. Objects of one kind differ in names, identities and
 * times, and say the same in everything else; as they come from the API server each has its own copy of all of it.
 */

/** The same value, frozen through and through. Parts of the argument are frozen and replaced by what equals them; what is frozen already stays as it is. */
export type Keep = <V>(value: V) => V

/** In characters. Longer ones are hardly ever equal: a text of this length is a file of settings. */
const longestText = 4096
/** The text of a part is kept beside it. */
const longestPart = 300
/** What is remembered must not grow with what people write into their objects. */
const mostCharacters = 1 << 20

/** Of equal parts of all that goes through it there is one. */
export function openKeeper(): Keep {
  const strings = openPool<string>(4096)
  const parts = openPool<object>(1024)

  /** With its text, unless that is too long to be looked up. */
  const keep = (value: unknown): { value: unknown; text?: string } => {
    if (typeof value === 'string') {
      if (value.length > longestText) return { value }
      const shared = strings(value, value)
      return value.length > longestPart ? { value: shared } : { value: shared, text: JSON.stringify(shared) }
    }
    if (typeof value !== 'object' || value === null) return { value, text: String(value) }
    if (Object.isFrozen(value)) return { value }
    const into = value as Record<string, unknown>
    const texts: string[] = []
    let length = 0
    for (const [name, part] of Object.entries(value)) {
      const { value: shared, text } = keep(part)
      // Of equal strings too the other one: that they are not the same cannot be seen, but it is what this is about.
      into[name] = shared
      length += text === undefined ? Number.POSITIVE_INFINITY : name.length + text.length
      if (length <= longestPart) texts.push(`${JSON.stringify(name)}:${text}`)
    }
    Object.freeze(value)
    if (length > longestPart) return { value }
    const text = Array.isArray(value) ? `[${texts.join()}]` : `{${texts.join()}}`
    const shared = parts(text, value)
    return { value: shared, text }
  }
  return <V>(value: V): V => keep(value).value as V
}

/** Knows what came up lately, up to twice `size` of it: what comes up again and again stays, what came up once is forgotten. */
function openPool<V>(size: number): (text: string, value: V) => V {
  let young = new Map<string, V>()
  let old = young
  let characters = 0
  return (text, value) => {
    const known = young.get(text)
    if (known !== undefined) return known
    const kept = old.get(text) ?? value
    young.set(text, kept)
    characters += text.length
    if (young.size >= size || characters >= mostCharacters) {
      old = young
      young = new Map()
      characters = 0
    }
    return kept
  }
}
