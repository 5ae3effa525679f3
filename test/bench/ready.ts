/**
 * How long from `kubectl apply` until a tenant's pod has the answer to its first query, against a bare pod that does the same work
 * (ready/bare.ts), for every engine that the cluster's catalog offers. Then the memory of ten agents and of the operator.
 *
 * Two cores run everything, and their pace changes by a third within minutes. So the unit is a pair: an Instance and a bare pod one right after
 * the other, in turn the one first and then the other; a pair has a ratio, and an engine's ratio is the median of those. The engines take turns
 * too, so that a bad minute costs each of them one pair at most. How many pairs is said beforehand: who stops when the figures please measures nothing.
 */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { EngineName } from '../../src/api/datastore.ts'
import { type Cluster, up } from '../kind/cluster.ts'
import { provideImages } from '../kind/images.ts'
import { install, kubectl } from '../kind/install.ts'
import { SetupError } from '../kind/setup-error.ts'
import { stepLog } from '../kind/steps.ts'
import { type AgentMemory, agentMemory, operatorMemory } from './memory.ts'
import { bareOf } from './ready/bare.ts'
import { type Figures, figuresOf, type Pair } from './ready/figures.ts'
import { bareObjects, flavor, instance, instanceObjects, namespaceObject, smallFlavor, waitingClient } from './ready/objects.ts'
import { type Subject, subjectsOf } from './ready/subjects.ts'

/** What the figures are held against; neither has to be met for a run to count. */
const goals = { ratio: 1.25, agentPssMB: 35 }
const goal = (figure: number, most: number) => `${figure <= most ? 'meets' : 'misses'} the goal of at most ${most}`
const megabytes = (mebibytes: number) => (mebibytes * 2 ** 20) / 1e6

interface Options {
  engine?: string
  pairs?: string
}

export async function ready(options: Options): Promise<object> {
  const pairs = pairsOf(options)
  const log = stepLog()
  const cluster = await up('test', log)
  const { image } = await install(cluster, log)
  const subjects = await subjectsOf(cluster, options.engine)
  const images = subjects.map(subject => subject.image)
  if (!cluster.registry) await provideImages(cluster, images, log)
  await kubectl(cluster, ['apply', '-f', '-'], 30_000, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [flavor, smallFlavor] }))
  const measured = new Map<EngineName, Pair[]>(subjects.map(({ engine }) => [engine, []]))
  const clients = new Map(await Promise.all(subjects.map(async ({ engine }) => [engine, await bundledClient(engine)] as const)))
  // One round that is not counted: images unpacked, caches filled.
  for (let round = 0; round <= pairs; round++) {
    for (const subject of subjects) {
      const { engine } = subject
      const time = (side: keyof Pair) =>
        timed(cluster, subject, side, `bench-${engine}-${round}-${side}`, { image, program: clients.get(engine)! })
      const pair: Partial<Pair> = {}
      for (const side of round % 2 === 0 ? (['bare', 'instance'] as const) : (['instance', 'bare'] as const)) pair[side] = await time(side)
      const { bare = Number.NaN, instance = Number.NaN } = pair
      log.note(
        `${round === 0 ? 'not counted' : `pair ${round} of ${pairs}`}: ${engine}: bare pod ${bare} ms, Instance ${instance} ms, ratio ${(instance / bare).toFixed(2)}`,
      )
      if (round > 0) measured.get(engine)!.push({ bare, instance })
    }
  }
  const agents = await tenAgents(cluster, subjects)
  const operator = await operatorMemory(cluster)
  const figures = figuresOf(subjects, measured, agents, operator.rss)
  tell(figures)
  return figures
}

function pairsOf({ pairs = '5' }: Options): number {
  const count = Number(pairs)
  if (!Number.isInteger(count) || count < 1) throw new SetupError('--pairs takes a number, 1 or more')
  return count
}

/** A table for people. */
function tell(figures: Figures): void {
  const engines = Object.entries(figures.engines)
  const row = (cells: string[]) => cells.map((cell, i) => (i === 0 ? cell.padEnd(18) : cell.padStart(11))).join('')
  console.log(`
from apply until a tenant's pod has its first answer: medians of pairs, ms

${row(['engine', 'bare pod', 'Instance', 'difference', 'ratio'])}   of each pair`)
  for (const [engine, of] of engines)
    console.log(
      `${row([`${engine} ${of.version}`, `${of.bareMs}`, `${of.instanceMs}`, `${of.differenceMs}`, of.ratio.toFixed(2)])}   ${of.ratios.map(r => r.toFixed(2)).join(' ')}`,
    )
  const pss = megabytes(figures.agentPssMiB)
  console.log(`
the worst ratio: ${figures.ratio.toFixed(2)} (${goal(figures.ratio, goals.ratio)})
PSS of ten agents at rest, on average: ${pss.toFixed(1)} MB (${goal(pss, goals.agentPssMB)})
  by engine: ${engines.map(([engine, of]) => `${engine} ${megabytes(of.agentPssMiB).toFixed(1)}`).join(', ')}
RSS of the operator: ${megabytes(figures.operatorRssMiB).toFixed(1)} MB
`)
}

/** One file that the waiting pod runs, for it has Node and nothing else; packed, because a ConfigMap holds a mebibyte at most. */
async function bundledClient(engine: EngineName): Promise<Buffer> {
  const result = await build({
    stdin: {
      contents: `import { ask } from './ask/${bareOf(engine).ask}.ts'\nimport { untilAnswered } from './client.ts'\nvoid untilAnswered(ask)\n`,
      resolveDir: join(import.meta.dirname, 'ready'),
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minify: true,
    write: false,
    external: ['pg-native'],
  })
  return gzipSync(result.outputFiles[0]!.contents)
}

/** Applies one side while a client already waits in the namespace, and gives the milliseconds until that client had its answer. */
async function timed(
  cluster: Cluster,
  subject: Subject,
  side: keyof Pair,
  namespace: string,
  client: { image: string; program: Buffer },
): Promise<number> {
  const list = (items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items })
  // Not applied: that would keep the whole in an annotation, and it is too large for one.
  await kubectl(cluster, ['create', '-f', '-'], 60_000, list(waitingClient(namespace, client.image, client.program)))
  await kubectl(cluster, ['wait', '--for=condition=Ready', '--timeout=60s', '-n', namespace, 'pod/client'])
  await othersGone(cluster, namespace)
  await new Promise(resolve => setTimeout(resolve, 1_500))
  const objects = side === 'bare' ? bareObjects(namespace, subject) : instanceObjects(namespace, subject)
  const started = Date.now()
  await kubectl(cluster, ['apply', '-f', '-'], 60_000, list(objects))
  await kubectl(cluster, ['wait', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=180s', '-n', namespace, 'pod/client'], 190_000)
  const answered = Number((await kubectl(cluster, ['logs', '-n', namespace, 'client'])).trim())
  await kubectl(cluster, ['delete', 'namespace', namespace, '--wait=false'])
  return answered - started
}

/** What is still being removed takes from the next one's time, and a volume that is delays the next by a second. */
async function othersGone(cluster: Cluster, own?: string): Promise<void> {
  for (const until = performance.now() + 120_000; ; ) {
    const all = (await kubectl(cluster, ['get', 'persistentvolumes,namespaces', '-o', 'name'])).split('\n')
    const left = all.filter(name => /^persistentvolume\/|^namespace\/bench-/.test(name) && name !== `namespace/${own}`)
    if (left.length === 0) return
    if (performance.now() > until) throw new SetupError(`these are still there, remove them first: ${left.join(' ')}`)
    await new Promise(resolve => setTimeout(resolve, 500))
  }
}

/** Memory of the agents of ten Instances, of the engines in turn, that have been idle for a while. */
async function tenAgents(cluster: Cluster, subjects: readonly Subject[]): Promise<AgentMemory[]> {
  await othersGone(cluster)
  const namespace = 'bench-ten'
  const objects = Array.from({ length: 10 }, (_, i) => {
    const subject = subjects[i % subjects.length]!
    return instance(`${subject.engine}-${i}`, namespace, subject, smallFlavor)
  })
  const items = [namespaceObject(namespace), ...objects]
  await kubectl(cluster, ['apply', '-f', '-'], 60_000, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  await kubectl(cluster, ['wait', '--for=condition=Ready', '--timeout=300s', '-n', namespace, 'instances', '--all'], 310_000)
  await new Promise(resolve => setTimeout(resolve, 30_000))
  const memory = await agentMemory(cluster)
  if (memory.length !== 10) throw new SetupError(`${memory.length} agents run on the node, not ten: remove the other Instances first`)
  await kubectl(cluster, ['delete', 'namespace', namespace, '--timeout=240s'], 250_000)
  return memory
}
