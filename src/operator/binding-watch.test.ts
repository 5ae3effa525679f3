import { expect, test } from 'vitest'
import { openBindingWatch } from './binding-watch.ts'

function watchAt(random: number) {
  let ms = 0
  const clock = { now: () => new Date(ms), monotonicMs: () => ms, sleep: async () => {} }
  return { watch: openBindingWatch(clock, 1000, () => random), pass: (by: number) => (ms += by) }
}

test('a Secret that nobody looked at is due', () => expect(watchAt(0).watch.isDue('k', 'r')).toBe(true))

test.each([
  [0, 800],
  [0.5, 1000],
  [1, 1200],
])('with %f of chance it is due again after %d ms', (random, ms) => {
  const { watch, pass } = watchAt(random)
  watch.checked('k', 'r')
  expect(watch.nextMs('k')).toBe(ms)
  pass(ms - 1)
  expect(watch.isDue('k', 'r')).toBe(false)
  pass(1)
  expect(watch.isDue('k', 'r')).toBe(true)
})

test('another password makes it due at once', () => {
  const { watch } = watchAt(0)
  watch.checked('k', 'r')
  expect(watch.isDue('k', 'r2')).toBe(true)
})
