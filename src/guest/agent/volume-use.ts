/** How full the data volume is: looked at now and then and when an engine has ended, told in steps. */
import { statfs } from 'node:fs/promises'
import type { Clock } from '../../runtime/clock.ts'

const lookEveryMs = 30_000

export interface VolumeUse {
  /** As df counts it. */
  percent: number
  /** Too full for an engine to start, or to go on for long: less than 1 % is left, or less than 32 MiB of a volume large enough to expect that. */
  full: boolean
  /** Clearly not: there is twice as much. */
  roomy: boolean
}

/** Keeps what was last told of the use of the volume mounted at `root`. A volume that does not say how full it is costs nothing but that. */
export class VolumeGauge {
  readonly #root: string
  readonly #clock: Pick<Clock, 'monotonicMs'>
  #lookedAtMs: number | undefined
  #told: number | undefined
  #full = false

  constructor(root: string, clock: Pick<Clock, 'monotonicMs'>) {
    this.#root = root
    this.#clock = clock
  }

  /** What is to be told; undefined as long as nothing is known. */
  get percent(): number | undefined {
    return this.#told
  }

  /** Once full, it is so until there is room again that is worth the name. */
  get full(): boolean {
    return this.#full
  }

  /** What an agent before us has told. */
  recall(percent: number | undefined): void {
    this.#told = percent ?? this.#told
  }

  /** Measures, unless it did a moment ago. */
  async look(): Promise<void> {
    if (this.#lookedAtMs !== undefined && this.#clock.monotonicMs() - this.#lookedAtMs < lookEveryMs) return
    await this.measure()
  }

  async measure(): Promise<VolumeUse | undefined> {
    const use = await useOfVolume(this.#root).catch(() => undefined)
    if (use === undefined) return undefined
    this.#lookedAtMs = this.#clock.monotonicMs()
    this.#told = reportedUse(this.#told, use.percent)
    this.#full = use.full || (this.#full && !use.roomy)
    return use
  }
}

async function useOfVolume(root: string): Promise<VolumeUse> {
  const { blocks, bfree, bavail, bsize } = await statfs(root)
  return useOf({ size: blocks * bsize, free: bfree * bsize, available: bavail * bsize })
}

const mebibyte = 1024 * 1024

export function useOf({ size, free, available }: { size: number; free: number; available: number }): VolumeUse {
  const used = size - free
  const percent = used + available === 0 ? 0 : Math.min(100, Math.ceil((100 * used) / (used + available)))
  const least = Math.max(size / 100, Math.min(32 * mebibyte, size / 10))
  return { percent, full: available < least, roomy: available >= 2 * least }
}

/** In steps of 5, and down only once it is clearly below: an idle guest, whose engine writes a little now and then, stays silent. */
export function reportedUse(before: number | undefined, percent: number): number {
  if (before !== undefined && percent >= before - 2 && percent < before + 5) return before
  return Math.floor(percent / 5) * 5
}
