/** Pauses that double: the first time `first`, never more than `most`. */
export const pauseMs = (times: number, first: number, most: number): number => Math.min(most, first * 2 ** Math.min(times, 30))
