/** The catalogues of an engine's versions, which differ in their rules alone. */
import type { ParameterCatalogue, ParameterRule } from './rule.ts'

export type Catalogues = Readonly<Record<string, ParameterCatalogue>>

/** `versions` are the generated files; that they have the shape of rules is shown by a test. */
export function catalogues(
  engine: string,
  versions: Record<string, unknown>,
  common: Omit<ParameterCatalogue, 'server' | 'rules'>,
): Catalogues {
  return Object.fromEntries(
    Object.entries(versions).map(([version, rules]) => [
      version,
      { server: `${engine} ${version}`, rules: rules as ParameterRule[], ...common },
    ]),
  )
}

/** Of the version itself or the series that it is of: 17.4 is judged as 17. None where there are no rules, and then nothing can be judged. */
export function catalogueOf(catalogues: Catalogues, version: string): ParameterCatalogue | undefined {
  for (let series = version; series !== ''; series = series.slice(0, Math.max(0, series.lastIndexOf('.')))) {
    if (Object.hasOwn(catalogues, series)) return catalogues[series]
  }
  return undefined
}
