/**
 * The Docker engine that the cluster's node runs in. Where none runs and we may, one is started with its data in our cache; it listens
 * where Docker always does, so that people and kind find it. It is stopped again only as engine-ownership.ts allows.
 */
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cacheRoot } from './cache.ts'
import { must, onPath } from './command.ts'
import { decideStop, type EngineNote } from './engine-ownership.ts'
import { startOf, withLock } from './lock.ts'
import { engineAnswers, hasSysResource, observeMachine } from './machine.ts'
import { thisCheckout } from './names.ts'
import { ensurePackages } from './packages.ts'
import { planEngine } from './route.ts'
import { SetupError } from './setup-error.ts'
import type { Log } from './steps.ts'

const startDeadlineMs = 60_000
const stopDeadlineMs = 30_000

/** Makes sure that a Docker engine answers, and goes on to do so for as long as this process lives. */
export async function ensureEngine(log: Log): Promise<void> {
  const place = enginePlace()
  await withLock(place.lock, async () => {
    noteUse(place)
    if (await engineAnswers()) return
    const plan = planEngine(await observeMachine())
    if (plan.do === 'use') return
    if (plan.do === 'refuse') throw new SetupError(`this machine lacks ${plan.missing}`, plan.remedy)
    await ensurePackages(plan.packages, log)
    // Installing the package starts the engine on machines that have an init system: then it is the machine's, not ours.
    if (await engineAnswers()) return
    await log.step('start a Docker engine', () => start(place))
  })
}

export type StopOutcome = { stopped: true } | { stopped: false; because: string | undefined }

/** Stops the engine if it is ours and idle. */
export async function stopIdleEngine(log: Log): Promise<StopOutcome> {
  const place = enginePlace()
  return await withLock(place.lock, async (): Promise<StopOutcome> => {
    const note = readNote(place)
    const answers = await engineAnswers()
    const containers = answers
      ? (await must('docker', ['ps', '--format', '{{.Names}}'])).stdout.split('\n').filter(name => name !== '')
      : []
    const decision = decideStop({
      answers,
      note,
      containers,
      users: usersOf(place),
      startOfNotedPid: note === undefined ? undefined : startOf(note.pid),
    })
    switch (decision.do) {
      case 'nothing':
        return { stopped: false, because: undefined }
      case 'forget':
        rmSync(place.note)
        return { stopped: false, because: undefined }
      case 'keep':
        return { stopped: false, because: decision.because }
      case 'stop':
        await log.step('stop the Docker engine', () => stop(decision.pid, note?.startedAt))
        rmSync(place.note)
        return { stopped: true }
    }
  })
}

/** For people: who started the engine that answers. */
export function engineOrigin(): string {
  const note = readNote(enginePlace())
  return note !== undefined && startOf(note.pid) === note.startedAt ? `started by ${note.startedBy} (pid ${note.pid})` : 'the machine’s own'
}

interface EnginePlace {
  dir: string
  lock: string
  note: string
  /** A file for each process that has asked for the engine: until its cluster's node is there, nothing else tells that it is in use. */
  uses: string
  log: string
}

function enginePlace(): EnginePlace {
  const dir = join(cacheRoot(), 'docker-engine')
  return { dir, lock: `${dir}.lock`, note: join(dir, 'started.json'), uses: join(dir, 'uses'), log: join(dir, 'dockerd.log') }
}

function noteUse(place: EnginePlace): void {
  mkdirSync(place.uses, { recursive: true })
  writeFileSync(join(place.uses, String(process.pid)), startOf(process.pid) ?? '')
}

/** Pids of other processes that have asked for the engine and still live. */
function usersOf(place: EnginePlace): number[] {
  const files = existsSync(place.uses) ? readdirSync(place.uses) : []
  return files.map(Number).filter(pid => {
    const file = join(place.uses, String(pid))
    if (startOf(pid) === readFileSync(file, 'utf8')) return pid !== process.pid
    rmSync(file)
    return false
  })
}

function readNote(place: EnginePlace): EngineNote | undefined {
  return existsSync(place.note) ? (JSON.parse(readFileSync(place.note, 'utf8')) as EngineNote) : undefined
}

async function start(place: EnginePlace): Promise<void> {
  mkdirSync(place.dir, { recursive: true })
  const args = ['--data-root', join(place.dir, 'data'), '--pidfile', join(place.dir, 'dockerd.pid')]
  // Docker's default on cgroup v2 is to ask systemd, which needs a systemd to ask.
  if (!existsSync('/run/systemd/system')) args.push('--exec-opt', 'native.cgroupdriver=cgroupfs')
  if (!hasSysResource()) {
    const wrapper = join(place.dir, 'runc-without-sys-resource')
    writeFileSync(wrapper, runcWrapper(onPath('runc') ?? '/usr/sbin/runc'))
    chmodSync(wrapper, 0o755)
    args.push('--add-runtime', `without-sys-resource=${wrapper}`, '--default-runtime', 'without-sys-resource')
  }
  // A pid file that an engine left behind when it was killed keeps the next one from starting, as its pid may be in use by now.
  rmSync(join(place.dir, 'dockerd.pid'), { force: true })
  const output = openSync(place.log, 'a')
  const daemon = spawn(onPath('dockerd') ?? 'dockerd', args, { detached: true, stdio: ['ignore', output, output] })
  let ended: string | undefined
  daemon.on('exit', code => {
    ended = `it ended with ${code}`
  })
  daemon.on('error', error => {
    ended = error.message
  })
  if (daemon.pid !== undefined) {
    const note: EngineNote = { pid: daemon.pid, startedAt: startOf(daemon.pid) ?? '', startedBy: thisCheckout() }
    writeFileSync(place.note, `${JSON.stringify(note)}\n`)
  }
  const deadline = performance.now() + startDeadlineMs
  while (!(await engineAnswers())) {
    if (ended === undefined && performance.now() > deadline) ended = `it does not answer after ${startDeadlineMs / 1000} s`
    if (ended !== undefined) {
      if (daemon.exitCode !== null) rmSync(place.note, { force: true })
      const words = readFileSync(place.log, 'utf8').trim().split('\n').slice(-5).join('\n')
      throw new SetupError(`the Docker engine did not start: ${ended}\n${words}`, `its log is ${place.log}`)
    }
    await sleep(250)
  }
  daemon.unref()
}

/**
 * A machine without CAP_SYS_RESOURCE cannot grant it, and a privileged container (kind's node is one) asks for all there are: runc is
 * wrapped to leave that one out of every bundle and every exec.
 */
function runcWrapper(runc: string): string {
  return `#!/bin/sh
prev=
for arg in "$@"; do
  case $prev in
    --bundle|-b) sed -i 's/"CAP_SYS_RESOURCE",//g' "$arg/config.json" ;;
    --process|-p) sed -i 's/"CAP_SYS_RESOURCE",//g' "$arg" ;;
  esac
  prev=$arg
done
exec ${runc} "$@"
`
}

async function stop(pid: number, startedAt: string | undefined): Promise<void> {
  process.kill(pid, 'SIGTERM')
  const deadline = performance.now() + stopDeadlineMs
  while (startOf(pid) === startedAt) {
    if (performance.now() > deadline) throw new SetupError(`the Docker engine (pid ${pid}) does not stop`, `see ${enginePlace().log}`)
    await sleep(200)
  }
}
