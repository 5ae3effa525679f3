import { expect, test } from 'vitest'
import { isOurs, parseUsers, rootRules, userRules } from './acl.ts'

test('a password is known by its SHA-256 alone', () => {
  const rules = userRules('ReadOnly', 'test')
  expect(rules.slice(0, 3)).toEqual(['reset', 'on', '#9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'])
  expect(rules).not.toContain('test')
})

test.each(['Owner', 'ReadWrite', 'ReadOnly', undefined] as const)('rights come last to first as the server reads them: %s', privilege => {
  const rules = userRules(privilege, 'x')
  // what is taken away by category would take what is given before it
  const given = rules.findLastIndex(rule => rule.startsWith('+@'))
  expect(rules.indexOf('-@admin')).toBeGreaterThan(given)
  expect(rules.indexOf('-@dangerous')).toBeGreaterThan(given)
  for (const one of ['+info', '+keys', '+restore'])
    if (rules.includes(one)) expect(rules.indexOf(one)).toBeGreaterThan(rules.indexOf('-@dangerous'))
})

test('users are read from the server’s lines, whatever their names', () => {
  const lines = [
    'user default off resetchannels -@all',
    'user a"\'\\b#( on #00 ~* &* +@all',
    'user имя on -@all',
    'user a\u00A0b on -@all',
    'nonsense',
    'user',
    '',
  ]
  expect([...parseUsers(lines)]).toEqual([
    ['default', 'off resetchannels -@all'],
    ['a"\'\\b#(', 'on #00 ~* &* +@all'],
    ['имя', 'on -@all'],
    ['a\u00A0b', 'on -@all'],
  ])
})

test.each([
  ['on sanitize-payload #00 ~* &* -@all +@read (resetchannels &trove.dev/user -@all)', true],
  ['on -@all (~x -@all) (resetchannels &trove.dev/user -@all)', true],
  ['on -@all (&trove.dev/user)', true],
  ['on ~* &* +@all', false],
  ['on resetchannels &trove.dev/user -@all', false],
  ['on ~(&trove.dev/user -@all', false],
  ['on -@all (resetchannels &trove.dev/user.else -@all)', false],
])('of these rules ours are told by the mark: %s', (rules, ours) => expect(isOurs('user', rules)).toBe(ours))

test('root has a mark of its own, so that neither is taken for the other', () => {
  const [user, root] = [userRules('Owner', 'x'), rootRules('x')].map(rules => rules.join(' ')) as [string, string]
  expect([isOurs('user', user), isOurs('root', user), isOurs('user', root), isOurs('root', root)]).toEqual([true, false, false, true])
})
