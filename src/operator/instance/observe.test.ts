import { expect, test } from 'vitest'
import { aGuest, aPod, healthy, observed } from '../examples.ts'
import type { World } from '../world.ts'
import { inquire } from './observe.ts'

const refusedRun = { startedAt: '2026-01-01T11:00:00.000Z', endedAt: '2026-01-01T11:00:01.000Z' }
const found = async (code: string) => {
  const reads: object[] = []
  const readRun = async (pod: { uid: string }, run: object) => {
    reads.push(run)
    return `log of ${pod.uid}`
  }
  const configuration = { hash: 'h0', refused: 'h1', refusedRun, fault: { code, message: 'm' } }
  const side = { guest: aGuest({}, healthy({ configuration })), pod: aPod() }
  const { refusalLog } = await inquire(observed({ side }), { logs: { readRun } } as unknown as World, new AbortController().signal)
  return { refusalLog, reads }
}

test('the log is asked why the engine refused its configuration, and what it said in that run alone', async () => {
  expect(await found('ConfigurationRefused')).toEqual({ refusalLog: 'log of pod-1', reads: [refusedRun] })
  expect(await found('ConfigurationNotApplied')).toEqual({ refusalLog: undefined, reads: [] })
})
