/**
 * What a person must read of an engine's log: what the engine's own rules pick, and nothing else, for a tenant's statements are in it too and
 * may hold a secret. The log is hostile input: bounded, and without control characters.
 */
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

const clean = (line: string) => line.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]+/gu, ' ').trim()
