/** Columns as kubectl prints them: as wide as their widest entry, three blanks between, and none at the end of a line. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows]
  const widths = head.map((_, at) => Math.max(...lines.map(line => line[at]?.length ?? 0)))
  return lines
    .map(
      line =>
        `${line
          .map((cell, at) => cell.padEnd(widths[at]!))
          .join('   ')
          .trimEnd()}\n`,
    )
    .join('')
}
