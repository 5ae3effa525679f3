/** Finds in etcd's log what ended it: its last error, or Go's own panic. Lines are hostile input: they are only cut and returned. */

const levels = ['error', 'dpanic', 'panic', 'fatal']

/** With its stack, which is in the line. */
const maxLine = 64 * 1024
const maxLength = 1024

export function logFault(lines: readonly string[]): string | undefined {
  return lines
    .map(faultIn)
    .findLast(found => found !== undefined)
    ?.slice(0, maxLength)
}

function faultIn(line: string): string | undefined {
  if (line.startsWith('panic: ')) return line
  try {
    const { level, msg, error } = JSON.parse(line.slice(0, maxLine)) as Record<string, unknown>
    if (typeof msg !== 'string' || !(levels.includes(String(level)) || msg === 'failed to verify flags')) return undefined
    return typeof error === 'string' ? `${msg}: ${error}` : msg
  } catch {
    return undefined
  }
}
