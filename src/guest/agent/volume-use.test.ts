import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { reportedUse, useOf, VolumeGauge } from './volume-use.ts'

const clock = { ms: 0, monotonicMs: () => clock.ms }

test('use is counted as df does', async () => {
  const [, percent] = /(\d+)%/.exec(spawnSync('df', ['--output=pcent', tmpdir()]).stdout.toString()) ?? []
  const use = await new VolumeGauge(tmpdir(), clock).measure()
  expect(Math.abs((use?.percent ?? Number.NaN) - Number(percent))).toBeLessThanOrEqual(1)
})

test('what was told before is told until the volume has been looked at, and a look holds for half a minute', async () => {
  const gauge = new VolumeGauge(tmpdir(), clock)
  expect(gauge.percent).toBeUndefined()
  gauge.recall(105)
  gauge.recall(undefined)
  expect(gauge.percent).toBe(105)
  await gauge.look()
  expect(gauge.percent).toBeLessThanOrEqual(100)
  gauge.recall(105)
  clock.ms += 29_999
  await gauge.look()
  expect(gauge.percent).toBe(105)
  clock.ms += 1
  await gauge.look()
  expect(gauge.percent).toBeLessThanOrEqual(100)
})

test('a volume that does not say how full it is costs nothing but that', async () => {
  const gauge = new VolumeGauge('/nowhere', clock)
  gauge.recall(40)
  await gauge.look()
  expect(await gauge.measure()).toBeUndefined()
  expect(gauge.percent).toBe(40)
})

const MiB = 1024 ** 2
test.each([
  ['a large volume with 1 GiB left is not full', 100 * 1024 * MiB, 1100 * MiB, false],
  ['a large volume with less than 1 % left is', 100 * 1024 * MiB, 1000 * MiB, true],
  ['a small one with 20 MiB left is: no segment of a log fits', 1024 * MiB, 20 * MiB, true],
  ['a tiny one with a fifth left is not', 64 * MiB, 13 * MiB, false],
])('%s', (_, size, available, full) => {
  expect(useOf({ size, free: available, available }).full).toBe(full)
})

test('use is told in steps of five, and down only once it is clearly below', () => {
  const walk = [3, 5, 4, 3, 2, 9, 10, 8, 7, 14, 99, 100]
  let told: number | undefined
  expect(walk.map(percent => (told = reportedUse(told, percent)))).toEqual([0, 5, 5, 5, 0, 5, 10, 10, 5, 10, 95, 100])
})

test('what was full has room again only with twice as much', () => {
  const leaves = (mib: number) => useOf({ size: 1024 * MiB, free: mib * MiB, available: mib * MiB })
  expect([31, 32, 63, 64].map(mib => leaves(mib).full)).toEqual([true, false, false, false])
  expect([31, 32, 63, 64].map(mib => leaves(mib).roomy)).toEqual([false, false, false, true])
})
