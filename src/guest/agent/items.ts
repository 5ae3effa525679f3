/**
 * Brings databases, users and root about, one by one, and knows how each came out. An item that fails is tried again by itself, at growing
 * intervals and apart from those that have not failed: one that hangs delays no other. Outcomes belong to what is asked for now; an item
 * that is asked for differently has none until it was done anew. What this agent does not know is told so and left as it is.
 */
import type { GuestDatabase, GuestRoot, GuestSpec, GuestStatus, GuestUser } from '../../api/guest.ts'
import type { EngineSession } from '../../engines/guest-engine.ts'
import { rootName } from '../../engines/root.ts'
import { type Fault, fault, TroveError } from '../../errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { pauseMs } from './backoff.ts'
import { unknownIn } from './unknown.ts'

export interface ItemOutcomes {
  databases: NonNullable<GuestStatus['databases']>
  users: NonNullable<GuestStatus['users']>
  root?: NonNullable<GuestStatus['root']>
}

type Wanted = { kind: 'database'; spec: GuestDatabase } | { kind: 'user'; spec: GuestUser } | { kind: 'root'; spec: GuestRoot }

interface Item {
  wanted: Wanted
  /** What the outcome is of. */
  fingerprint: string
  outcome?: { fault?: Fault }
  /** Whether this agent knows all that is asked. If not, it does nothing about it, and the outcome says so. */
  known: boolean
  /** The run of the engine in which it was last brought about. Each new run is looked at again: it may be one after a crash. */
  doneIn?: string
  failures: number
  retryAtMs: number
}

/** An item that takes longer goes on beside the others, over the session that it has; so many at most. */
const patienceMs = 1000
const itemDeadlineMs = 30_000
const besideAtMost = 4

export interface ItemsContext {
  clock: Clock
  log: Logger
  agentVersion: string
  /** A session of the engine; rejects if it does not answer. */
  connect(signal: AbortSignal): Promise<EngineSession>
  /** Passwords by revision, read anew at each call. */
  passwords(signal: AbortSignal): Promise<ReadonlyMap<string, string>>
  /** Called when an outcome has changed or a pass has ended. */
  onChange(): void
}

/** First what goes, then what comes; users after the databases that they have access to. */
const order = ({ kind, spec }: Wanted) => (spec.ensure === 'Absent' ? (kind === 'database' ? 1 : 0) : kind === 'database' ? 2 : 3)

const stateWhenDone = { Present: 'Ready', Absent: 'Absent' } as const

type Lane = 'first' | 'again'

export class Items {
  readonly #o: ItemsContext
  #items = new Map<string, Item>()
  /** Keys that are being worked on. What is asked of one meanwhile waits: of two statements on one login the older must not come last. */
  readonly #busy = new Set<string>()
  #beside = 0
  readonly #passes: Record<Lane, { sinceMs?: number; failures: number; retryAtMs: number }> = {
    first: { failures: 0, retryAtMs: 0 },
    again: { failures: 0, retryAtMs: 0 },
  }

  constructor(o: ItemsContext) {
    this.#o = o
  }

  /** What is asked for now. `reported` are the outcomes that an agent before us reported of the very same spec. */
  want(spec: GuestSpec, reported?: GuestStatus): void {
    const wanted: Wanted[] = [
      ...(spec.databases ?? []).map(spec => ({ kind: 'database' as const, spec })),
      ...(spec.users ?? []).map(spec => ({ kind: 'user' as const, spec })),
      ...(spec.root === undefined ? [] : [{ kind: 'root' as const, spec: spec.root }]),
    ]
    const before = this.#items
    this.#items = new Map(
      wanted.map(wanted => {
        const key = keyOf(wanted)
        const fingerprint = JSON.stringify(wanted.spec)
        const known = before.get(key)
        if (known?.fingerprint === fingerprint) return [key, known]
        const unknown = unknownIn(wanted.spec)
        const outcome = unknown === undefined ? reportedOutcome(wanted, reported) : this.#outdated(wanted, unknown)
        return [
          key,
          { wanted, fingerprint, known: unknown === undefined, failures: 0, retryAtMs: 0, ...(outcome !== undefined && { outcome }) },
        ]
      }),
    )
  }

  #outdated(wanted: Wanted, feature: string): { fault: Fault } {
    const { agentVersion: version, log } = this.#o
    const outdated = fault('AgentOutdated', { feature, version })
    log.warn({ [wanted.kind]: nameOf(wanted), code: outdated.code }, outdated.message)
    return { fault: outdated }
  }

  outcomes(): ItemOutcomes {
    const outcomes: ItemOutcomes = { databases: [], users: [] }
    for (const { wanted, outcome } of this.#items.values()) {
      if (outcome === undefined) continue
      const state = outcome.fault !== undefined ? 'Failed' : stateWhenDone[wanted.spec.ensure]
      const result = {
        state,
        ...(outcome.fault !== undefined && { code: outcome.fault.code, message: outcome.fault.message }),
      } as const
      if (wanted.kind === 'root') {
        outcomes.root = { ...result, passwordRevision: wanted.spec.passwordRevision }
        continue
      }
      const said = { name: wanted.spec.name, ...result }
      if (wanted.kind === 'database') outcomes.databases.push(said)
      else outcomes.users.push({ ...said, ...(state === 'Ready' && { passwordRevision: wanted.spec.passwordRevision }) })
    }
    return outcomes
  }

  /** Monotonic: since when something asked for has no outcome and is being done. */
  get underWaySinceMs(): number | undefined {
    return this.#passes.first.sinceMs
  }

  /** Begins what is due in this run of the engine. Returns the monotonic time at which the next becomes due. */
  work(run: string, signal: AbortSignal): number | undefined {
    const now = this.#o.clock.monotonicMs()
    let next: number | undefined
    for (const lane of ['first', 'again'] as const) {
      const pass = this.#passes[lane]
      if (pass.sinceMs !== undefined) continue
      const dueAt = this.#dueAt(lane, run)
      if (dueAt === undefined) continue
      const at = Math.max(dueAt, pass.retryAtMs)
      if (at > now) next = Math.min(next ?? at, at)
      else void this.#pass(lane, run, signal)
    }
    return next
  }

  #dueAt(lane: Lane, run: string): number | undefined {
    const due = this.#inLane(lane, run).map(item => item.retryAtMs)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  #inLane(lane: Lane, run: string): Item[] {
    return [...this.#items.values()].filter(
      item => item.known && item.doneIn !== run && !this.#busy.has(keyOf(item.wanted)) && item.failures > 0 === (lane === 'again'),
    )
  }

  async #pass(lane: Lane, run: string, signal: AbortSignal): Promise<void> {
    const { clock, log, onChange } = this.#o
    const pass = this.#passes[lane]
    pass.sinceMs = clock.monotonicMs()
    let tools = sessionTools(this.#o)
    try {
      for (;;) {
        const now = clock.monotonicMs()
        const due = this.#inLane(lane, run).filter(item => item.retryAtMs <= now)
        const item = due.sort((a, b) => order(a.wanted) - order(b.wanted))[0]
        if (item === undefined || signal.aborted) break
        const work = this.#bringAbout(item, run, tools, signal)
        if (this.#beside < besideAtMost && (await takesLong(work, clock))) {
          this.#goOnBeside(work, tools)
          tools = sessionTools(this.#o)
        } else {
          await work
        }
        onChange()
      }
      pass.failures = 0
    } catch (err) {
      if (signal.aborted) return
      // The engine or the API server did not answer: no item is to blame.
      pass.retryAtMs = clock.monotonicMs() + pauseMs(pass.failures++, 500, 60_000)
      log.warn({ err }, 'databases and users cannot be worked on')
    } finally {
      await tools.close()
      delete pass.sinceMs
      onChange()
    }
  }

  #goOnBeside(work: Promise<void>, tools: SessionTools): void {
    this.#beside++
    void work
      .catch(err => this.#o.log.warn({ err }, 'not done'))
      .finally(async () => {
        this.#beside--
        await tools.close()
        this.#o.onChange()
      })
  }

  async #bringAbout(item: Item, run: string, tools: SessionTools, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#o
    const { kind, spec } = item.wanted
    const name = nameOf(item.wanted)
    const key = keyOf(item.wanted)
    this.#busy.add(key)
    try {
      const password = kind !== 'database' && spec.ensure === 'Present' ? await tools.password(spec.passwordRevision, signal) : undefined
      const session = await tools.session(signal)
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(itemDeadlineMs)])
      const failure = await carryOut(item.wanted, password, session, deadline).then(
        () => undefined,
        async err => {
          signal.throwIfAborted()
          if (!(err instanceof TroveError)) await tools.renew()
          const failure =
            err instanceof TroveError ? err.fault : fault('StatementFailed', { what: `${kind} "${name}"`, why: messageOf(err) })
          log.warn({ [kind]: name, ensure: spec.ensure, code: failure.code, err }, 'failed')
          return failure
        },
      )
      if (failure !== undefined) {
        item.retryAtMs = clock.monotonicMs() + pauseMs(item.failures++, 500, 60_000)
        item.outcome = { fault: failure }
        return
      }
      item.outcome = {}
      item.doneIn = run
      item.failures = 0
      if (kind === 'database') this.#hurryUsersOf(name)
      log.info({ [kind]: name, ensure: spec.ensure }, 'done')
    } finally {
      this.#busy.delete(key)
    }
  }

  /** Users who failed may have done so for want of this database. */
  #hurryUsersOf(database: string): void {
    for (const item of this.#items.values()) {
      if (item.wanted.kind === 'user' && item.wanted.spec.access?.some(a => a.database === database)) item.retryAtMs = 0
    }
  }
}

const nameOf = (wanted: Wanted) => (wanted.kind === 'root' ? rootName : wanted.spec.name)
const keyOf = (wanted: Wanted) => `${wanted.kind} ${nameOf(wanted)}`

async function takesLong(work: Promise<void>, clock: Clock): Promise<boolean> {
  const done = new AbortController()
  try {
    const long = clock.sleep(patienceMs, done.signal).then(
      () => true,
      () => false,
    )
    return await Promise.race([work.then(() => false), long])
  } finally {
    done.abort(new Error('done'))
  }
}

async function carryOut(wanted: Wanted, password: string | undefined, session: EngineSession, signal: AbortSignal): Promise<void> {
  const { kind, spec } = wanted
  switch (spec.ensure) {
    case 'Absent':
      if (kind === 'root') return session.dropRoot(signal)
      return kind === 'database' ? session.dropDatabase(spec, signal) : session.dropUser(spec, signal)
    case 'Present':
      if (kind === 'database') return session.ensureDatabase(spec, signal)
      if (password === undefined) throw new TroveError(fault('CredentialsLost', { user: nameOf(wanted) }))
      return kind === 'root' ? session.ensureRoot(password, signal) : session.ensureUser(spec, password, signal)
  }
}

function reportedOutcome({ kind, spec }: Wanted, reported: GuestStatus | undefined): Item['outcome'] {
  const entry =
    kind === 'root' ? reported?.root : (kind === 'database' ? reported?.databases : reported?.users)?.find(e => e.name === spec.name)
  return entry !== undefined && entry.state === stateWhenDone[spec.ensure] ? {} : undefined
}

interface SessionTools {
  session(signal: AbortSignal): Promise<EngineSession>
  password(revision: string, signal: AbortSignal): Promise<string | undefined>
  /** The session may be broken: the next item gets another. */
  renew(): Promise<void>
  close(): Promise<void>
}

/** One session and one reading of the passwords for a pass, had when first needed. */
function sessionTools(o: ItemsContext): SessionTools {
  let session: EngineSession | undefined
  let passwords: ReadonlyMap<string, string> | undefined
  const close = async () => {
    const open = session
    session = undefined
    await open?.close().catch(() => {})
  }
  return {
    session: async signal => {
      session ??= await o.connect(AbortSignal.any([signal, AbortSignal.timeout(10_000)]))
      return session
    },
    // A user may have been asked for since the last reading.
    password: async (revision, signal) => {
      if (!passwords?.has(revision)) passwords = await o.passwords(signal)
      return passwords.get(revision)
    },
    renew: close,
    close,
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
