import { expect, test } from 'vitest'
import { figuresOf } from './figures.ts'

const subject = (engine: 'mysql' | 'redis', version: string) => ({ engine, datastore: engine, version, image: 'x' })
const agent = (guest: string, pss: number) => ({ guest, pss, rss: 2 * pss })

test('an engine’s ratio is the median of its pairs, and the worst engine’s is the bench’s', () => {
  const figures = figuresOf(
    [subject('mysql', '9.7'), subject('redis', '8.0')],
    new Map([
      // The last pair had a bad minute, on both sides.
      ['mysql', [10_000, 10_000, 30_000].map((bare, i) => ({ bare, instance: bare * (1.1 + i / 100) }))],
      ['redis', [{ bare: 2000, instance: 3000 }]],
    ]),
    [agent('mysql-0-aaaaaaaa', 30), agent('redis-1-aaaaaaaa', 20), agent('mysql-2-aaaaaaaa', 34), agent('redis-3-aaaaaaaa', 20)],
    99.999,
  )
  expect(figures).toMatchObject({ ratio: 1.5, agentPssMiB: 26, operatorRssMiB: 100 })
  expect(figures.engines.mysql).toMatchObject({ version: '9.7', ratio: 1.11, ratios: [1.1, 1.11, 1.12], bareMs: 10_000 })
  expect(figures.engines.redis).toMatchObject({ ratio: 1.5, differenceMs: 1000, agentPssMiB: 20 })
})

test('without a pair there is no ratio that could meet a goal', () => {
  expect(figuresOf([subject('mysql', '9.7')], new Map(), [agent('mysql-0-x', 1)], 1).ratio).toBeNaN()
})
