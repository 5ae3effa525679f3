/** A tiny image that has a shell but neither setsid nor flock: what the launcher must refuse, with a reason. */
import { dirname, join } from 'node:path'
import { must, onPath, run } from '../command.ts'
import { writeLayer } from '../image-archive.ts'
import type { BuiltImage, ImageRecipe } from './built-image.ts'
import { addProgram, addSkeleton } from './from-host.ts'

const reference = 'trove.local/unsuitable:1'
const tools = ['mkfifo', 'mv', 'rm', 'sleep', 'cat', 'mkdir', 'ls', 'id']

export const unsuitable: ImageRecipe = {
  name: 'unsuitable',
  spec: { reference, cmd: ['/bin/sh'] },
  inputs: { tools, shell: 'dash' },
  async writeLayer(out) {
    const root = join(dirname(out), 'root')
    addSkeleton(root)
    await addProgram(root, onPath('dash') ?? '/bin/sh', '/bin/sh')
    for (const tool of tools) await addProgram(root, onPath(tool) ?? `/bin/${tool}`, `/bin/${tool}`)
    await writeLayer(out, root)
  },
}

/** The same where a registry is in reach, whatever the machine is. */
export async function buildUnsuitableFromRegistry(): Promise<BuiltImage['reference']> {
  const there = await run('docker', ['image', 'inspect', reference])
  if (there.code === 0) return reference
  const dockerfile = 'FROM debian:trixie-slim\nRUN rm -f /usr/bin/setsid /usr/bin/flock\n'
  await must('docker', ['build', '--tag', reference, '-'], { input: dockerfile, env: { DOCKER_BUILDKIT: '0' } })
  return reference
}
