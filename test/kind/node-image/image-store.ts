/** Puts images into a containerd store that is not in use yet, with a containerd that runs for that moment only and starts no container. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { must, run } from '../command.ts'
import { SetupError } from '../setup-error.ts'

const startDeadlineMs = 30_000

/** `runtime` is the folder with containerd and ctr. The images are not unpacked: the node does that when it starts them. */
export async function fillImageStore(store: string, archive: string, runtime: string): Promise<void> {
  mkdirSync(store, { recursive: true })
  // A socket's path may have 107 bytes at most, so it is not below the (long) path of the store.
  const work = mkdtempSync(join(tmpdir(), 'ctrd-'))
  const socket = join(work, 'c.sock')
  const config = join(work, 'config.toml')
  writeFileSync(config, containerdConfig(store, join(work, 'state'), socket))
  const containerd = spawn(join(runtime, 'containerd'), ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  let words = ''
  containerd.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4_000)
  })
  const ended = new Promise<void>(resolve => containerd.on('exit', () => resolve()))
  const ctr = (...args: string[]) => [join(runtime, 'ctr'), ['--address', socket, '--namespace', 'k8s.io', ...args]] as const
  try {
    const deadline = performance.now() + startDeadlineMs
    while ((await run(...ctr('version'), { timeoutMs: 5_000 })).code !== 0) {
      if (containerd.exitCode !== null || performance.now() > deadline) throw new SetupError(`containerd did not start:\n${words}`)
      await sleep(100)
    }
    await must(...ctr('images', 'import', '--no-unpack', archive))
  } finally {
    containerd.kill('SIGTERM')
    await ended
    rmSync(work, { recursive: true, force: true })
  }
}

/** Content and metadata are all that an import needs; the rest would look for a kernel, a network and Kubernetes. */
function containerdConfig(store: string, state: string, socket: string): string {
  const disabled = ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images', 'io.containerd.cri.v1.runtime', 'io.containerd.nri.v1.nri']
  return `version = 3
root = ${JSON.stringify(store)}
state = ${JSON.stringify(state)}
disabled_plugins = ${JSON.stringify(disabled)}
[grpc]
  address = ${JSON.stringify(socket)}
[ttrpc]
  address = ${JSON.stringify(`${socket}.ttrpc`)}
`
}
