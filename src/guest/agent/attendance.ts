/**
 * Attends to one run of the engine for as long as it lasts: asks it until it answers, soon at first and then less often, and from then on now
 * and again, each time over a new connection. It only asks. Whatever comes of it, the engine is left to run.
 */
import type { EngineFacts, EngineSession } from '../../engines/guest-engine.ts'
import type { Clock } from '../../runtime/clock.ts'
import { silentAfterMs } from './plan.ts'

/** So often while it starts, for the first two seconds; then ever less, down to once a second. */
const firstAskMs = 25
const eagerMs = 2000
/** So often once it has answered. */
const probeEveryMs = 10_000
const patienceMs = 5000

export interface Attendance {
  onAnswer(facts: EngineFacts): void
  /** It has not answered for `silentAfterMs`. The next answer is an onAnswer. */
  onSilence(): void
}

export async function attend(
  connect: (signal: AbortSignal) => Promise<EngineSession>,
  clock: Clock,
  o: Attendance,
  signal: AbortSignal,
): Promise<void> {
  const began = clock.monotonicMs()
  let answeredAt: number | undefined
  let silent = false
  let pause = firstAskMs
  while (!signal.aborted) {
    const facts = await ask(connect, AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]))
    if (signal.aborted) return
    const now = clock.monotonicMs()
    if (facts !== undefined) {
      if (answeredAt === undefined || silent) o.onAnswer(facts)
      answeredAt = now
      silent = false
    } else if (answeredAt !== undefined && !silent && now - answeredAt >= silentAfterMs) {
      silent = true
      o.onSilence()
    }
    if (answeredAt === undefined && now - began > eagerMs) pause = Math.min(1000, pause * 1.5)
    await clock.sleep(answeredAt === undefined ? pause : probeEveryMs, signal).catch(() => {})
  }
}

/** Why it does not answer is not asked: while it starts it says all manner of things, and its own log has them. */
async function ask(connect: (signal: AbortSignal) => Promise<EngineSession>, signal: AbortSignal): Promise<EngineFacts | undefined> {
  let session: EngineSession | undefined
  try {
    session = await connect(signal)
    return await session.facts(signal)
  } catch {
    return undefined
  } finally {
    await session?.close().catch(() => {})
  }
}
