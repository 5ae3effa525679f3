import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Client } from '../../kube/client.ts'
import { systemClock } from '../../runtime/clock.ts'
import { openLogReader } from './log-reader.ts'

const { signal } = new AbortController()
const pod = (n: number) => ({ name: `db-${n}`, uid: `uid-${n}` })

/** A cluster whose kubelets answer when they are told to. */
function kubelets() {
  const asked: { name: string; part: object; answer: (text: string) => void; fail: () => void }[] = []
  const client = {
    podLog: ({ name }: { name: string }, { container: _, deadlineMs: __, signal: ___, ...part }: Parameters<Client['podLog']>[1]) =>
      new Promise<string>((answer, reject) => {
        asked.push({ name, part, answer, fail: () => reject(new Error('no answer')) })
      }),
  }
  let passedMs = 0
  const clock = { ...systemClock, monotonicMs: () => passedMs }
  const reader = openLogReader({ client, namespace: 'guests', clock })
  const arrived: string[] = []
  reader.onArrival(key => arrived.push(key))
  const pass = (ms: number) => {
    passedMs += ms
  }
  return { reader, asked, arrived, pass }
}

test('a log that comes at once is there, and nobody is told of it again', async () => {
  const { reader, asked, arrived } = kubelets()
  const text = reader.read(pod(1), 'a/db', signal)
  await pause(0)
  asked[0]!.answer('FATAL')
  expect(await text).toBe('FATAL')
  expect(await reader.read(pod(1), 'a/db', signal)).toBe('FATAL')
  expect(asked).toHaveLength(1)
  expect(arrived).toEqual([])
})

test('one that comes late is not waited for, and leads to another look', async () => {
  const { reader, asked, arrived } = kubelets()
  expect(await reader.read(pod(1), 'a/db', signal)).toBeUndefined()
  expect(await reader.read(pod(1), 'a/db', signal)).toBeUndefined()
  asked[0]!.answer('FATAL')
  await pause(0)
  expect(arrived).toEqual(['a/db'])
  expect(await reader.read(pod(1), 'a/db', signal)).toBe('FATAL')
  expect(asked).toHaveLength(1)
})

test('kubelets that never answer take a few connections, and a pod that gave no answer is not asked again at once', async () => {
  const { reader, asked, arrived } = kubelets()
  const looks = await Promise.all(Array.from({ length: 20 }, (_, n) => reader.read(pod(n), `a/db${n}`, signal)))
  expect(looks.every(text => text === undefined)).toBe(true)
  expect(asked).toHaveLength(4)
  asked[0]!.fail()
  await pause(0)
  expect(asked.map(a => a.name)).toEqual(['db-0', 'db-1', 'db-2', 'db-3', 'db-4'])
  expect(await reader.read(pod(0), 'a/db0', signal)).toBeUndefined()
  expect(asked).toHaveLength(5)
  expect(arrived).toEqual([])
})

test('what was said in a run that is over is read once, from its beginning and bounded; the end of the log is another thing', async () => {
  const { reader, asked, pass } = kubelets()
  const run = { startedAt: '2026-01-01T12:00:00.500Z', endedAt: '2026-01-01T12:00:02.000Z' }
  const said = reader.readRun(pod(1), run, 'a/db', signal)
  await pause(0)
  asked[0]!.answer('2026-01-01T12:00:01.0Z FATAL\n2026-01-01T12:00:03.0Z LOG\n')
  expect(await said).toBe('FATAL')
  expect(asked[0]!.part).toEqual({ sinceTime: run.startedAt, timestamps: true, limitBytes: 65536 })
  pass(3_600_000)
  expect(await reader.readRun(pod(1), run, 'a/db', signal)).toBe('FATAL')
  expect(asked).toHaveLength(1)
  const end = reader.read(pod(1), 'a/db', signal)
  await pause(0)
  asked[1]!.answer('LOG')
  expect(await end).toBe('LOG')
  expect(asked[1]!.part).toEqual({ tailLines: 100, limitBytes: 65536 })
  void reader.readRun(pod(1), { ...run, endedAt: '2026-01-01T13:00:00.000Z' }, 'a/db', signal)
  await pause(0)
  expect(asked).toHaveLength(3)
})
