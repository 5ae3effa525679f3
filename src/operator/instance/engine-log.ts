/**
 * What a person must read of an engine's log: what the engine's own rules pick, and nothing else, for a tenant's statements are in it too and
 * may hold a secret. The log is hostile input: bounded, and without control characters.
 */
import type { GuestStatus } from '../../api/guest.ts'
import type { OperatorEngine } from '../../engines/operator-engine.ts'

const most = 1024

export function pickFromLog(text: string, engine: Pick<OperatorEngine, 'logFault'>): string | undefined {
  // A line that is indented goes on with a statement: it is no entry of the log.
  const lines = text
    .split('\n')
    .filter(line => line !== '' && !/^\s/.test(line))
    .map(clean)
  return engine.logFault(lines)?.slice(0, most)
}

/** A run of the engine that is over, by its node's clock. */
export type Run = NonNullable<NonNullable<GuestStatus['configuration']>['refusedRun']>

/** A line's time is that of its being read, a moment after it was written. The agent starts the next run later than that. */
const lateMs = 100

/** What was said in that run, of a log that has the time before each line. Nothing where the times are none. */
export function saidIn({ startedAt, endedAt }: Run, text: string): string {
  const [from, to] = [Date.parse(startedAt), Date.parse(endedAt) + lateMs]
  const said = text.split('\n').flatMap(line => {
    const end = line.indexOf(' ')
    const at = Date.parse(line.slice(0, end))
    return at >= from && at <= to ? [line.slice(end + 1)] : []
  })
  return said.join('\n')
}

const clean = (line: string) => line.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]+/gu, ' ').trim()
