/**
 * The agent's hands inside the engine's own image: jobs that the launcher (src/engines/launcher.sh) runs as PID 1 of the other container.
 * This is what the agent asks of it; client.ts speaks its protocol. Everything is level-triggered: `look` tells what is, at any time, to an
 * agent that has just been started as to one that has been here all along.
 */

export interface JobRequest {
  /** Lower-case letters, digits and hyphens. Names the job for ever within one boot: nothing with the same id may be submitted before `forget`. */
  id: string
  /** POSIX sh, run in a session of its own with umask 007; `$1` is the job's directory. */
  script: string
  /** What stops the job's own process when the pod ends, repeated every 5 s. Absent: TERM to its whole group. */
  stop?: 'INT' | 'TERM'
  /** One line for an agent that finds the job later. Comes back as hostile as anything else there. */
  note?: string
}

export interface Job {
  id: string
  /** When the launcher took it up; absent until then. */
  startedAt?: Date
  /** Exit status, 128+n for signal n; absent while it runs. */
  exit?: number
  endedAt?: Date
  note?: string
}

export type LauncherState =
  /** The database's container is not up yet. */
  | { kind: 'absent' }
  /** The image lacks these tools, and nothing can be run in it. */
  | { kind: 'unsuitable'; lacks: string }
  /** It speaks a protocol that this agent does not know. */
  | { kind: 'foreign'; protocol: string }
  /** Once `stopping`, nothing new is run: the pod ends. Another `boot` than before means that all earlier jobs are gone. */
  | { kind: 'live'; boot: string; stopping: boolean; jobs: readonly Job[] }

/** 'lost': its launcher is gone, and every process of its container with it. */
export type Exit = number | 'lost'

export interface Launcher {
  look(): LauncherState
  /** Throws if no launcher is live or the id is taken. */
  submit(request: JobRequest): void
  /** Waits for the job's end. One reader per job: the one that forgets it. */
  exit(id: string, signal: AbortSignal): Promise<Exit>
  kill(id: string, to: 'group' | 'process', signal: 'INT' | 'TERM' | 'KILL'): void
  /** Ends a job that nobody waits for: TERM to its group, KILL after `graceMs`, and forgets it. */
  cancel(id: string, graceMs: number, signal: AbortSignal): Promise<void>
  /** Removes what is known of a job that has ended. */
  forget(id: string): void
  /**
   * Runs a script to its end and gives what it wrote (at most 16 KiB; the rest is dropped, not held back), then forgets it. If a job of this
   * id is there already, from an agent that was killed, it is taken over instead.
   */
  run(request: JobRequest, signal: AbortSignal): Promise<{ exit: Exit; output: string }>
  /** Has the launcher look again. Every few seconds while jobs run: a bell that got lost then costs no more than that. */
  ring(): void
  /** Calls back when the launcher comes, goes or is stopping. Returns what ends it. */
  onChange(listener: () => void): () => void
}
