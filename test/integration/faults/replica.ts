/** One replica of the operator: the processes that are it one after another, and the proxy that stands before each of them. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Memory, type OperatorOptions, startOperator } from './operator.ts'
import { type Proxy as Between, openProxy, type ProxyOptions } from './proxy.ts'

export interface Replica {
  proxy: Between
  /** Kills the process at once, and resolves when it is gone. Another, by other options from then on, starts so much later. */
  restart(change: Partial<OperatorOptions>, afterMs: number): Promise<void>
  /** Resolves once every process that was to start has been started. */
  settled(): Promise<void>
  /** Stops the process where it is, until it is woken up. */
  stop(): void
  wake(): void
  memory(): Memory
  /** Everything that its processes printed. */
  output(): string
  end(): Promise<void>
}

export async function startReplica(given: Omit<OperatorOptions, 'url'>, proxied: ProxyOptions): Promise<Replica> {
  const proxy = await openProxy(proxied)
  const options: OperatorOptions = { ...given, url: proxy.url }
  const printed: string[] = []
  let process = await startOperator(options)
  let settled = Promise.resolve()
  return {
    proxy,
    restart(change, afterMs) {
      Object.assign(options, change)
      const ended = process.kill()
      // One end and one start after another.
      settled = settled.then(async () => {
        await ended
        await pause(afterMs)
        if (process.running()) return
        printed.push(process.output())
        proxy.life += 1
        process = await startOperator(options)
      })
      return ended
    },
    settled: () => settled,
    stop: () => process.stop(),
    wake: () => process.wake(),
    memory: () => process.memory(),
    output: () => [...printed, process.output()].join(''),
    async end() {
      await settled
      await process.kill()
      await proxy.close()
    },
  }
}
