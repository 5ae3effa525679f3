import { expect, test } from 'vitest'
import { systemClock } from '../../runtime/clock.ts'
import { Configuration } from './configuration.ts'
import { openLog } from './log.ts'

const files = [{ name: 'conf', content: 'x' }]
const layers = { defaults: {} }
const run = { startedAt: '2026-01-01T12:00:00.000Z', endedAt: '2026-01-01T12:00:01.000Z' }
const asked = { hash: 'new', formulas: 1, files, layers, lastGood: { hash: 'old', files } }

function aConfiguration(): Configuration {
  const configuration = new Configuration({
    clock: systemClock,
    log: openLog('silent'),
    connect: () => Promise.reject(new Error('no engine')),
    stage: () => {},
    onChange: () => {},
  })
  configuration.want(asked)
  return configuration
}

test('one that the engine ends with before it ever answered is refused, and the last good one takes its place', () => {
  const configuration = aConfiguration()
  expect(configuration.toStartWith()).toBe(asked)
  expect(configuration.refuses('new', 'no', run)).toBe(true)
  expect(configuration.toStartWith()).toBe(asked.lastGood)
  // It does not start either: so it was not for the other.
  expect(configuration.refuses('old', 'no', run)).toBe(false)
  expect(configuration.toStartWith()).toBe(asked)
})

test.each<[string, (configuration: Configuration) => void]>([
  ['in an earlier run', c => c.answers('run-1', 'new')],
  ['in a former pod', c => c.recallStart('new')],
])('one that it has answered with %s is not: what ended it now is something else', (_, before) => {
  const configuration = aConfiguration()
  before(configuration)
  expect(configuration.refuses('new', 'no', run)).toBe(false)
  expect(configuration.toStartWith()).toBe(asked)
})

test('without a good one it is tried again', () => {
  const configuration = aConfiguration()
  configuration.want({ hash: 'new', formulas: 1, files, layers })
  expect(configuration.refuses('new', 'no', run)).toBe(false)
  expect(configuration.toStartWith().hash).toBe('new')
})

test('in which run it was refused is told once another answers, by the next agent as well', () => {
  const first = aConfiguration()
  first.refuses('new', 'no', run)
  first.answers('run-2', 'old')
  const told = first.report('run-2')
  expect(told).toMatchObject({ hash: 'old', refused: 'new', refusedRun: run })
  const next = aConfiguration()
  next.recall({ configuration: told }, true)
  next.answers('run-2', 'old')
  expect(next.report('run-2')).toEqual(told)
})
