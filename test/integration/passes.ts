/** For what plays a part of Kubernetes: it looks at everything again whenever something changed, one pass after another and never two at once. */
export interface Passes {
  /** Something changed, or was told to. */
  look(): void
  /** The pass that is under way, if there is one. */
  ended(): Promise<void>
}

/** No pass begins once the signal has ended. */
export function openPasses(pass: () => Promise<void>, signal: AbortSignal): Passes {
  let dirty = false
  let running: Promise<void> | undefined
  return {
    look() {
      dirty = true
      running ??= (async () => {
        await Promise.resolve()
        while (dirty && !signal.aborted) {
          dirty = false
          await pass()
        }
        running = undefined
      })()
    },
    ended: async () => running,
  }
}
