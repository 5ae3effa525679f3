/** Chance that can be repeated: the same seed gives the same numbers, on every machine. */

export interface Random {
  /** From 0 up to 1. */
  next(): number
  /** A whole number from 0 up to `n`, `n` itself excluded. */
  below(n: number): number
  /** `n` of them, or all if there are no more, in their own order. */
  sample<T>(items: readonly T[], n: number): T[]
  /** All of them, in an order of chance. */
  shuffle<T>(items: readonly T[]): T[]
}

export function randomFrom(seed: string): Random {
  let state = hash(seed)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number) => Math.floor(next() * n)
  return {
    next,
    below,
    sample(items, n) {
      const chosen = new Set<number>()
      const wanted = Math.min(n, items.length)
      while (chosen.size < wanted) chosen.add(below(items.length))
      return items.filter((_, i) => chosen.has(i))
    },
    shuffle: items =>
      items
        .map(item => ({ item, rank: next() }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ item }) => item),
  }
}

/** FNV-1a, 32 bits. */
export function hash(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
