import { expect, test } from 'vitest'
import { logFault } from './log-fault.ts'

const mysql = (connection: number, level: string, text: string) => `2026-01-01T12:00:00.123456Z ${connection} [${level}] ${text}`
const mariadb = (connection: number, level: string, text: string) => `2026-01-01  8:00:00 ${connection} [${level}] ${text}`
const ready = mysql(0, 'System', "[MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '9.7.4'  socket: '/s'  port: 3306")

test.each([
  [
    'the first error of a start that failed, for the others follow from it',
    [
      mariadb(0, 'Note', 'Starting MariaDB 11.8.9'),
      mariadb(0, 'ERROR', 'InnoDB: Cannot allocate memory for the buffer pool'),
      mariadb(0, 'ERROR', 'Unknown/unsupported storage engine: InnoDB'),
      mariadb(0, 'ERROR', 'Aborting'),
    ],
    'InnoDB: Cannot allocate memory for the buffer pool',
  ],
  [
    'a thread of the server’s own has a number, too',
    [mysql(1, 'ERROR', '[MY-012574] [InnoDB] Unable to lock ./ibdata1'), mysql(0, 'ERROR', '[MY-010119] [Server] Aborting')],
    '[MY-012574] [InnoDB] Unable to lock ./ibdata1',
  ],
  [
    'the last start alone counts',
    [
      mysql(0, 'ERROR', '[MY-1] [Server] of old'),
      mysql(0, 'System', '[MY-010116] [Server] /usr/sbin/mysqld (mysqld 9.7.4-2) starting as process 1'),
      mysql(0, 'ERROR', '[MY-2] [Server] of now'),
    ],
    '[MY-2] [Server] of now',
  ],
  ['what is said of a tenant’s connection is nothing', [ready, mysql(12, 'ERROR', '[MY-3] [Server] whatever a tenant does')], undefined],
  ['what a server that took connections said last', [ready, mysql(0, 'ERROR', 'a'), mysql(0, 'ERROR', 'b')], 'b'],
  ['what it says before it can log', ["mysqld: [ERROR] unknown variable 'x=1'."], "mysqld: [ERROR] unknown variable 'x=1'."],
  ['an orderly end is nothing', [ready, mysql(0, 'System', '[MY-010910] [Server] /usr/sbin/mysqld: Shutdown complete')], undefined],
  ['other lines are nothing', ['', 'x', '[ERROR] x', 'get_mempolicy: Operation not permitted'], undefined],
])('%s', (_, lines, found) => expect(logFault(lines)).toBe(found))

test('a long line is cut', () => expect(logFault([mysql(0, 'ERROR', 'x'.repeat(10_000))])).toHaveLength(1024))
