/** What people do with the product, as a story of steps. Every fault is tried on every workload: a capability is covered by adding its own. */
import type { Stage } from './stage.ts'

export interface Step {
  /** As one would tell it. */
  does: string
  act(stage: Stage): Promise<void>
  /** What the world looks like once the step has come to its end. */
  until(stage: Stage): boolean
}

export interface Workload {
  name: string
  /** How it comes to where it begins. No fault strikes here. */
  given?: Step[]
  steps: Step[]
  /** Most of its time something has to rest for a while. */
  waits?: true
  /** On which of the writes somebody else lays hands; the others are the same in another workload, in the same circumstances. */
  meddling?: (write: string) => boolean
  /** Too much to try every fault on: so many of each kind, chosen by the seed. */
  sampled?: number
}
