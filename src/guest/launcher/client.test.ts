import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LauncherProcess } from '../../../test/launcher/process.ts'
import { openLauncher } from './client.ts'
import type { Launcher } from './launcher.ts'

let container: LauncherProcess
let launcher: Launcher
const signal = AbortSignal.timeout(60_000)

beforeEach(async () => {
  container = await new LauncherProcess().start()
  launcher = openLauncher(container.dir)
})
afterEach(() => container[Symbol.dispose]())

const jobs = () => {
  const state = launcher.look()
  return state.kind === 'live' ? state.jobs : []
}
const inRun = (...names: string[]) => join(container.dir, container.boot ?? '', ...names)
const until = async (test: () => boolean) => {
  while (!test()) await sleep(5, undefined, { signal })
}

test('a launcher that is not there yet is absent, then live without jobs', () => {
  using empty = new LauncherProcess()
  expect(openLauncher(empty.dir).look()).toEqual({ kind: 'absent' })
  expect(launcher.look()).toEqual({ kind: 'live', boot: container.boot, stopping: false, jobs: [] })
})

test('a job runs, tells its exit status, and is forgotten without a trace', async () => {
  launcher.submit({ id: 'a', script: 'exit 7', note: 'kept for later' })
  expect(await launcher.exit('a', signal)).toBe(7)
  expect(jobs()).toEqual([{ id: 'a', startedAt: expect.any(Date), endedAt: expect.any(Date), exit: 7, note: 'kept for later' }])
  launcher.forget('a')
  expect(readdirSync(inRun())).toEqual(['bell'])
})

test('the death of a job by a signal is its exit status', async () => {
  launcher.submit({ id: 'a', script: 'kill -9 $$' })
  expect(await launcher.exit('a', signal)).toBe(137)
})

test('an id that is taken is refused', () => {
  launcher.submit({ id: 'a', script: 'sleep 60' })
  expect(() => launcher.submit({ id: 'a', script: 'exit 0' })).toThrow('there already')
})

test.each(['../a', '.a', 'A', 'a/b', ''])('%j is no job id', id => {
  expect(() => launcher.submit({ id, script: 'exit 0' })).toThrow('not a job')
})

test('a request that an agent left half-written does not stand in the way of the next', async () => {
  mkdirSync(inRun('.a'))
  writeFileSync(inRun('.a', 'cmd'), 'exit 1')
  launcher.submit({ id: 'a', script: 'exit 3' })
  expect(await launcher.exit('a', signal)).toBe(3)
})

test('run gives exit status and what the script wrote, both streams', async () => {
  expect(await launcher.run({ id: 'r', script: 'echo out; echo err >&2; (exit 4)' }, signal)).toEqual({ exit: 4, output: 'out\nerr\n' })
  expect(jobs()).toEqual([])
})

test('run keeps 16 KiB of a long output and lets the script come to its end', async () => {
  const { exit, output } = await launcher.run(
    { id: 'r', script: 'i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done; exit 5' },
    signal,
  )
  expect(exit).toBe(5)
  expect(output).toHaveLength(16 * 1024)
})

test('a run that an agent died over is taken over by the next one and not run twice', async () => {
  const script = `echo once >>${container.dir}/count; sleep 0.3; echo done`
  const abandoned = AbortSignal.timeout(100)
  await expect(launcher.run({ id: 'r', script }, abandoned)).rejects.toThrow()
  expect(await openLauncher(container.dir).run({ id: 'r', script }, signal)).toEqual({ exit: 0, output: 'done\n' })
  expect(spawnSync('cat', [join(container.dir, 'count')]).stdout.toString()).toBe('once\n')
})

test('a signal reaches the process alone or its whole group', async () => {
  launcher.submit({ id: 'p', script: 'trap "exit 9" TERM; sleep 61 & while :; do sleep 0.05; done' })
  await until(() => jobs()[0]?.startedAt !== undefined && container.processes('sleep\x0061').length === 1)
  launcher.kill('p', 'process', 'TERM')
  expect(await launcher.exit('p', signal)).toBe(9)
  expect(container.processes('sleep\x0061')).toHaveLength(1)
  launcher.submit({ id: 'g', script: 'sleep 62 & sleep 62' })
  await until(() => container.processes('sleep\x0062').length === 2)
  launcher.kill('g', 'group', 'TERM')
  expect(await launcher.exit('g', signal)).toBe(143)
  await until(() => container.processes('sleep\x0062').length === 0)
})

test('an orphan that takes no notice of TERM is killed, with its children, and forgotten', async () => {
  launcher.submit({ id: 'orphan', script: 'trap "" TERM; sleep 63 & while :; do sleep 0.05; done' })
  await until(() => container.processes('sleep\x0063').length === 1)
  await launcher.cancel('orphan', 200, signal)
  await until(() => container.processes('sleep\x0063').length === 0)
  expect(jobs()).toEqual([])
})

test('when the pod ends the engine gets its stop signal, stopping is seen, and the launcher ends last', async () => {
  launcher.submit({ id: 'engine', script: 'trap "exit 0" TERM; echo >"$1/up"; while :; do sleep 0.02; done', stop: 'TERM' })
  await until(() => existsSync(inRun('engine', 'up')))
  expect(await container.terminate()).toBe(0)
  expect(launcher.look()).toMatchObject({ kind: 'live', stopping: true, jobs: [{ id: 'engine', exit: 0 }] })
})

test('a new boot id means that all jobs are lost, and what they left is removed', async () => {
  launcher.submit({ id: 'engine', script: 'exec sleep 64' })
  const exit = launcher.exit('engine', signal)
  await until(() => jobs()[0]?.startedAt !== undefined)
  const before = container.boot ?? ''
  container.kill9()
  await container.start()
  expect(await exit).toBe('lost')
  expect(launcher.look()).toEqual({ kind: 'live', boot: container.boot, stopping: false, jobs: [] })
  expect(existsSync(join(container.dir, before))).toBe(false)
  expect(await launcher.run({ id: 'r', script: 'echo again' }, signal)).toEqual({ exit: 0, output: 'again\n' })
})

test('a job whose directory the engine removes is lost, not waited for for ever', async () => {
  launcher.submit({ id: 'a', script: 'exec sleep 65' })
  const exit = launcher.exit('a', signal)
  await until(() => existsSync(inRun('a', 'pid')))
  rmSync(inRun('a'), { recursive: true })
  expect(await exit).toBe('lost')
})

test('an image without the tools says which, and stays', async () => {
  using bare = new LauncherProcess()
  const bin = join(bare.dir, 'bin')
  mkdirSync(bin)
  for (const tool of ['sh', 'mv', 'rm', 'cat']) symlinkSync(spawnSync('which', [tool]).stdout.toString().trim(), join(bin, tool))
  await bare.start({ PATH: bin })
  expect(openLauncher(bare.dir).look()).toEqual({ kind: 'unsuitable', lacks: 'flock head mkdir mkfifo setsid sleep sync' })
  await sleep(200)
  expect(bare.processes()).toHaveLength(2)
  expect(await bare.terminate()).toBe(0)
})

test('a launcher of another protocol is not spoken to', () => {
  writeFileSync(join(container.dir, 'protocol'), '2\n')
  expect(launcher.look()).toEqual({ kind: 'foreign', protocol: '2' })
})

test('half a line, a line too long, a FIFO and a symbolic link are no exit status', async () => {
  launcher.submit({ id: 'a', script: 'exec sleep 66' })
  await until(() => jobs()[0]?.startedAt !== undefined)
  const rc = inRun('a', 'rc')
  writeFileSync(rc, '0')
  expect(jobs()[0]).not.toHaveProperty('exit')
  writeFileSync(rc, `${'0'.repeat(100)}\n`)
  expect(jobs()[0]).not.toHaveProperty('exit')
  rmSync(rc)
  spawnSync('mkfifo', [rc])
  expect(jobs()[0]).not.toHaveProperty('exit')
  rmSync(rc)
  writeFileSync(join(container.dir, 'elsewhere'), '0\n')
  symlinkSync(join(container.dir, 'elsewhere'), rc)
  expect(jobs()[0]).not.toHaveProperty('exit')
})

test('links that the engine puts in the place of directories are not followed, whatever is asked', () => {
  using victim = new LauncherProcess()
  mkdirSync(join(victim.dir, 'job'))
  writeFileSync(join(victim.dir, 'job', 'rc'), '0\n')
  writeFileSync(join(victim.dir, 'precious'), 'precious')
  symlinkSync(join(victim.dir, 'job'), inRun('linked'))
  symlinkSync(victim.dir, inRun('.gone-linked'))
  expect(jobs()).toEqual([])
  launcher.kill('linked', 'group', 'TERM')
  expect(readdirSync(join(victim.dir, 'job'))).toEqual(['rc'])
  // The run directory itself becomes a link: a new agent must not take it for a launcher.
  const boot = container.boot ?? ''
  renameSync(join(container.dir, boot), join(container.dir, 'moved'))
  symlinkSync(victim.dir, join(container.dir, boot))
  expect(openLauncher(container.dir).look()).toEqual({ kind: 'absent' })
  expect(existsSync(join(victim.dir, 'precious'))).toBe(true)
})

test('a boot id that is no id leads nowhere', () => {
  writeFileSync(join(container.dir, 'boot'), '../../etc\n')
  expect(openLauncher(container.dir).look()).toEqual({ kind: 'absent' })
})

test('onChange calls back when a launcher comes', async () => {
  using late = new LauncherProcess()
  let calls = 0
  const stop = openLauncher(late.dir).onChange(() => calls++)
  await late.start()
  await until(() => calls > 0)
  stop()
})
