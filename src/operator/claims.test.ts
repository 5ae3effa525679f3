import { expect, test } from 'vitest'
import { judgeClaims, limits } from './claims.ts'
import { aDatabase, ago, engine } from './examples.ts'

const judge = (...objects: ReturnType<typeof aDatabase>[]) =>
  judgeClaims(objects, { check: s => engine.checkDatabase(s), what: 'databases' })

test('of two that claim one name the older wins, whatever their order', () => {
  const older = aDatabase({ name: 'shop' }, { uid: 'a', creationTimestamp: ago(100) })
  const younger = aDatabase({ name: 'shop' }, { uid: 'b', creationTimestamp: ago(50) })
  for (const order of [judge(older, younger), judge(younger, older)]) {
    expect(order.get('a')).toBeUndefined()
    expect(order.get('b')).toMatchObject({ code: 'NameTaken' })
  }
})

test('of the same second the smaller uid wins', () => {
  const verdicts = judge(aDatabase({ name: 'x' }, { uid: 'b' }), aDatabase({ name: 'x' }, { uid: 'a' }))
  expect([...verdicts].find(([, v]) => v === undefined)?.[0]).toBe('a')
})

test('what is in force keeps its name, whoever comes with a smaller uid or an older date', () => {
  const first = aDatabase({ name: 'x' }, { uid: 'b', finalizers: ['trove.dev/database'] })
  const second = aDatabase({ name: 'x' }, { uid: 'a', finalizers: [], creationTimestamp: ago(1000) })
  expect(judge(second, first).get('a')).toMatchObject({ code: 'NameTaken' })
})

test('what the engine refuses claims nothing', () => {
  expect(judge(aDatabase({ name: 'reserved' }, { uid: 'a' })).get('a')).toMatchObject({ code: 'IdentifierReserved' })
})

test('beyond the limit the oldest are in force', () => {
  const many = Array.from({ length: limits.databases + 1 }, (_, i) =>
    aDatabase({ name: `d${i}` }, { uid: `u${i}`, creationTimestamp: ago(i) }),
  )
  const verdicts = judge(...many)
  expect([...verdicts.values()].filter(v => v !== undefined)).toMatchObject([{ code: 'TooMany' }])
  expect(verdicts.get('u0')).toMatchObject({ code: 'TooMany' })
})
