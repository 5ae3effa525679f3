import { expect, test } from 'vitest'
import { cpuMillis, formatBytes, parseQuantity } from './quantity.ts'

test.each([
  ['10Gi', 10 * 2 ** 30],
  ['1500M', 1.5e9],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['1e9', 1e9],
  [21474836480, 20 * 2 ** 30],
])('%s is %d bytes', (text, bytes) => expect(parseQuantity(text)).toBe(bytes))

test.each([
  ['2', 2000],
  ['500m', 500],
  ['0.25', 250],
])('%s CPU is %d thousandths', (text, millis) => expect(cpuMillis(text)).toBe(millis))

test.each(['', 'Gi', '10 apples', '.'])('"%s" is no quantity', text => expect(() => parseQuantity(text)).toThrow(RangeError))

test('bytes are written in the largest unit that divides them', () => {
  expect(formatBytes(512 * 2 ** 20)).toBe('512Mi')
  expect(formatBytes(1000)).toBe('1000')
})
