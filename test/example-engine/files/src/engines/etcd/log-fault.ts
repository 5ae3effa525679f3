/** Finds in etcd's log what ended it: its last error, or Go's own panic. Lines are hostile input: they are only cut and returned. */

const levels = ['error', 'dpanic', 'panic', 'fatal']

const maxLength = 1024

export function logFault(lines: readonly string[]): string | undefined {
  return lines
    .map(line => faultIn(line.slice(0, 4 * maxLength)))
    .findLast(found => found !== undefined)
    ?.slice(0, maxLength)
}

function faultIn(line: string): string | undefined {
  if (line.startsWith('panic: ')) return line
  try {
    const { level, msg, error } = JSON.parse(line) as Record<string, unknown>
    const isBadFlag = msg === 'failed to verify flags'
    if (typeof msg !== 'string' || !(levels.includes(String(level)) || isBadFlag)) return undefined
    return typeof error === 'string' ? `${msg}: ${error}` : msg
  } catch {
    return undefined
  }
}
