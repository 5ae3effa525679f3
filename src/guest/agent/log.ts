/**
 * The agent's log: one JSON object per line on stdout, in the same words as the operator's. Written here in a few lines rather than with the
 * operator's library, whose memory would be paid in every pod.
 */
import type { Logger } from '../../runtime/log.ts'

const levels = ['debug', 'info', 'warn', 'error'] as const
type Level = (typeof levels)[number]

export function openLog(
  level: string,
  fields: object = {},
  write: (line: string) => void = line => void process.stdout.write(line),
): Logger {
  const least = Math.max(0, levels.indexOf(level as Level))
  const at = (level: Level) => (more: object, message?: string) => {
    if (levels.indexOf(level) < least) return
    const said = Object.entries(more).map(([key, value]) => [key, value instanceof Error ? errorFields(value) : value])
    write(
      `${JSON.stringify({ level, time: new Date().toISOString(), ...fields, ...Object.fromEntries(said), ...(message !== undefined && { msg: message }) })}\n`,
    )
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: more => openLog(level, { ...fields, ...more }, write),
  }
}

/** Not all of its properties: a database driver's error carries the statement. */
const errorFields = (error: Error) => ({
  type: error.name,
  message: error.message,
  ...('code' in error && { code: error.code }),
  ...(error.stack !== undefined && { stack: error.stack }),
})
