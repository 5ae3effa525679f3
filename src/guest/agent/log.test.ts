import { expect, test } from 'vitest'
import { openLog } from './log.ts'

test('each entry is one JSON line with its level, its fields and those of its logger', () => {
  const lines: string[] = []
  const log = openLog('info', { guest: 'g' }, line => lines.push(line)).child({ job: 'j' })
  log.debug({}, 'not said')
  log.info({ a: 'two\nlines' }, 'said')
  expect(lines).toHaveLength(1)
  expect(lines[0]?.split('\n')).toHaveLength(2)
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    level: 'info',
    time: expect.any(String),
    guest: 'g',
    job: 'j',
    a: 'two\nlines',
    msg: 'said',
  })
})

test('of an error only what describes it is said: drivers put statements into theirs', () => {
  const lines: string[] = []
  openLog('info', {}, line => lines.push(line)).warn({ err: Object.assign(new Error('failed'), { code: '42P01', query: 'secret' }) })
  expect(JSON.parse(lines[0] ?? '').err).toMatchObject({ type: 'Error', message: 'failed', code: '42P01' })
  expect(lines[0]).not.toContain('secret')
})
