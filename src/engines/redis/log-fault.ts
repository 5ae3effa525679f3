/**
 * Finds in the log of Redis or Valkey what ended it: the last warning that tells of no ordinary thing, an error in the configuration, or
 * why it crashed. Lines are hostile input: they are only cut and returned, and src/errors.ts bounds and cleans what becomes a message. Whoever
 * may run a script can write what it likes into this log (redis.log), whole lines included; that is then told of their own Instance.
 */

/** `7:M 22 Nov 2026 22:22:07.123 # text`, where # is a warning. */
const entry = /^\d+:[A-Z] \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d\.\d{3} (?<level>[-.*#]) (?<text>.*)$/

/** What is logged as a warning although nobody needs to act. */
const ordinary = new RegExp(
  `^(?:${[
    'oO0Oo',
    '(Redis|Valkey) version=',
    'Configuration loaded',
    'Server initialized',
    'User requested shutdown',
    '(Redis|Valkey) is now ready to exit',
    // of the machine that it finds itself on
    'WARNING',
    'You requested maxclients of',
    'Server can.t set maximum open files',
    'Current maximum open files is',
    // of the end of its log that was never acknowledged, and is left out
    '!!! (Warning|Truncating the AOF)',
    'AOF .* loaded anyway',
    // of a client
    'Possible SECURITY ATTACK',
    'Client id=',
    'Evicting client',
    'Slow script detected',
  ].join('|')})`,
)

/** Ends that follow from what was said before. */
const consequence = /^(Can't recover from AOF write error|Fatal error loading the DB|Module Configuration detected)/

/** It writes to standard error before it can log: a heading, the line, and what is wrong with it. */
const badConfiguration = /^\*\*\* FATAL CONFIG FILE ERROR/

/** Of a report the first thing said is the cause; the rest is of the state that it is in, and of what clients did. */
const report = /BUG REPORT START/
const cause = /crashed by signal|^==> |aborting for OUT OF MEMORY/

const maxLength = 1024

export function logFault(lines: readonly string[]): string | undefined {
  let found: string | undefined
  let reporting = false
  let configuration: string[] | undefined
  for (const whole of lines) {
    const line = whole.slice(0, 4 * maxLength)
    if (badConfiguration.test(line)) configuration = [line]
    else if (configuration !== undefined && configuration.length < 4) configuration.push(line)
    if (configuration !== undefined) found = configuration.join(' ')
    if (report.test(line)) reporting = true
    const { level, text = '' } = entry.exec(line)?.groups ?? {}
    if (level === undefined) continue
    configuration = undefined
    if (/^oO0Oo/.test(text)) reporting = false
    if (reporting) found = cause.test(text) ? text : found
    else if (level === '#' && !ordinary.test(text)) found = found !== undefined && consequence.test(text) ? `${text}: ${found}` : text
  }
  return found?.slice(0, maxLength)
}
