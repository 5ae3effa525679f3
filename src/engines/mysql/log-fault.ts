/**
 * Finds in the server's own log what ended it: of a start that failed the first error, for the others follow from it; of a server that took
 * connections the last, and then not what is said of a connection (its number is not 0), for tenants cause that. Lines are hostile input: they are only cut and returned, and src/errors.ts bounds and cleans what becomes a message.
 *
 *   2026-01-01T12:00:00.000000Z 0 [ERROR] [MY-010119] [Server] Aborting       MySQL
 *   2026-01-01 12:00:00 0 [ERROR] Aborting                                   MariaDB
 */
const entry = /^\d{4}-\d\d-\d\d[T ]+\d{1,2}:\d\d:\d\d\S* (?<connection>\d+) \[(?<level>[A-Za-z]+)\] (?<text>.*)$/

const starts = /^Starting MariaDB |\(mysqld .*\) starting as process /
const takesConnections = /: ready for connections\.( |$)/

/** What a program says before it can log, as of a mistake in its configuration file; and what is said of one that was ended while it made the volume. */
const early = /^(mysqld|mariadbd|error): |: line \d+: +\d+ (Killed|Aborted)|^Installation of system tables failed/i

const maxLength = 1024

export function logFault(lines: readonly string[]): string | undefined {
  let found: string | undefined
  let open = false
  for (const line of lines) {
    const groups = entry.exec(line.slice(0, 4 * maxLength))?.groups
    if (groups === undefined) {
      if (early.test(line)) found ??= line
      continue
    }
    const { connection, level, text = '' } = groups
    if (starts.test(text)) {
      found = undefined
      open = false
    }
    if (takesConnections.test(text)) open = true
    if (level === 'ERROR' && (open ? connection === '0' : found === undefined)) found = text
  }
  return found?.slice(0, maxLength)
}
