import { expect, test } from 'vitest'
import { judgeClaims, limits, mostBytes } from './claims.ts'
import { aDatabase, ago, aUser, engine } from './examples.ts'

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

test('one that goes is held up by no limit, for what it has in the engine must go with it', () => {
  const leaving = aDatabase({ name: 'd' }, { uid: 'last', creationTimestamp: ago(0), deletionTimestamp: ago(0) })
  const many = Array.from({ length: limits.databases }, (_, i) =>
    aDatabase({ name: `d${i}` }, { uid: `u${i}`, creationTimestamp: ago(i + 1) }),
  )
  expect(judge(...many, leaving).get('last')).toBeUndefined()
})

test('users whose access together is too large for one Guest are not in force, and keep their names', () => {
  const access = Array.from({ length: 32 }, (_, i) => ({ database: `${'x'.repeat(50)}${i}`, privilege: 'Owner' as const }))
  const many = Array.from({ length: 200 }, (_, i) => aUser({ name: `u${i}`, access }, { uid: `u${i}`, creationTimestamp: ago(1000 - i) }))
  const heir = aUser({ name: 'u199' }, { uid: 'heir', creationTimestamp: ago(0), finalizers: [] })
  const verdicts = judgeClaims([...many, heir], { check: s => engine.checkUser(s), what: 'users' })
  const inForce = many.filter(u => verdicts.get(u.metadata.uid) === undefined)
  expect(Buffer.byteLength(JSON.stringify(inForce.map(u => u.spec)))).toBeLessThan(mostBytes.users * 1.05)
  expect(inForce.map(u => u.spec.name)).toContain('u0')
  expect(verdicts.get('u199')).toMatchObject({ code: 'TooLarge' })
  expect(verdicts.get('heir')).toMatchObject({ code: 'NameTaken' })
})
