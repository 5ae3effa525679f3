/**
 * Structured logging: one JSON object per line on stdout. `Logger` is what the rest of the project asks for; pino stays in here. Values under
 * the names by which secrets usually go are blotted out, as a second line of defence: nobody should log them in the first place.
 */
import { destination, type LevelWithSilent, pino } from 'pino'

export interface Logger {
  debug(fields: object, message?: string): void
  info(fields: object, message?: string): void
  warn(fields: object, message?: string): void
  error(fields: object, message?: string): void
  child(fields: object): Logger
}

const secretNames = ['password', 'token', 'authorization', 'data', 'stringData', 'uri', 'verifier']

export function openLog(o: { level: LevelWithSilent; fields?: object }): Logger {
  return pino(
    {
      level: o.level,
      base: o.fields ?? {},
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: label => ({ level: label }) },
      redact: secretNames.flatMap(name => [name, `*.${name}`, `*.*.${name}`]),
    },
    destination({ dest: 1, sync: true }),
  )
}
