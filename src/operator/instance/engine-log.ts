/** Picks from an engine's log what a person must read: its last FATAL, PANIC or ERROR lines. The log is hostile input: bounded, and without control characters. */
const worst = /\b(FATAL|PANIC|ERROR)\b/
const most = 1024

export function pickFromLog(text: string): string | undefined {
  const lines = text
    .split('\n')
    .map(clean)
    .filter(line => line !== '')
  const telling = lines.filter(line => worst.test(line)).slice(-3)
  const picked = (telling.length > 0 ? telling : lines.slice(-1)).join('; ')
  return picked === '' ? undefined : picked.slice(-most)
}

const clean = (line: string) => line.replaceAll(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]+/gu, ' ').trim()
