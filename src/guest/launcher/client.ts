/**
 * Speaks the launcher's protocol, version 1: jobs are directories, the bell is a FIFO, exit statuses are files. Whatever lies under /trove may
 * have been put there by the engine: it is read through Directory, bounded, and counts only if it is what it should be.
 *
 *   /trove/unsuitable         the tools that the image lacks; then nothing else comes         launcher
 *   /trove/protocol           1, written before boot                                          launcher
 *   /trove/boot               id of the live launcher; another one: all earlier jobs are gone launcher
 *   /trove/stopping           that id, once the pod ends: nothing new is run                  launcher
 *   /trove/BOOT/bell          FIFO; any line means "look again", may be lost or doubled       agent, launcher
 *   /trove/BOOT/ID/cmd        sh script, its directory as $1; `.ID` is renamed to ID whole    agent
 *   /trove/BOOT/ID/stop       signal that stops its process; absent: TERM to its whole group  agent
 *   /trove/BOOT/ID/note       for agents only                                                 agent
 *   /trove/BOOT/ID/kill       "group TERM" or "proc INT"; removed once delivered              agent
 *   /trove/BOOT/ID/started    it was taken up, and never will be again                        launcher
 *   /trove/BOOT/ID/pid        written by the job itself once signals reach it                 launcher
 *   /trove/BOOT/ID/rc         exit status, the last file ever written                         launcher
 *
 * All is published by rename and counts only with its newline. A job is removed only after rc, and hidden by a rename first: the launcher,
 * looking at a half-deleted job, could take it for a new one.
 */
import { codeOf, Directory } from '../directory.ts'
import type { Exit, Job, Launcher, LauncherState } from './launcher.ts'
import { until, watching } from './until.ts'

const protocol = '1'
const bootId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const jobId = /^[a-z0-9][-a-z0-9]{0,62}$/
/** More than the agent ever has at a time; a bound on what is looked at. */
const manyJobs = 256
const outputLimit = 16 * 1024

/** The first 16 KiB of what the script writes; the rest is read and dropped, so that it neither blocks nor fills the volume. */
const captured = (script: string) => `exec </dev/null
mkfifo "$1/pipe" || exit 74
{ head -c ${outputLimit} >"$1/output"; cat >/dev/null; } <"$1/pipe" &
(
${script}
) >"$1/pipe" 2>&1
status=$?
wait
exit $status
`

/** `path` is the directory shared with the engine's container. `pollMs` covers what inotify loses. */
export function openLauncher(path: string, pollMs = 250): Launcher {
  const shared = Directory.open(path)
  /** The run directory of the launcher that was live when last looked at. Operations go there: if it has ended since, to no effect. */
  let live: { boot: string; run: Directory } | undefined

  const currentBoot = () => {
    const boot = shared.line('boot')
    return boot !== undefined && bootId.test(boot) ? boot : undefined
  }

  function attach(): { boot: string; run: Directory } | undefined {
    const boot = currentBoot()
    if (boot === undefined || boot === live?.boot) return boot === undefined ? undefined : live
    const run = enterIfThere(shared, boot)
    if (run === undefined) return undefined
    live?.run[Symbol.dispose]()
    live = { boot, run }
    sweep(boot)
    return live
  }

  /** What other launchers and agents that were killed have left behind. */
  function sweep(boot: string): void {
    for (const name of shared.names(manyJobs)) if (bootId.test(name) && name !== boot) shared.remove(name)
    for (const name of live?.run.names(manyJobs) ?? []) if (name.startsWith('.gone-')) live?.run.remove(name)
  }

  function attached(): { boot: string; run: Directory } {
    const there = live ?? attach()
    if (there === undefined) throw new Error('there is no launcher')
    return there
  }

  const launcher: Launcher = {
    look(): LauncherState {
      const lacks = shared.line('unsuitable')
      if (lacks !== undefined) return { kind: 'unsuitable', lacks }
      const spoken = shared.line('protocol')
      if (spoken === undefined) return { kind: 'absent' }
      if (spoken !== protocol) return { kind: 'foreign', protocol: spoken }
      const there = attach()
      if (there === undefined) return { kind: 'absent' }
      const { boot, run } = there
      const jobs = run.names(manyJobs).flatMap(id => (jobId.test(id) ? (readJob(run, id) ?? []) : []))
      return { kind: 'live', boot, stopping: shared.line('stopping') === boot, jobs }
    },

    submit({ id, script, stop, note }) {
      if (!jobId.test(id)) throw new Error(`not a job's id: ${JSON.stringify(id)}`)
      const { run } = attached()
      // Renaming onto an empty directory would succeed.
      if (run.look(id) !== undefined) throw new Error(`job ${id} is there already`)
      run.remove(`.${id}`)
      {
        using request = run.makeDirectory(`.${id}`)
        request.create('cmd', script)
        if (stop !== undefined) request.create('stop', `${stop}\n`)
        if (note !== undefined) request.create('note', `${note}\n`)
      }
      run.rename(`.${id}`, id)
      run.ring('bell')
    },

    async exit(id, signal): Promise<Exit> {
      const { boot, run } = attached()
      using job = enterIfThere(run, id)
      if (job === undefined) return 'lost'
      const ended = () => exitOf(job) ?? (job.removed || currentBoot() !== boot ? ('lost' as const) : undefined)
      return await until(job.path, ended, pollMs, signal)
    },

    kill(id, to, signal) {
      const { run } = attached()
      using job = enterIfThere(run, id)
      job?.replace('kill', `${to === 'group' ? 'group' : 'proc'} ${signal}\n`)
      run.ring('bell')
    },

    async cancel(id, graceMs, signal) {
      launcher.kill(id, 'group', 'TERM')
      const patience = AbortSignal.any([signal, AbortSignal.timeout(graceMs)])
      try {
        await launcher.exit(id, patience)
      } catch (error) {
        if (signal.aborted) throw error
        launcher.kill(id, 'group', 'KILL')
        await launcher.exit(id, signal)
      }
      launcher.forget(id)
    },

    forget(id) {
      const { run } = attached()
      try {
        run.rename(id, `.gone-${id}`)
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return
        throw error
      }
      run.remove(`.gone-${id}`)
    },

    async run(request, signal) {
      if (attached().run.look(request.id) === undefined) launcher.submit({ ...request, script: captured(request.script) })
      const exit = await launcher.exit(request.id, signal)
      const output = outputOf(attached().run, request.id)
      launcher.forget(request.id)
      return { exit, output }
    },

    ring() {
      live?.run.ring('bell')
    },

    onChange(listener) {
      const watcher = watching(shared.path, listener)
      return () => watcher?.close()
    },
  }
  return launcher
}

function enterIfThere(parent: Directory, name: string): Directory | undefined {
  try {
    return parent.enter(name)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error))) return undefined
    throw error
  }
}

function readJob(run: Directory, id: string): Job | undefined {
  using job = enterIfThere(run, id)
  if (job === undefined) return undefined
  const exit = exitOf(job)
  const startedAt = job.look('started')?.modifiedAt
  const endedAt = exit === undefined ? undefined : job.look('rc')?.modifiedAt
  const note = job.line('note', 1024)
  return {
    id,
    ...(startedAt !== undefined && { startedAt }),
    ...(exit !== undefined && { exit }),
    ...(endedAt !== undefined && { endedAt }),
    ...(note !== undefined && { note }),
  }
}

function exitOf(job: Directory): number | undefined {
  const text = job.line('rc', 16)
  return text !== undefined && /^[0-9]{1,3}$/.test(text) ? Number(text) : undefined
}

function outputOf(run: Directory, id: string): string {
  using job = enterIfThere(run, id)
  return job?.readStart('output', outputLimit)?.toString('utf8') ?? ''
}
