import { expect, test } from 'vitest'
import { logFault } from './log-fault.ts'

const at = '7:M 22 Nov 2026 22:22:07.123'

test.each([
  ['nothing from an empty log', [], undefined],
  [
    'nothing from a start and an orderly stop',
    [
      `${at} # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo`,
      `${at} # Redis version=7.0.15, bits=64, commit=00000000, modified=0, pid=7, just started`,
      `${at} # Configuration loaded`,
      `${at} * Running mode=standalone, port=6379.`,
      `${at} # Server initialized`,
      `${at} # WARNING Memory overcommit must be enabled! Without it, a background save may fail.`,
      `${at} # WARNING: The TCP backlog setting of 511 cannot be enforced because /proc/sys/net/core/somaxconn is set to 128.`,
      `${at} # Current maximum open files is 1024. maxclients has been reduced to 992 to compensate for low ulimit.`,
      '7:signal-handler (1795940750) Received SIGTERM scheduling shutdown...',
      `${at} # User requested shutdown...`,
      `${at} * Calling fsync() on the AOF file.`,
      `${at} # Valkey is now ready to exit, bye bye...`,
    ],
    undefined,
  ],
  [
    'nothing of what a crash left half-written',
    [
      `${at} # !!! Warning: short read while loading the AOF file appendonly.aof.1.incr.aof!!!`,
      `${at} # !!! Truncating the AOF appendonly.aof.1.incr.aof at offset 17004 !!!`,
      `${at} # AOF appendonly.aof.1.incr.aof loaded anyway because aof-load-truncated is enabled`,
    ],
    undefined,
  ],
  [
    'a broken log, with the server’s advice',
    [
      `${at} # Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file, then use ./redis-check-aof --fix`,
    ],
    'Bad file format reading the append only file appendonly.aof.1.incr.aof: make a backup of your AOF file, then use ./redis-check-aof --fix',
  ],
  [
    'a child’s failure',
    [`${at} # Can't save in background: fork: Cannot allocate memory`, '9:C 22 Nov 2026 22:22:07.123 # Error moving temp DB file: x'],
    'Error moving temp DB file: x',
  ],
  [
    'why it could not write, with what followed from it',
    [
      `${at} # Error writing to the AOF file: No space left on device`,
      `${at} # Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...`,
    ],
    "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...: Error writing to the AOF file: No space left on device",
  ],
  [
    'a consequence alone, if that is all there is',
    [`${at} # Fatal error loading the DB: Invalid argument. Exiting.`],
    'Fatal error loading the DB: Invalid argument. Exiting.',
  ],
  [
    'a mistake in the configuration, with its line',
    [
      '*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***',
      'Reading the configuration file, at line 19',
      `>>> 'maxclients many'`,
      "argument couldn't be parsed into an integer",
      'something else',
    ],
    "*** FATAL CONFIG FILE ERROR (Redis 7.0.15) *** Reading the configuration file, at line 19 >>> 'maxclients many' argument couldn't be parsed into an integer",
  ],
  [
    'a setting that it does not know, as version 8 says it',
    [
      `${at} # Unresolved Configuration(s) Detected:`,
      `${at} # >>> 'no-such-setting 1'`,
      `${at} # Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting`,
    ],
    "Module Configuration detected without loadmodule directive or no ApplyConfig call: aborting: >>> 'no-such-setting 1'",
  ],
  [
    'the cause of a crash, and none of the report that follows',
    [
      '=== VALKEY BUG REPORT START: Cut & paste starting from here ===',
      `${at} # valkey 8.1.1 crashed by signal: 11, si_code: 0`,
      `${at} # Accessing address: 0x6a25`,
      '------ STACK TRACE ------',
      `${at} # (00007ffe58626429) -> 0000000000000a9e`,
      `${at} # Bio worker thread #0 terminated`,
    ],
    'valkey 8.1.1 crashed by signal: 11, si_code: 0',
  ],
  [
    'that memory ran out',
    [
      `${at} # Out Of Memory allocating 200000011 bytes!`,
      '=== REDIS BUG REPORT START: Cut & paste starting from here ===',
      `${at} # ------------------------------------------------`,
      `${at} # !!! Software Failure. Press left mouse button to continue`,
      `${at} # Guru Meditation: Redis aborting for OUT OF MEMORY. Allocating 200000011 bytes! #server.c:6658`,
    ],
    'Guru Meditation: Redis aborting for OUT OF MEMORY. Allocating 200000011 bytes! #server.c:6658',
  ],
  [
    'what a start after a crash says',
    [
      '=== REDIS BUG REPORT START: Cut & paste starting from here ===',
      `${at} # Redis 7.0.15 crashed by signal: 11, si_code: 0`,
      `${at} # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo`,
      `${at} # Bad file format reading the append only file: x`,
    ],
    'Bad file format reading the append only file: x',
  ],
  ['nothing of other text', ['# said by somebody else', `${at} * a notice`, `x${at} # forged`, '7:M # y'], undefined],
] as const)('takes %s', (_, lines, fault) => expect(logFault(lines)).toBe(fault))

test('a line without end is cut, and costs no time', () => {
  const started = performance.now()
  expect(logFault([`${at} # ${'x'.repeat(10_000_000)}`])).toHaveLength(1024)
  expect(logFault([`${at} * ${'# '.repeat(1_000_000)}`])).toBeUndefined()
  expect(performance.now() - started).toBeLessThan(1000)
})
