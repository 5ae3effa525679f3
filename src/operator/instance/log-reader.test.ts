import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import { openLogReader } from './log-reader.ts'

const { signal } = new AbortController()
const pod = (n: number) => ({ name: `db-${n}`, uid: `uid-${n}` })

/** A cluster whose kubelets answer when they are told to. */
function kubelets() {
  const asked: { name: string; answer: (text: string) => void; fail: () => void }[] = []
  const client = {
    podLog: ({ name }: { name: string }) =>
      new Promise<string>((answer, reject) => {
        asked.push({ name, answer, fail: () => reject(new Error('no answer')) })
      }),
  }
  const reader = openLogReader({ client, namespace: 'guests', clock: systemClock })
  const arrived: string[] = []
  reader.onArrival(key => arrived.push(key))
  return { reader, asked, arrived }
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
