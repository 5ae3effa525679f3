import { expect, test } from 'vitest'
import type { EngineSession } from '../../engines/guest-engine.ts'
import type { Clock } from '../../runtime/clock.ts'
import { attend } from './attendance.ts'

/** Runs for so long on a clock that passes only by sleeping. `answers` says whether the engine answers at that time. */
async function attended(lastsMs: number, answers: (ms: number) => boolean) {
  let now = 0
  const end = new AbortController()
  const asked: number[] = []
  const heard: string[] = []
  let open = 0
  const clock: Clock = {
    now: () => new Date(now),
    monotonicMs: () => now,
    sleep: async ms => {
      now += ms
      if (now > lastsMs) end.abort()
    },
  }
  const connect = async () => {
    asked.push(now)
    if (!answers(now)) throw new Error('no answer')
    open++
    return { facts: async () => ({ version: '1' }), close: async () => void open-- } as unknown as EngineSession
  }
  const o = { onAnswer: () => heard.push(`answer ${now}`), onSilence: () => heard.push(`silence ${now}`) }
  await attend(connect, clock, o, end.signal)
  return { asked, heard, open }
}

test('a starting engine is asked often at first and once a second in the end', async () => {
  const { asked } = await attended(60_000, () => false)
  expect(asked.slice(0, 3)).toEqual([0, 25, 50])
  expect(asked.at(-1)! - asked.at(-2)!).toBe(1000)
  expect(asked.length).toBeLessThan(150)
})

test('an engine that answers is heard once, however often it is asked', async () => {
  const { asked, heard, open } = await attended(100_000, ms => ms >= 100)
  expect(heard).toEqual(['answer 100'])
  expect(asked.at(-1)! - asked.at(-2)!).toBe(10_000)
  expect(open).toBe(0)
})

test('one that stops answering is silent after half a minute, not at the first failure, and heard again', async () => {
  expect((await attended(100_000, ms => ms !== 20_000)).heard).toEqual(['answer 0'])
  expect((await attended(100_000, ms => ms < 20_000 || ms >= 70_000)).heard).toEqual(['answer 0', 'silence 40000', 'answer 70000'])
})
