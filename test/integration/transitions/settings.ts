import { full, fullVariable } from '../../full.ts'

/** How much is walked, and from where: the only place in which these tests read the environment. */
export interface Settings {
  /** The same seed gives the same walks. */
  seed: number
  /** How often each move that reaches children is made. */
  times: number
  /** The longer a walk, the more of what went before is in the way of each step. */
  stepsPerWalk: number
  /** How many of the mutants are planted. */
  mutants: number
  /** What else must be set for the same walks. */
  also: string
  /** One walk alone: its number, and the path to what shrinking made of it. */
  only?: { walk: number; path?: string }
}

/** `TROVE_WALK=seed[:walk[:path]]` is what a walk that failed says; `TROVE_TEST_FULL=1` walks much further, from another seed each time. */
function readSettings({ TROVE_WALK }: Record<string, string | undefined>, clock: () => number): Settings {
  const extent = full
    ? { times: 30, stepsPerWalk: 30, mutants: Number.POSITIVE_INFINITY, also: `${fullVariable}=1 ` }
    : { times: 2, stepsPerWalk: 10, mutants: 3, also: '' }
  if (TROVE_WALK === undefined) return { seed: full ? clock() % 2 ** 31 : 20, ...extent }
  const [seed, walk, ...path] = TROVE_WALK.split(':')
  const only = walk === undefined ? {} : { only: { walk: Number(walk), ...(path.length > 0 && { path: path.join(':') }) } }
  return { seed: Number(seed), ...extent, ...only }
}

export const settings = readSettings(process.env, Date.now)
