import { expect, test } from 'vitest'
import { change, patternOf, type Row } from './privileges.ts'

const row = (...granted: string[]): Row => ({
  Db: 'shop',
  ...Object.fromEntries(
    [
      'Select_priv',
      'Show_view_priv',
      'Insert_priv',
      'Update_priv',
      'Delete_priv',
      'Execute_priv',
      'Lock_tables_priv',
      'Create_tmp_table_priv',
      'Drop_priv',
      'Grant_priv',
    ].map(column => [column, granted.includes(column) ? 'Y' : 'N']),
  ),
})
const reads = ['Select_priv', 'Show_view_priv']
const all = Object.keys(row()).filter(column => column.endsWith('_priv') && column !== 'Grant_priv')
const on = "on `shop`.* to 'app'@'%'"
const off = "on `shop`.* from 'app'@'%'"

test.each([
  ['nothing to something', undefined, 'ReadOnly', [`grant SELECT, SHOW VIEW ${on}`], false],
  ['nothing to all', undefined, 'Owner', [`grant all privileges ${on}`], false],
  ['the same', row(...reads), 'ReadOnly', [], false],
  ['all, as before', row(...all), 'Owner', [], false],
  ['more', row(...reads), 'Owner', [`grant all privileges ${on}`], false],
  ['less', row(...all), 'ReadOnly', [`revoke all privileges ${off}`, `grant SELECT, SHOW VIEW ${on}`], true],
  ['none any more', row(...reads), undefined, [`revoke all privileges ${off}`], true],
  ['no right to pass rights on', row(...all, 'Grant_priv'), 'Owner', [`revoke grant option ${off}`], true],
  ['a row without rights', row(), undefined, [], false],
] as const)('%s', (_, before, wanted, statements, loses) => {
  expect(change('app', 'shop', before, wanted)).toEqual({ statements, loses })
})

test.each(['a_c', 'a\\_c', '%', 'a\\\\d'])('what %j gave is revoked on %j', Db => {
  const { statements } = change('app', patternOf({ Db }), { ...row(...reads), Db }, undefined)
  expect(statements).toEqual([`revoke all privileges on \`${Db}\`.* from 'app'@'%'`])
})
