/** One trial as a file that a person can read: what was asked and answered, what there was at the end, what the operator printed. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Result } from './campaign.ts'
import type { Evidence } from './trial.ts'

const dir = join(import.meta.dirname, '../../../.trove/faults')

/** Where it was written. Passwords in it are a test's own. */
export function dump({ workload, plan, violations, evidence }: Result): string {
  mkdirSync(dir, { recursive: true })
  const file = `${join(dir, `${workload} ${plan}`.replace(/[^a-zA-Z0-9]+/g, '-').slice(0, 150))}.log`
  const parts = { violations: violations.map(v => `${v.oracle}: ${v.what}`), ...(evidence && partsOf(evidence)) }
  const text = Object.entries(parts).map(([title, lines]) => `=== ${title}\n${lines.join('\n')}\n`)
  writeFileSync(file, text.join('\n'))
  return file
}

function partsOf(e: Evidence): Record<string, string[]> {
  const asked = e.journal.map(x => {
    const seconds = (x.at / 1000).toFixed(3).padStart(8)
    const where = `${x.resource}${x.subresource === undefined ? '' : `/${x.subresource}`} ${x.namespace ?? ''}/${x.name ?? ''}`
    const told = x.told === undefined ? '' : `, told ${x.told}`
    return `${seconds} #${x.n} ${x.who} ${x.verb} ${where}: ${x.status ?? 'not asked'}${told}, version ${x.answer?.metadata?.resourceVersion ?? '-'}`
  })
  const happened = e.view.versions.map(v => {
    const { namespace = '', name, generation } = v.object.metadata
    return `${v.at} ${v.type} ${v.resource} ${namespace}/${name} generation ${generation}`
  })
  const end = [...new Set(e.view.versions.map(v => v.resource))].flatMap(r => e.view.list(r).map(o => JSON.stringify(o)))
  return { asked, happened, end, printed: [e.output] }
}
