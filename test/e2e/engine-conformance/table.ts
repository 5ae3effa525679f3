/** The table of engines in README.md, from what the suite found. Pure. */

/** What is read of vitest's JSON report. */
export interface Report {
  testResults: { assertionResults: { ancestorTitles: string[]; title: string; status: string }[] }[]
}

const begins = '<!-- What `npm run conformance` found. -->'
const ends = '<!-- So far. -->'

export function withTable(readme: string, report: Report): string {
  const [before, rest] = readme.split(begins)
  const after = rest?.split(ends)[1]
  if (before === undefined || after === undefined) throw new Error(`README.md has no place between ${begins} and ${ends}`)
  return `${before}${begins}\n${table(report)}${ends}${after}`
}

function table({ testResults }: Report): string {
  const rows = testResults.flatMap(({ assertionResults }) => {
    const versions = new Map<string, number>()
    for (const { ancestorTitles, status } of assertionResults)
      if (ancestorTitles[0] !== undefined && status === 'passed')
        versions.set(ancestorTitles[0], (versions.get(ancestorTitles[0]) ?? 0) + 1)
    const unproven = assertionResults.flatMap(({ title }) => {
      const [, version, image] = /^UNPROVEN (.*): its image (.*) cannot be had here$/.exec(title) ?? []
      return version === undefined ? [] : [`| ${version} | UNPROVEN: image \`${image}\` could not be had |`]
    })
    return [...[...versions].map(([version, passed]) => `| ${version} | ${passed} behaviours proven |`), ...unproven]
  })
  return ['| engine | |', '|---|---|', ...rows.sort(), ''].join('\n')
}
