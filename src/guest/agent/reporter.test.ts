import { expect, test } from 'vitest'
import type { Guest, GuestStatus } from '../../api/guest.ts'
import { ApiError } from '../../kube/errors.ts'
import type { Clock } from '../../runtime/clock.ts'
import type { GuestApi } from './guest-api.ts'
import { openLog } from './log.ts'
import { mergePatch } from './merge-patch.ts'
import { openReporter } from './reporter.ts'

const HEALTHY: GuestStatus = { podUID: 'p', operatingStatus: 'HEALTHY' }
const BUILDING: GuestStatus = { podUID: 'p', operatingStatus: 'BUILDING', step: 'Starting' }

function server(status?: GuestStatus) {
  const metadata = { name: 'g', uid: 'u1', resourceVersion: '1', generation: 1 }
  let guest = { apiVersion: 'trove.dev/v1alpha1', kind: 'Guest', metadata, ...(status && { status }) } as Guest
  const calls: { how: 'apply' | 'merge'; body: object }[] = []
  const failures: ApiError[] = []
  const slept: number[] = []
  /** What the server makes of what it is sent. */
  let keep = (said: GuestStatus) => said
  const api: GuestApi = {
    guest: () => guest,
    onChange: () => {},
    applyStatus: async (_, said) => {
      calls.push({ how: 'apply', body: said })
      const failure = failures.shift()
      if (failure !== undefined) throw failure
      guest = { ...guest, status: keep(said) }
      return guest
    },
    mergeStatus: async (_, patch) => {
      calls.push({ how: 'merge', body: patch })
      guest = { ...guest, status: keep({ ...guest.status, ...patch }) }
      return guest
    },
    passwords: async () => new Map(),
  }
  const clock: Clock = { now: () => new Date(0), monotonicMs: () => 0, sleep: async ms => void slept.push(ms) }
  const reporter = openReporter(api, { clock, log: openLog('error'), signal: new AbortController().signal })
  const report = async (status: GuestStatus) => {
    reporter.report(status)
    await reporter.flush(AbortSignal.timeout(1000))
  }
  return {
    calls,
    failures,
    slept,
    report,
    replaceGuest: (change: (g: Guest) => Guest) => {
      guest = change(guest)
    },
    keeping: (f: typeof keep) => {
      keep = f
    },
  }
}

test('what is there already is not written, by a new agent either', async () => {
  const s = server(HEALTHY)
  await s.report({ ...HEALTHY })
  expect(s.calls).toEqual([])
})

test('news is written once', async () => {
  const s = server(BUILDING)
  await s.report(HEALTHY)
  await s.report({ ...HEALTHY })
  expect(s.calls).toHaveLength(1)
})

test('what somebody else made of it is put right', async () => {
  const s = server()
  await s.report(HEALTHY)
  s.replaceGuest(g => ({ ...g, status: BUILDING }))
  await s.report(HEALTHY)
  expect(s.calls).toHaveLength(2)
})

test('a Guest made anew is told everything', async () => {
  const s = server()
  await s.report(HEALTHY)
  s.replaceGuest(({ status: _, ...g }) => ({ ...g, metadata: { ...g.metadata, uid: 'u2' } }))
  await s.report(HEALTHY)
  expect(s.calls).toHaveLength(2)
})

test.each([401, 403, 404, 409, 500, 0])('a refusal (%i) is tried again with growing pauses, and never thrown', async status => {
  const s = server()
  s.failures.push(...Array.from({ length: 9 }, () => new ApiError(status, 'No', 'no')))
  await s.report(HEALTHY)
  expect(s.slept).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
  expect(s.calls.at(-1)?.body).toEqual(HEALTHY)
})

test('ReportRefused: a field that the server’s CRD does not know costs that field only, and is not tried for ever', async () => {
  const s = server(BUILDING)
  s.failures.push(
    new ApiError(500, 'InternalError', 'failed to create typed patch object (...): .status.step: field not declared in schema'),
  )
  s.keeping(({ step: _, ...known }) => known)
  const said: GuestStatus = { ...HEALTHY, step: 'New' }
  await s.report(said)
  expect(s.calls.map(c => c.how)).toEqual(['apply', 'merge'])
  await s.report({ ...said })
  expect(s.calls).toHaveLength(2)
})

test.each([
  ['what is gone is null', { a: 1, b: 2 }, { a: 1 }, { a: 1, b: null }],
  ['within objects too', { o: { a: 1, b: 2 } }, { o: { a: 3 } }, { o: { a: 3, b: null } }],
  ['lists are replaced whole', { l: [{ a: 1 }] }, { l: [{ b: 2 }] }, { l: [{ b: 2 }] }],
  ['an object in the place of a value', { o: 1 }, { o: { a: 1 } }, { o: { a: 1 } }],
])('merge patch: %s', (_, before, after, patch) => {
  expect(mergePatch(before, after)).toEqual(patch)
})
