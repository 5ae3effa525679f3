import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const program = `
  import { openLog } from './src/runtime/log.ts'
  const log = openLog({ level: 'info', fields: { component: 'operator' } })
  log.debug({}, 'not shown')
  log.child({ key: 'ns/db' }).info({ user: { name: 'ann', password: 'hunter2' }, token: 'hunter2', secret: { data: { x: 'hunter2' } } }, 'made')
  log.error({ err: new Error('no room', { cause: new Error('disk full') }) }, 'failed')
`

test('a log is one JSON object per line, with the fields of its parents and without secrets', () => {
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '../..'),
  })
  const [made, failed] = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(made).toMatchObject({ level: 'info', component: 'operator', key: 'ns/db', msg: 'made', user: { name: 'ann' } })
  expect(failed).toMatchObject({ level: 'error', err: { message: 'no room: disk full' } })
  expect(stdout).not.toMatch(/hunter2|not shown/)
})
