/**
 * Says what is being done and how long it took. A step that takes over two seconds shows that it goes on: a ticking clock on a terminal,
 * one line at its start elsewhere. One step runs at a time.
 */

export interface Log {
  step<T>(title: string, work: () => Promise<T>): Promise<T>
  note(text: string): void
}

const slowAfterMs = 2_000

export function stepLog(out: NodeJS.WriteStream = process.stdout): Log {
  return {
    async step(title, work) {
      const started = performance.now()
      const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
      let timer: NodeJS.Timeout
      if (out.isTTY) {
        const draw = () => out.write(`\r\u001b[K  … ${title} (${seconds()})`)
        timer = setInterval(draw, 1_000)
      } else {
        timer = setTimeout(() => out.write(`  … ${title}\n`), slowAfterMs)
      }
      const close = (mark: string) => {
        clearInterval(timer)
        out.write(`${out.isTTY ? '\r\u001b[K' : ''}  ${mark} ${title} (${seconds()})\n`)
      }
      try {
        const result = await work()
        close('✓')
        return result
      } catch (error) {
        close('✗')
        throw error
      }
    },
    note(text) {
      out.write(`  · ${text}\n`)
    },
  }
}
