/**
 * Writes the agent's report to its Guest: only when it differs from what is there, one write at a time, always the newest. It never gives up
 * and never fails: whatever the API server says, the engine goes on. A server whose CRD does not know a field that we report is told the
 * rest by a merge patch.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Guest, GuestStatus } from '../../api/guest.ts'
import { fault } from '../../errors.ts'
import { isTypedPatchFailure } from '../../kube/errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { Logger } from '../../runtime/log.ts'
import { pauseMs } from './backoff.ts'
import type { GuestApi } from './guest-api.ts'
import { mergePatch } from './merge-patch.ts'

export interface Reporter {
  /** Takes note of what is to be said, and returns at once. */
  report(status: GuestStatus): void
  /** Resolves when all is said, or at the signal. */
  flush(signal: AbortSignal): Promise<void>
}

export function openReporter(api: GuestApi, o: { clock: Clock; log: Logger; signal: AbortSignal }): Reporter {
  let wanted: GuestStatus | undefined
  /** What was said last, of which Guest, and what the server made of it: it may drop fields that it does not know. */
  let last: { uid: string; said: GuestStatus; kept: GuestStatus | undefined } | undefined
  let writing: Promise<void> | undefined

  const pending = (): { guest: Guest; status: GuestStatus } | undefined => {
    const guest = api.guest()
    if (guest === undefined || wanted === undefined) return undefined
    const same =
      last?.uid === guest.metadata.uid
        ? isDeepStrictEqual(wanted, last.said) && isDeepStrictEqual(guest.status, last.kept)
        : isDeepStrictEqual(wanted, guest.status)
    return same ? undefined : { guest, status: wanted }
  }

  async function write(guest: Guest, status: GuestStatus): Promise<Guest> {
    try {
      return await api.applyStatus(guest, status, o.signal)
    } catch (error) {
      if (!isTypedPatchFailure(error)) throw error
      const refused = fault('ReportRefused', { why: (error as Error).message })
      o.log.warn({ code: refused.code }, refused.message)
      return api.mergeStatus(guest, mergePatch(guest.status ?? {}, status), o.signal)
    }
  }

  async function writeAll(): Promise<void> {
    let failures = 0
    for (let next = pending(); next !== undefined && !o.signal.aborted; next = pending()) {
      const { guest, status } = next
      try {
        const answer = await write(guest, status)
        last = { uid: guest.metadata.uid, said: status, kept: answer.status }
        failures = 0
      } catch (err) {
        if (o.signal.aborted) return
        o.log.warn({ err }, 'report not accepted')
        await o.clock.sleep(pauseMs(failures++, 500, 60_000), o.signal).catch(() => {})
      }
    }
  }

  return {
    report(status) {
      wanted = status
      writing ??= writeAll().finally(() => {
        writing = undefined
      })
    },
    async flush(signal) {
      const aborted = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
      await Promise.race([writing, aborted])
    },
  }
}
