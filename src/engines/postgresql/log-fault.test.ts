import { expect, test } from 'vitest'
import { logFault } from './log-fault.ts'

const at = '2026-11-22 22:22:07.123 UTC'

test.each([
  ['nothing from an empty log', [], undefined],
  [
    'nothing from an orderly stop',
    [`${at} [7] LOG:  received fast shutdown request`, `${at} [1] LOG:  database system is shut down`],
    undefined,
  ],
  [
    'the server’s FATAL',
    [`${at} [7] FATAL:  could not locate a valid checkpoint record`],
    'FATAL: could not locate a valid checkpoint record',
  ],
  ['the last of several', [`${at} [7] ERROR:  first`, `${at} [7] FATAL:  second`], 'FATAL: second'],
  [
    'the detail with it',
    [`${at} [7] FATAL:  data directory "/d" has invalid permissions`, `${at} [7] DETAIL:  Permissions should be u=rwx (0700).`],
    'FATAL: data directory "/d" has invalid permissions (Permissions should be u=rwx (0700).)',
  ],
  [
    'the mistake and not only the file that has it',
    [
      `${at} [7] LOG:  unrecognized configuration parameter "x" in file "/c/postgresql.conf" line 3`,
      `${at} [7] FATAL:  configuration file "/c/postgresql.conf" contains errors`,
    ],
    'FATAL: configuration file "/c/postgresql.conf" contains errors: unrecognized configuration parameter "x" in file "/c/postgresql.conf" line 3',
  ],
  [
    'a PANIC of a session',
    [`${at} [9] (app@shop) PANIC:  could not write to file "pg_wal/xlogtemp.9": No space left on device`],
    'PANIC: could not write to file "pg_wal/xlogtemp.9": No space left on device',
  ],
  [
    'nothing of a tenant’s own mistakes',
    [`${at} [9] (app@shop) ERROR:  division by zero`, `${at} [9] (app@shop) FATAL:  too many connections`],
    undefined,
  ],
  [
    'nothing of a user whose name looks like a level',
    [`${at} [9] (FATAL:  forged@shop) LOG:  x`, `${at} [9] (a) FATAL:  forged@shop) ERROR:  y`],
    undefined,
  ],
  [
    'what the server says before it can log',
    [
      'postgres: could not find the database system',
      'Expected to find it in the directory "/data",',
      'but could not open file "/data/global/pg_control": No such file or directory',
    ],
    'postgres: could not find the database system Expected to find it in the directory "/data", but could not open file "/data/global/pg_control": No such file or directory',
  ],
  ['nothing of a login while it starts', [`${at} [9] (app@shop) FATAL:  the database system is starting up`], undefined],
  [
    'nothing of a background worker that was stopped',
    [`${at} [9] FATAL:  terminating background worker "w" due to administrator command`],
    undefined,
  ],
  ['nothing of other text', ['FATAL:  said by somebody else', '\tFATAL:  a continuation', 'PANIC'], undefined],
] as const)('takes %s', (_, lines, fault) => expect(logFault(lines)).toBe(fault))

test('a line without end is cut, and costs no time', () => {
  const started = performance.now()
  expect(logFault([`${at} [7] FATAL:  ${'x'.repeat(10_000_000)}`])).toHaveLength(1024)
  expect(logFault([`${at} [7] ${'A: '.repeat(1_000_000)}`])).toBeUndefined()
  expect(performance.now() - started).toBeLessThan(1000)
})
