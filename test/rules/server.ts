/**
 * A throwaway server in its image, and its own client run beside it. It has no network and bounded memory, and is gone afterwards whatever
 * happened. What depends on the machine is told by running it on two machines that differ: see `agreed`.
 */
import { randomUUID } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import type { ParameterRule } from '../../src/engines/parameters/rule.ts'
import { run } from '../kind/command.ts'
import { SetupError } from '../kind/setup-error.ts'

export interface Server {
  /** Where the server works, different on each machine. */
  directory: string
  /** What a shell script prints, run as the server's user. */
  shell(script: string): Promise<string>
}

const machines = [
  { directory: '/tmp/a', args: ['--cpuset-cpus=0', '--memory=1200m', '--memory-swap=1200m', '--ulimit=nofile=12000:12000'] },
  {
    directory: '/tmp/second',
    args: [
      `--cpuset-cpus=0-${Math.min(availableParallelism(), 2) - 1}`,
      '--memory=1500m',
      '--memory-swap=1500m',
      '--ulimit=nofile=20000:20000',
    ],
  },
]

/** The rules as both machines have them: a default that differs is the machine's and not the server's. */
export async function agreed(
  image: string,
  program: (directory: string) => string,
  ready: (directory: string) => string,
  learn: (server: Server) => Promise<ParameterRule[]>,
): Promise<ParameterRule[]> {
  const [first = [], second = []] = await Promise.all(machines.map(machine => on(machine, image, program, ready, learn)))
  const others = new Map(second.map(rule => [rule.name, rule]))
  if (others.size !== first.length) throw new Error(`${image} has ${first.length} parameters on one machine and ${others.size} on another`)
  return first.map(rule => {
    const { default: one, ...same } = rule
    const { default: other, ...sameThere } = others.get(rule.name) ?? rule
    if (JSON.stringify(same) !== JSON.stringify(sameThere))
      throw new Error(`${image} differs by machine: ${JSON.stringify(same)}, ${JSON.stringify(sameThere)}`)
    return one === other ? rule : same
  })
}

async function on(
  machine: (typeof machines)[number],
  image: string,
  program: (directory: string) => string,
  ready: (directory: string) => string,
  learn: (server: Server) => Promise<ParameterRule[]>,
): Promise<ParameterRule[]> {
  const name = `trove-rules-${randomUUID()}`
  const { directory } = machine
  const script = `mkdir ${directory} && cd ${directory} && { ${program(directory)}; }`
  const args = ['--rm', '--network=none', '--user=999:999', '--tmpfs=/tmp:size=700m', `--name=${name}`, ...machine.args]
  // The timeout is the container's own: it ends even if this process does not. A newer `timeout` refuses to be a container's first process.
  const ended = run('docker', ['run', ...args, '--entrypoint=sh', image, '-c', 'timeout 300 sh -c "$0"; exit', script])
  const shell = (input: string, timeoutMs: number) => run('docker', ['exec', '--interactive', name, 'sh'], { input, timeoutMs })
  try {
    let over = false
    void ended.then(() => {
      over = true
    })
    for (const deadline = performance.now() + 90_000; (await shell(ready(directory), 10_000)).code !== 0; await delay(200)) {
      if (!over && performance.now() < deadline) continue
      await run('docker', ['rm', '--force', name], { timeoutMs: 30_000 })
      throw new SetupError(`the server of ${image} does not start:\n${(await ended).stderr.slice(-2000)}`)
    }
    return await learn({
      directory,
      shell: async input => {
        const outcome = await shell(input, 180_000)
        if (outcome.code !== 0) throw new Error(`a script in ${image} ended with ${outcome.code}:\n${outcome.stderr.slice(-2000)}`)
        return outcome.stdout
      },
    })
  } finally {
    await run('docker', ['rm', '--force', name], { timeoutMs: 30_000 })
    await ended
  }
}

/** Rows of a client that prints one JSON object a line. */
export const rows = <Row>(output: string): Row[] =>
  output
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Row)
