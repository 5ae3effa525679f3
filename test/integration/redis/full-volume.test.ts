/** A real server on a volume that is too small. Mounting one takes root; the rest of these tests do not. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, startServer } from './server.ts'

const run = promisify(execFile)
const root = process.getuid?.() === 0

let volume: string
let server: Server
beforeAll(async () => {
  if (!root) return
  volume = await mkdtemp(join(tmpdir(), 'trove-redis-small-'))
  await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=755', 'tmpfs', volume])
  server = await startServer({ data: volume })
})
afterAll(async () => {
  await server?.remove()
  if (volume === undefined) return
  await run('umount', [volume])
  await rm(volume, { recursive: true })
})

test.runIf(root)(
  'when the volume is full the server ends with its own words, and has every acknowledged write once there is room',
  async () => {
    const app = { name: 'app', ensure: 'Present', passwordRevision: 'r1', privilege: 'Owner' } as const
    await server.session(s => s.ensureUser(app, 'secret', server.signal))
    const writer = await server.connect('app', 'secret')
    let acknowledged = 0
    await (async () => {
      for (;;) {
        await writer.sendCommand(['RPUSH', 'list', 'x'.repeat(10_000)])
        acknowledged++
      }
    })().catch(() => {})
    expect(acknowledged).toBeGreaterThan(50)
    await server.ended()
    expect(server.guest.logFault(server.log())).toMatch(/AOF.*(No space left on device|Short write)/)
    await run('mount', ['-o', 'remount,size=8m', volume])
    await server.start()
    expect(await server.as('app', 'secret', 'LLEN', 'list')).toBe(acknowledged)
    expect(await server.as('app', 'secret', 'RPUSH', 'list', 'x')).toBe(acknowledged + 1)
  },
)
