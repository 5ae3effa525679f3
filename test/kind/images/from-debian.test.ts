import { expect, test } from 'vitest'
import { isOfSeries } from './from-debian.ts'

test.each([
  ['a release of the series, with Debian’s epoch', '1:10.11.18-0+deb12u1', '10.11', true],
  ['a release without epoch', '9.7.4-2', '9.7', true],
  ['a series that is a major version', '17.11-0+deb13u1', '17', true],
  ['the series’ first release', '9.7-1', '9.7', true],
  ['a later series', '9.8.0-1', '9.7', false],
  ['a series that only begins with the same digits', '10.11.18-1', '10.1', false],
  ['an epoch that looks like the series', '9:8.4.1-1', '9', false],
])('%s', (_, version, series, is) => expect(isOfSeries(version, series)).toBe(is))
