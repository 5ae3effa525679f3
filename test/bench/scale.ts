/**
 * What a thousand Instances cost and how the operator bears it: everything in one run on one API server, in ratios and counts where that can be.
 * Fails if a goal is missed. docs/performance.md says what each figure means. With --quick everything is smaller, and no figure is worth quoting.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stepLog } from '../kind/steps.ts'
import type { Write } from './scale/audit.ts'
import { type Bed, makeBed, namesOf, startedOperator } from './scale/bed.ts'
import { alternate, type Burst, perInstance, type Sides } from './scale/burst.ts'
import { latencies } from './scale/latency.ts'
import { growthFromStrangers, slope } from './scale/memory.ts'
import { neighbours } from './scale/neighbours.ts'
import { caughtUp, startReplay } from './scale/program.ts'
import { type Recording, record } from './scale/record.ts'
import { rest, restart, takeover } from './scale/upheaval.ts'
import { median, percentile } from './statistics.ts'

const full = { burst: 300, rounds: 5, big: 1000, some: 500, restMs: 300_000, strangers: 600, samples: 1000, neighbours: 100, sick: 10 }
const quick = { burst: 30, rounds: 1, big: 100, some: 50, restMs: 20_000, strangers: 60, samples: 40, neighbours: 30, sick: 10 }

/** The most that each figure may be. */
const goals = {
  writesPerInstance: 16,
  eventsPerInstance: 4,
  writesPerDatabase: 5,
  writesPerDatabaseUser: 5,
  needlessWrites: 0,
  writesAtRest: 0,
  burstRatio: 1.5,
  rssMiBPer1000: 12,
  rssMiBForeign: 5,
  restartSeconds: 3,
  restartWrites: 0,
  takeoverSeconds: 17,
  neighbourRatio: 1.2,
  statusLatencyP99Ratio: 2,
}

export async function scale(options: { quick?: boolean }): Promise<object> {
  const size = options.quick ? quick : full
  const log = stepLog()
  const bed = await log.step('an API server, a node, the operator’s program', makeBed)
  const dir = await mkdtemp(join(tmpdir(), 'scale-template-'))
  try {
    const template = join(dir, 'template.json')
    const recording = await log.step('the operator’s journal of one Instance', () => record(bed))
    await writeFile(template, JSON.stringify(recording.steps))
    const sides = await log.step(`${size.burst} at once, ${size.rounds} times each`, () =>
      alternate(bed, size.burst, size.rounds, template),
    )
    const bigSides = await log.step(`${size.big} at once`, () => alternate(bed, size.big, 1, template))

    const perThousand = await log.step(`memory with ${size.big}`, () =>
      slope(bed, namesOf(size.big), some => populate(bed, some, template)),
    )
    await bed.wipe()

    const names = namesOf(size.some)
    await log.step('one Instance', () => populate(bed, names.slice(0, 1), template))
    const alone = await log.step('latency with one', () => timed(bed, names.slice(0, 1), size.samples))
    await log.step(`${size.some} Instances`, () => populate(bed, names, template))
    const among = await log.step(`latency among ${size.some}`, () => timed(bed, names, size.samples))
    const foreign = await log.step('strangers in tenants’ namespaces', () =>
      growthFromStrangers(bed, names.length, size.strangers, 'tenant'),
    )
    const inside = await log.step('strangers among the guests', () => growthFromStrangers(bed, names.length, size.strangers, 'guests'))
    const restarted = await log.step('killed and started again, three times', () => restart(bed, names.length, 3))
    const takenOver = await log.step('the leader is killed', () => takeover(bed, names.length, names[0]!))
    const rested = await log.step(`${size.restMs / 60_000} min of rest`, () => rest(bed, names.length, size.restMs))
    await bed.wipe()

    const hundred = namesOf(size.neighbours)
    await populate(bed, hundred, template)
    const beset = await log.step('sick neighbours', () => neighbours(bed, hundred, size.sick, 3, size.samples / 4))

    const counted = sides.operator.map(b => perInstance(b, size.burst))
    const figures = {
      writesPerInstance: median(counted.map(c => c.writes)),
      eventsPerInstance: median(counted.map(c => c.events)),
      writesPerDatabase: recording.database.length,
      writesPerDatabaseUser: recording.databaseUser.length,
      needlessWrites: recording.needless.length,
      writesAtRest: rested.length,
      burstRatio: ratio(sides),
      burstRatioOf1000: ratio(bigSides),
      burstSeconds: median(sides.operator.map(b => b.seconds)),
      rssMiBPer1000: perThousand,
      rssMiBForeign: foreign,
      rssMiBForeignAmongGuests: inside,
      restartSeconds: restarted.seconds,
      restartWrites: restarted.writes.length,
      takeoverSeconds: takenOver,
      neighbourRatio: beset.ratio,
      neighbourQuietMs: beset.quietMs,
      statusLatencyP99Ratio: percentile(among, 99) / percentile(alone, 99),
      statusLatencyMsAt1: { p50: round(median(alone)), p99: round(percentile(alone, 99)) },
      statusLatencyMsAt500: { p50: round(median(among)), p99: round(percentile(among, 99)) },
    }
    console.log(report(figures, recording, [...sides.operator, ...bigSides.operator], [...sides.bare, ...bigSides.bare]))
    console.log(named('at rest', rested) + named('after a restart', restarted.writes))
    if (missed(figures).length > 0) process.exitCode = 1
    return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, typeof value === 'number' ? round(value) : value]))
  } finally {
    await bed.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

/** Each burst is held against the one beside it: a machine's pace changes from minute to minute. */
const ratio = ({ operator, bare }: Sides) => median(operator.map(({ seconds }, i) => seconds / bare[i]!.seconds))
const round = (n: number) => Math.round(n * 100) / 100

/** Instances that are there, made in the quickest way; the operator finds them as its own. */
async function populate(bed: Bed, names: readonly string[], template: string): Promise<void> {
  const maker = await startReplay({ template, kubeconfig: bed.server.kubeconfig })
  const missing = names.filter(name => bed.instances.get(`bench/${name}`) === undefined)
  await Promise.all([bed.create(missing), bed.active(names)])
  await maker.kill()
  // What the bare client wrote is not in everything what the operator would have written by now.
  const operator = await startedOperator(bed)
  await caughtUp(operator, names.length)
  await bed.active(names)
  await operator.kill()
}

async function timed(bed: Bed, names: readonly string[], samples: number): Promise<number[]> {
  const operator = await startedOperator(bed)
  await caughtUp(operator, names.length)
  await latencies(bed, names, 50)
  const times = await latencies(bed, names, samples)
  await operator.kill()
  return times
}

type Figures = Record<string, number | object>

const missed = (figures: Figures) => Object.entries(goals).filter(([name, most]) => !((figures[name] as number) <= most))

function report(figures: Figures, recording: Recording, operator: readonly Burst[], bare: readonly Burst[]): string {
  const rows = Object.entries(figures).map(([name, value]) => {
    const goal = goals[name as keyof typeof goals]
    const shown = typeof value === 'number' ? value.toFixed(2) : JSON.stringify(value)
    return `${name.padEnd(26)} ${shown.padStart(10)}   ${goal === undefined ? '' : `at most ${goal}: ${(value as number) <= goal ? 'met' : 'MISSED'}`}`
  })
  const seconds = (bursts: readonly Burst[]) => bursts.map(b => b.seconds.toFixed(1)).join(', ')
  return `
${rows.join('\n')}

bursts, in seconds: operator ${seconds(operator)}; bare client ${seconds(bare)}
writes of each of ${recording.counts.length} Instances recorded: ${Math.min(...recording.counts)} to ${Math.max(...recording.counts)}
a Database: ${recording.database.join(', ')}
a DatabaseUser: ${recording.databaseUser.join(', ')}
${recording.needless.map(w => `changed nothing: ${w}\n`).join('')}`
}

const named = (when: string, writes: readonly Write[]) =>
  writes
    .slice(0, 20)
    .map(w => `${when}: ${w.who} ${w.verb} ${w.resource} ${w.name}\n`)
    .join('')
