/** What docs/guides/adding-an-engine.md tells a person to do, read as a program would do it: so that it is true. Pure. */

/** Lines that go into a file above the first one that is `before`, or at its end. */
export interface Insertion {
  file: string
  lines: string[]
  before?: string
}

export interface Guide {
  /** Places where files are made anew: a folder ends with a slash. */
  places: string[]
  insertions: Insertion[]
  /** Shell lines, block by block. */
  commands: string[][]
}

/** `name` is that of the guide's example. */
export function readGuide(markdown: string, name: string): Guide {
  const blocks = [...markdown.matchAll(/^```(?<language>\w+)(?: (?<file>\S+))?\n(?<text>.*?)^```$/gms)].map(({ groups }) => ({
    language: groups?.language,
    file: groups?.file,
    lines: (groups?.text ?? '').trimEnd().split('\n'),
  }))
  const spans = [...markdown.matchAll(/`((?:src|test|deploy)\/[^`\s]*)`/g)].map(([, path = '']) => path)
  return {
    places: [...new Set(spans.filter(path => path.includes(name)))],
    insertions: blocks.filter(({ language }) => language === 'diff').flatMap(({ file, lines }) => insertionsOf(file, lines)),
    commands: blocks.filter(({ language }) => language === 'sh').map(({ lines }) => lines),
  }
}

function insertionsOf(file: string | undefined, lines: string[]): Insertion[] {
  if (file === undefined) throw new Error(`the guide does not say into which file this goes:\n${lines.join('\n')}`)
  const found: Insertion[] = []
  let added: string[] = []
  for (const line of lines) {
    if (line.startsWith('+')) added.push(line.slice(1))
    else if (added.length === 0) throw new Error(`the guide says nothing of what goes above this line of ${file}: ${line}`)
    else {
      found.push({ file, lines: added, before: line.slice(1) })
      added = []
    }
  }
  return added.length === 0 ? found : [...found, { file, lines: added }]
}

export function insert(text: string, { file, lines, before }: Insertion): string {
  const all = text.trimEnd().split('\n')
  const at = before === undefined ? all.length : all.indexOf(before)
  if (at < 0) throw new Error(`the guide says what goes above a line that ${file} does not have: ${before}`)
  return `${all.toSpliced(at, 0, ...lines).join('\n')}\n`
}
