import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { isAlive, startOf, withLock } from './lock.ts'

const work = mkdtempSync(join(tmpdir(), 'lock-'))
afterAll(() => rmSync(work, { recursive: true }))
const newLock = () => join(mkdtempSync(join(work, 'one-')), 'it.lock')

test('work under one lock never overlaps', async () => {
  const file = newLock()
  let inside = 0
  let most = 0
  await Promise.all(
    Array.from({ length: 5 }, () =>
      withLock(file, async () => {
        most = Math.max(most, ++inside)
        await sleep(5)
        inside--
      }),
    ),
  )
  expect(most).toBe(1)
  expect(existsSync(file)).toBe(false)
})

test('a lock is let go when the work fails', async () => {
  const file = newLock()
  await expect(withLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(existsSync(file)).toBe(false)
})

test('the lock of a process that died is broken', async () => {
  const file = newLock()
  const { pid } = spawnSync('true')
  expect(isAlive(pid)).toBe(false)
  writeFileSync(file, `${pid} 1 x\n`)
  await expect(withLock(file, async () => 'mine', { deadlineMs: 2_000 })).resolves.toBe('mine')
})

test.runIf(process.platform === 'linux')('a lock is broken if its pid now belongs to a process that started later', async () => {
  const file = newLock()
  writeFileSync(file, `${process.pid} 1 x\n`)
  await expect(withLock(file, async () => 'mine', { deadlineMs: 2_000 })).resolves.toBe('mine')
})

test('a living holder is waited for, named once, and given up on at the deadline', async () => {
  const file = newLock()
  writeFileSync(file, `${process.pid} ${startOf(process.pid) ?? ''} x\n`)
  const seen: number[] = []
  await expect(withLock(file, async () => 'mine', { deadlineMs: 500, onWait: pid => seen.push(pid) })).rejects.toThrow(
    `process ${process.pid} has held`,
  )
  expect(seen).toEqual([process.pid])
})
