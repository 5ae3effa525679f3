import { expect, test } from 'vitest'
import { ago, aPod, now } from '../examples.ts'
import type { Roll } from './agent.ts'
import type { Member } from './member.ts'
import { type FleetInput, mostAway, planFleet } from './plan.ts'

const input = { wanted: 'v2', deadlineMs: 120_000, watchedMs: 3_600_000 }

/** Of `tenant/name`: works, with the image of the release before. */
const old = (key: string, more: Partial<Member> = {}): Member => ({
  key,
  tenant: key.split('/')[0]!,
  pod: aPod(),
  image: 'v1',
  recorded: 'v1',
  health: { kind: 'ready' },
  seen: { kind: 'works' },
  madeAt: ago(86_400),
  leaving: false,
  ...more,
})
const note = (more: Partial<Roll> = {}): Roll => ({ from: 'v1', to: 'v2', at: ago(10), container: 'c1', worked: true, ...more })
const away = (key: string, seconds = 10, more: Partial<Roll> = {}, other: Partial<Member> = {}) =>
  old(key, {
    image: 'v2',
    roll: note({ at: ago(seconds), ...more }),
    seen: { kind: 'missing' },
    health: { kind: 'unclear', remainingMs: 5000 },
    ...other,
  })
const rolled = (key: string) => old(key, { image: 'v2', roll: note({ at: ago(600) }), recorded: 'v2' })
const silent = (key: string) => old(key, { health: { kind: 'silent' }, seen: { kind: 'missing' } })
const refusing = (key: string, image = 'v2') => old(key, { refused: image })
const many = (tenant: string, count: number, of: (key: string) => Member) =>
  Array.from({ length: count }, (_, i) => of(`${tenant}/db${String(i).padStart(3, '0')}`))

const plan = (members: Member[], more: Partial<FleetInput> = {}) => {
  const { watchedMs } = { ...input, ...more }
  const asked = (m: Member) => ({ elapsedMs: now.getTime() - Date.parse(m.roll?.at ?? m.madeAt), seenMs: watchedMs })
  return planFleet(members, { ...input, asked, ...more })
}
const does = (members: Member[], more: Partial<FleetInput> = {}) =>
  plan(members, more).actions.map(a => `${a.do} ${a.member.key} ${a.do === 'roll' ? `from ${a.from}` : `to ${a.to}`}`)
const keys = (members: Member[]) => plan(members).actions.map(a => a.member.key)

test.each<[string, Member[], string[]]>([
  ['a fleet that has the image is left alone', many('a', 5, rolled), []],
  ['pods that were made with it are too', [old('a/x', { image: 'v2', recorded: 'v2' })], []],
  ['one goes first, the first by tenant and name', [old('b/x'), old('a/y'), old('a/x')], ['roll a/x from v1']],
  ['nobody goes while that one is away', [away('a/x'), old('a/y'), old('b/x')], []],
  ['then one more', [rolled('a/x'), old('a/y'), old('a/z'), old('b/x')], ['roll a/y from v1']],
  ['that one away, nobody', [rolled('a/x'), away('a/y'), old('a/z'), old('b/x')], []],
  ['two have come back, two go', [...many('a', 2, rolled), old('a/y'), old('a/z'), old('b/x')], ['roll a/y from v1', 'roll a/z from v1']],
  [
    'another tenant begins with one of its own, however many came back elsewhere',
    [...many('a', 8, rolled), old('b/x'), old('b/y'), old('b/z')],
    ['roll b/x from v1'],
  ],
  ['and each tenant with its own', [...many('a', 8, rolled), old('b/x'), old('b/y'), old('c/x')], ['roll b/x from v1', 'roll c/x from v1']],
  ['who is leaving is not spoken to', [old('a/w', { leaving: true }), old('a/x')], ['roll a/x from v1']],
  ['an agent that does not work comes last', [silent('a/a'), old('a/x')], ['roll a/x from v1']],
  ['and waits until all that work have gone', [rolled('a/x'), away('a/y'), silent('a/z')], []],
  ['then it goes', [rolled('a/x'), silent('a/z')], ['roll a/z from v1']],
  ['one of which it is not known waits until it is', [old('a/x', { health: { kind: 'unclear', remainingMs: 4000 } })], []],
])('%s', (_, members, expected) => expect(does(members)).toEqual(expected))

test('with a hundred of one tenant back at most twenty are away', () => {
  const fleet = [
    ...many('a', 100, rolled),
    ...many('b', 50, rolled),
    ...many('b', 5, k => away(`${k}-away`)),
    ...many('b', 50, k => old(`${k}-old`)),
  ]
  expect(mostAway).toBe(20)
  expect(keys(fleet)).toHaveLength(15)
})

test('a fleet goes 1, 1, 2, 4 … when all come back at once, each tenant by the same rule', () => {
  let fleet = [...many('a', 20, old), ...many('b', 3, old)]
  const waves: string[][] = []
  for (;;) {
    const next = keys(fleet)
    if (next.length === 0) break
    waves.push(next)
    fleet = fleet.map(m => (next.includes(m.key) ? rolled(m.key) : m))
  }
  expect(waves.map(w => w.length)).toEqual([1, 1, 2, 4, 8, 5, 1, 1])
  expect(waves.flat()).toHaveLength(23)
  expect(waves[0]).toEqual(['a/db000'])
})

test.each<[string, Member[], string[], Partial<FleetInput>?]>([
  ['within the deadline it is waited for', [away('a/x', 119), old('a/y')], []],
  ['after it is put back, and nobody else is touched', [away('a/x', 121), old('a/y')], ['putBack a/x to v1']],
  [
    'the others that are away are put back at their own deadline',
    [refusing('a/w'), away('a/x', 121), away('a/y', 60)],
    ['putBack a/x to v1'],
  ],
  [
    'one that has reported and is still up is not late',
    [away('a/x', 121, {}, { seen: { kind: 'settling', remainingMs: 3000 } }), old('a/y')],
    [],
  ],
  ['one that came back once and is away now is not late: it was recorded', [away('a/x', 9999, {}, { recorded: 'v2' })], []],
  [
    'one that did not work before is never late, and nobody waits for it',
    [away('a/x', 121, { worked: false }), old('a/y')],
    ['roll a/y from v1'],
  ],
  ['but until the deadline it is waited for as well', [away('a/x', 60, { worked: false }), silent('a/y')], []],
  ['as long as a pod bears the mark nobody goes', [refusing('a/x'), old('a/y'), rolled('a/z')], []],
  ['a mark of another image stops nothing', [refusing('a/x', 'v0'), rolled('a/z')], ['roll a/x from v1']],
  ['the mark taken off, it is tried again', [old('a/x'), rolled('a/z')], ['roll a/x from v1']],
  ['a mark on a pod that is leaving stops as well', [old('a/x', { refused: 'v2', leaving: true }), old('a/y')], []],
])('%s', (_, members, expected, more = {}) => expect(does(members, more)).toEqual(expected))

test('the wanted image changed in mid-roll: who is away is waited for and put back to what worked; that does not stop the new roll', () => {
  const fleet = [away('a/x', 60), old('a/y')]
  expect(does(fleet, { wanted: 'v3' })).toEqual([])
  const late = [away('a/x', 121), old('a/y')]
  expect(does(late, { wanted: 'v3' })).toEqual(['putBack a/x to v1'])
  expect(does([refusing('a/x'), old('a/y')], { wanted: 'v3' })).toEqual(['roll a/x from v1'])
})

test('who came back with an image that is no longer wanted goes on from there', () => {
  expect(does([rolled('a/x'), old('a/y')], { wanted: 'v3' })).toEqual(['roll a/x from v2'])
})

test('the former image wanted again: who never left it stays, and what is away for the other is put back in time', () => {
  expect(does([old('a/x'), rolled('a/y'), away('a/z', 121)], { wanted: 'v1' })).toEqual(['putBack a/z to v1'])
})

test('a pod made again in mid-roll with the image that worked takes its turn again', () => {
  const again = old('a/x', { madeAt: ago(5), health: { kind: 'unclear', remainingMs: 55_000 }, seen: { kind: 'missing' } })
  expect(does([again, old('a/y')])).toEqual(['roll a/y from v1'])
  expect(does([{ ...again, health: { kind: 'ready' } }, away('a/y')])).toEqual([])
})

test('an operator that has only just come takes nobody for silent: who seems so may have had nobody to report to', () => {
  expect(plan([silent('a/x')], { watchedMs: 20_000 })).toMatchObject({ actions: [], counts: { pending: 1 }, againMs: 40_100 })
  expect(does([silent('a/x')], { watchedMs: 60_000 })).toEqual(['roll a/x from v1'])
  expect(does([silent('a/x'), old('a/y')], { watchedMs: 0 })).toEqual(['roll a/y from v1'])
})

test('one that did not work before keeps what worked before that, should it be rolled on', () => {
  const lost = away('a/x', 121, { worked: false }, { recorded: 'v0', health: { kind: 'silent' } })
  expect(does([lost], { wanted: 'v3' })).toEqual(['roll a/x from v0'])
})

const starting = (seconds: number) =>
  ({ ...old('a/new'), image: 'v2', madeAt: ago(seconds), seen: { kind: 'missing' }, health: { kind: 'silent' } }) as Member
const unrecorded = ({ recorded: _, ...m }: Member): Member => m

test('a pod made with the image before it was known to be no good gets what works, once it has had its time', () => {
  expect(does([refusing('a/x'), unrecorded(starting(60))])).toEqual([])
  expect(plan([refusing('a/x'), unrecorded(starting(60))]).againMs).toBe(60_100)
  expect(does([refusing('a/x'), unrecorded(starting(121))])).toEqual(['putBack a/new to v1'])
  expect(does([old('a/x'), unrecorded(starting(121))])).toEqual(['roll a/x from v1'])
})

test.each([
  ['an operator that has only just come calls nobody late', 121, 59_000, []],
  ['after a while it does', 121, 60_000, ['putBack a/x to v1']],
] as const)('%s', (_, seconds, watchedMs, expected) => expect(does([away('a/x', seconds)], { watchedMs })).toEqual(expected))

test('it looks again when something will be otherwise by time alone, and else not at all', () => {
  expect(plan([old('a/x'), away('a/y', 100)]).againMs).toBe(20_100)
  expect(plan([old('a/x', { health: { kind: 'unclear', remainingMs: 4000 } })]).againMs).toBe(4100)
  expect(plan([refusing('a/x'), old('a/y', { health: { kind: 'unclear', remainingMs: 4000 } })])).not.toHaveProperty('againMs')
  expect(plan(many('a', 3, rolled))).not.toHaveProperty('againMs')
})

test('what is told of a roll adds up', () => {
  const fleet = [...many('a', 4, rolled), away('b/x'), away('b/y', 121), old('c/x'), silent('c/y'), refusing('c/z')]
  expect(plan(fleet)).toMatchObject({ counts: { rolled: 4, away: 2, pending: 3 }, stoppedBy: { key: 'c/z' } })
})
