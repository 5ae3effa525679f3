/**
 * Finds in PostgreSQL's own log what ended it: the last PANIC of anybody, or the last FATAL or ERROR of the server itself. What a tenant's
 * session says is left out by its prefix (`(user@database)`, see log_line_prefix in configuration.ts). Lines are hostile input: they are
 * only cut and returned, and src/errors.ts bounds and cleans what becomes a message.
 */
const entry = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \S+ \[\d+\] (?<session>\(.*\) )?(?<level>[A-Z]+): {2}(?<text>.*)$/

/** Ends of an orderly stop, logged as FATAL although nobody needs to act. */
const orderly = /^(terminating .* due to administrator command|the database system is )/

const programs = /^postgres: /

const maxLength = 1024

export function logFault(lines: readonly string[]): string | undefined {
  let found: string | undefined
  let previous: string | undefined
  let wantsDetail = false
  let raw = false
  for (const line of lines) {
    const groups = entry.exec(line.slice(0, 4 * maxLength))?.groups
    if (groups === undefined) {
      // What it says before it can log is in no entry, and begins with the program's name. A statement's lines are indented.
      raw = programs.test(line) || (raw && /^\S/.test(line))
      if (raw) found = programs.test(line) ? line : `${found} ${line}`
      continue
    }
    raw = false
    const { session = '', level = '', text = '' } = groups
    if (level === 'DETAIL' && wantsDetail) found = `${found} (${text})`
    const server = session === ''
    const ends = level === 'PANIC' || (server && (level === 'FATAL' || level === 'ERROR') && !orderly.test(text))
    if (ends) {
      // "contains errors" says nothing: the line before it names the file, the line and the error
      found =
        /^configuration file .* contains/.test(text) && previous !== undefined ? `${level}: ${text}: ${previous}` : `${level}: ${text}`
    }
    wantsDetail = ends
    if (server && level === 'LOG') previous = text
  }
  return found?.slice(0, maxLength)
}
