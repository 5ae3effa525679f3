/** Chance that can be repeated: the same seed gives the same numbers, on every machine. */

export interface Random {
  /** From 0 up to 1. */
  next(): number
  /** A whole number from 0 up to `n`, `n` itself excluded. */
  below(n: number): number
}

export function randomFrom(seed: string): Random {
  let state = hash(seed)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, below: n => Math.floor(next() * n) }
}

/** In an order of chance that each has by its name alone: the same whatever else there is, so that the first few are the same few. */
export function shuffled<T>(seed: string, items: readonly T[], nameOf: (item: T) => string): T[] {
  const ranked = items.map(item => ({ item, rank: randomFrom(`${seed} ${nameOf(item)}`).next() }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ item }) => item)
}

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
