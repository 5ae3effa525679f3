/** What a person must read of an engine's log: what the engine's own rules pick, else its last line. The log is hostile input: bounded, and without control characters. */
import type { OperatorEngine } from '../../engines/operator-engine.ts'

const most = 1024

export function pickFromLog(text: string, engine: Pick<OperatorEngine, 'logFault'>): string | undefined {
  const lines = text
    .split('\n')
    .map(clean)
    .filter(line => line !== '')
  return (engine.logFault(lines) ?? lines.at(-1))?.slice(0, most)
}

const clean = (line: string) => line.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]+/gu, ' ').trim()
