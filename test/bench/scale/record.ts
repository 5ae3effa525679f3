/**
 * The operator's own journal of one Instance among several that are made at once, as a template for any number of others: its writes, what each
 * of them could not have been made without, and how far the node had come by then.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../../../src/api/database.ts'
import type { DatabaseUser } from '../../../src/api/databaseuser.ts'
import type { KubeObject } from '../../../src/kube/objects.ts'
import type { Resource } from '../../../src/kube/resource.ts'
import { databases, databaseusers } from '../../../src/operator/resources.ts'
import { recorded } from '../../integration/faults/history.ts'
import { type Exchange, isWrite, wasApplied } from '../../integration/faults/journal.ts'
import { kubeconfigText } from '../../integration/faults/operator.ts'
import { type Proxy as Between, openProxy, openUpstream } from '../../integration/faults/proxy.ts'
import { percentile } from '../statistics.ts'
import { aDatabase, aUser, type Bed, namesOf, never } from './bed.ts'
import { guestsNamespace, tenant } from './names.ts'
import { caughtUp, startOperator } from './program.ts'
import { type Level, levelOf, nothingYet, type Step, templateOf } from './template.ts'

export interface Recording {
  steps: Step[]
  /** Of all Instances recorded, the writes of each. */
  counts: number[]
  /** To have a Database, and a DatabaseUser, once the Instance is ACTIVE. */
  database: string[]
  databaseUser: string[]
  /** Writes that changed nothing, of the first Instance and what it has. */
  needless: string[]
}

/** So many at once that the operator is as busy as in a burst, and few enough that the proxy does not set the pace. */
const crowd = 40

const tell = (x: Exchange) => `${x.verb} ${x.resource}${x.subresource === undefined ? '' : `/${x.subresource}`} ${x.name ?? ''}`

export async function record(bed: Bed): Promise<Recording> {
  const dir = await mkdtemp(join(tmpdir(), 'scale-record-'))
  const journal: Exchange[] = []
  const began = performance.now()
  const now = () => performance.now() - began
  const upstream = openUpstream(bed.server.access)
  const proxy = await openProxy({ who: 'operator', upstream, journal, now, isMine: () => true, narrow: (_, path) => path })
  const kubeconfig = join(dir, 'kubeconfig')
  await writeFile(kubeconfig, kubeconfigText(proxy.url))
  const operator = await startOperator({ program: bed.program, kubeconfig })
  try {
    await caughtUp(operator, 0)
    await settled(journal)
    // One alone, to be looked at write by write.
    const needless = await watched(proxy, upstream, async () => {
      await one(bed, 'alone')
      await settled(journal)
    })
    const from = journal.length
    const database = await writesOf(journal, () => made(bed, 'databases'))
    const databaseUser = await writesOf(journal, () => made(bed, 'databaseusers'))
    const levels = followLevels(proxy)
    const crowdFrom = journal.length
    const names = namesOf(crowd, 'r')
    await bed.create(names)
    await bed.active(names)
    await settled(journal)
    const writes = journal.slice(crowdFrom).filter(x => (isWrite(x) || x.resource === 'events') && wasApplied(x))
    const byInstance = names.map(name => {
      const { uid } = bed.instances.get(`${tenant}/${name}`)!.metadata
      return { name, uid, writes: writes.filter(x => belongs(x, name)) }
    })
    const counts = byInstance.map(i => i.writes.filter(isWrite).length)
    const usual = percentile(counts, 50)
    const chosen = byInstance.find(i => i.writes.filter(isWrite).length === usual)!
    const steps = templateOf(chosen.name, chosen.writes, x => levels.at(x))
    return { steps, counts, database, databaseUser, needless: [...needless, ...noChange(journal.slice(from))] }
  } finally {
    await operator.kill()
    await proxy.close()
    upstream.close()
    await rm(dir, { recursive: true, force: true })
    await bed.wipe()
  }

  async function one(bed: Bed, name: string) {
    await bed.create([name])
    await bed.active([name])
  }
}

/** Its name is that of the object, or begins that of a Guest or an Event. */
const belongs = ({ name = '' }: Exchange, instance: string) =>
  name === instance || name.startsWith(`${instance}-`) || name.startsWith(`${instance}.`)

async function made(bed: Bed, kind: 'databases' | 'databaseusers') {
  const r = kind === 'databases' ? databases : databaseusers
  const draft = kind === 'databases' ? aDatabase('shop', 'alone') : aUser('app', 'alone')
  await bed.client.create(r as Resource<KubeObject>, draft, { signal: never })
  for (;;) {
    const found = await bed.client.get<Database | DatabaseUser>(r as Resource<never>, draft.metadata, { signal: never })
    const { conditions = [] } = found.status ?? {}
    if (conditions.some(c => c.type === 'Ready' && c.status === 'True')) return
    await pause(20)
  }
}

async function writesOf(journal: Exchange[], work: () => Promise<void>): Promise<string[]> {
  const from = journal.length
  await work()
  await settled(journal)
  return journal.slice(from).filter(isWrite).map(tell)
}

/** Nothing was written for a second. */
async function settled(journal: readonly Exchange[]): Promise<void> {
  for (let last = -1; ; ) {
    const count = journal.filter(x => x.verb !== 'watch').length
    if (count === last) return
    last = count
    await pause(1000)
  }
}

/** Asks before each write what version the object has, and names the writes after which it is the same. */
async function watched(proxy: Between, upstream: ReturnType<typeof openUpstream>, work: () => Promise<void>): Promise<string[]> {
  const before = new Map<Exchange, string | undefined>()
  const needless: string[] = []
  const versionOf = async (x: Exchange): Promise<string | undefined> => {
    const resource = recorded.find(r => r.plural === x.resource)
    if (resource === undefined || x.name === undefined || x.verb === 'create') return undefined
    const group = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
    const within = x.namespace === undefined ? '' : `/namespaces/${x.namespace}`
    const { status, body } = await upstream.text('GET', `${group}${within}/${resource.plural}/${x.name}`)
    return status === 200 ? (JSON.parse(body) as { metadata: { resourceVersion: string } }).metadata.resourceVersion : undefined
  }
  proxy.fault = {
    async before(x) {
      if (isWrite(x)) before.set(x, await versionOf(x))
      return undefined
    },
    after(x) {
      const was = before.get(x)
      if (was !== undefined && x.answer?.metadata?.resourceVersion === was) needless.push(tell(x))
      return undefined
    },
  }
  await work()
  proxy.fault = {}
  return needless
}

/** Two writes of one object that were answered with the same version. */
function noChange(journal: readonly Exchange[]): string[] {
  const seen = new Set<string>()
  return journal.filter(isWrite).flatMap(x => {
    const { uid, resourceVersion } = x.answer?.metadata ?? {}
    if (uid === undefined || resourceVersion === undefined) return []
    const version = `${uid} ${resourceVersion}`
    if (seen.has(version)) return [tell(x)]
    seen.add(version)
    return []
  })
}

/** Reads off the watches what the operator had been told of the node's doings when it made each write. */
function followLevels(proxy: Between): { at(x: Exchange): Level } {
  const now = new Map<string, Level>()
  const then = new Map<Exchange, Level>()
  proxy.fault = {
    before(x) {
      if (!isWrite(x) && x.resource !== 'events') return undefined
      // Whatever bears the Instance's name in the guests' namespace bears the same one.
      const stem = (x.name ?? '').split('.')[0]!
      const key = [...now.keys()].find(name => name === stem || name.replace(/-[0-9a-f]{8}$/, '') === stem)
      then.set(x, { ...nothingYet, ...(key === undefined ? {} : now.get(key)) })
      return undefined
    },
    line(_, line) {
      const { namespace, name } = line.object.metadata
      if (namespace === guestsNamespace) now.set(name, levelOf(line.object, now.get(name) ?? nothingYet))
      return undefined
    },
  }
  return { at: x => then.get(x) ?? nothingYet }
}
