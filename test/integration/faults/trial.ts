/**
 * One trial: a workload from its first step to its last under one fault, and everything that was seen of it. The fault acts between the operator
 * and the API server; the people, the node and the record are beyond its reach.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { KubeObject } from '../../../src/kube/objects.ts'
import { type FakeNode, startFakeNode } from '../operator/fake-node.ts'
import type { Bed } from './bed.ts'
import { startControlPlane } from './control-plane.ts'
import { type Engine, openEngines } from './engine.ts'
import type { View } from './history.ts'
import { type Exchange, isAnyWrite } from './journal.ts'
import { isCompared, maskedText } from './masks.ts'
import type { Memory } from './operator.ts'
import { type Fault, openUpstream, type Upstream } from './proxy.ts'
import { type Random, randomFrom } from './random.ts'
import { type Replica, startReplica } from './replica.ts'
import { catalogOf, handsOf, isCounted, type Stage } from './stage.ts'
import { isStarted } from './started.ts'
import { sweep } from './sweep.ts'
import type { Workload } from './workload.ts'

/** What a fault can do beside changing what passes through the proxy. */
export interface Controls {
  stage: Stage
  upstream: Upstream
  journal: readonly Exchange[]
  /** Of the moment at which each step began, so far. */
  boundaries: readonly number[]
  random: Random
  /** Kills the operator at once; another starts a little later. */
  crash(o?: { skewMs?: number }): Promise<void>
  /** Stops the operator where it is, until it is woken up. */
  stop(): void
  wake(): void
  /** Breaks every connection that the operator has. */
  cut(): void
  /** The fault has taken place. */
  hit(): void
  /** The fault could not do what it was to do: there was no trial. */
  failed(error: unknown): void
}

export interface Armed extends Fault {
  /** A step is about to begin. */
  onStep?(step: number): Promise<unknown> | undefined
  /** The last step has come to its end, or will not. The fault is over. */
  disarm?(): Promise<unknown> | undefined
}

export interface TrialOptions {
  workload: Workload
  seed: string
  /** Nothing: all goes well. */
  arm?: (controls: Controls) => Armed
  /** How long a step, and the end, may take while nothing changes. */
  patienceMs: number
  /** The end that it must come to; whatever it comes to if not given. */
  end?: string
  /** No write for so long is called quiet. */
  quietMs: number
  /** Whether the operator is started once more at the end, to see that it finds nothing to do. */
  startAgain: boolean
  /** Another operator than the bed's. */
  program?: string
  /** With two there is an election; the fault meets only the first, which leads. Default 1. */
  replicas?: 1 | 2
}

/** Where in the journal, and in the history, what was given ends: so many requests were made, and this was the last resourceVersion. */
export interface Begun {
  step: number
  n: number
  at: number
}

export interface Evidence {
  id: string
  journal: Exchange[]
  view: View
  engines: Map<string, Engine>
  boundaries: number[]
  /** When the workload's own steps began. */
  begun: Begun
  /** What was waited for in vain. */
  stuck: string[]
  /** Whether the fault took place. */
  hit: boolean
  /** Masked, of everything there is at the end. */
  end: string
  /** How many processes there were by the end, one after another. Those beyond were started to see that they find nothing to do. */
  lives: number
  /** How long it took. */
  ms: number
  /** Everything that the operators printed. */
  output: string
  /** Connections held at the end. */
  connections: number
  memory: Memory
}

/** With what must come about under every fault: what is given, and rest at the end. */
const leastPatienceMs = 30_000

/** Whether it does, on however slow a machine: patience begins anew with whatever changes, for three times as long at most. */
async function comesAbout(view: View, test: () => boolean, patienceMs: number): Promise<boolean> {
  const changes = () => view.versions.filter(v => v.resource !== 'leases' && v.resource !== 'events').length
  for (let looks = 0, still = 0; looks < 12 && still < 4; looks++) {
    const before = changes()
    if (await view.until(test, patienceMs / 4)) return true
    still = changes() === before ? still + 1 : 0
  }
  return false
}

/** Watched in all namespaces, and in a trial there is one. */
const tenantKinds = new Set(['instances', 'configurationgroups', 'databases', 'databaseusers'])

export async function runTrial(bed: Bed, o: TrialOptions): Promise<Evidence> {
  const id = bed.nextId()
  const random = randomFrom(`${o.seed} pace`)
  const pace = () => pause(random.below(8))
  const tenant = `t-${id}`
  const guests = `g-${id}`
  const catalog = { datastore: `pg-${id}`, version: `pg-17-${id}`, flavor: `small-${id}` }
  const isMine = ({ metadata: { namespace, name } }: KubeObject) =>
    namespace === tenant ||
    namespace === guests ||
    ((namespace === undefined || namespace === 'default') && name.split('.')[0]!.endsWith(id))
  const only: Record<string, string> = {
    datastores: `metadata.name=${catalog.datastore}`,
    datastoreversions: `spec.datastoreRef.name=${catalog.datastore}`,
    flavors: `metadata.name=${catalog.flavor}`,
  }
  const narrow = ({ resource }: Exchange, path: string): string => {
    if (tenantKinds.has(resource)) return path.replace(`/${resource}?`, `/namespaces/${tenant}/${resource}?`)
    return only[resource] === undefined ? path : `${path}&fieldSelector=${encodeURIComponent(only[resource])}`
  }
  const view = bed.history.view(isMine)
  const engines = openEngines()
  const journal: Exchange[] = []
  const boundaries: number[] = []
  const stuck: string[] = []
  const { given = [] } = o.workload
  const first = given.length
  const begun: Begun = { step: first, n: 0, at: 0 }
  const began = performance.now()
  const closing: (() => Promise<unknown> | unknown)[] = []
  const upstream = openUpstream(bed.access)
  const proxied = { upstream, journal, now: () => performance.now() - began, isMine, narrow }

  try {
    const hands = handsOf(bed.client, view, tenant)
    const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
    await hands.make(namespace(tenant), namespace(guests), ...catalogOf(catalog), ...bystanders(tenant, guests))
    const node: FakeNode = await startFakeNode(bed.access, { namespace: guests, pace, heard: engines.hear })
    const controlPlane = startControlPlane({ client: bed.client, upstream, view, pace })
    closing.unshift(
      () => node.stop(),
      () => controlPlane.stop(),
    )

    const replicas: Replica[] = []
    const start = async (who: string) => {
      const replica = await startReplica(
        {
          program: o.program ?? bed.program,
          guestsNamespace: guests,
          agentImage: 'trove.test/agent:1',
          self: { namespace: guests, name: who, uid: who },
          leaderElection: o.replicas === 2,
        },
        { ...proxied, who },
      )
      replicas.unshift(replica)
      closing.unshift(replica.end)
      return replica
    }
    const operator = await start('operator')
    if (o.replicas === 2) {
      await view.until(() => view.list('leases').length > 0, o.patienceMs)
      await start('standby')
    }

    const stage: Stage = {
      id,
      tenant,
      guests,
      catalog,
      view,
      engines,
      node,
      ...hands,
      async restartOperator(change) {
        for (const replica of replicas) {
          await replica.restart(change, 0)
          await replica.settled()
        }
      },
    }
    let hit = o.arm === undefined
    const failures: unknown[] = []
    const controls: Controls = {
      stage,
      upstream,
      journal,
      boundaries,
      random,
      crash: (change = {}) => operator.restart(change, 50 + random.below(200)),
      stop: operator.stop,
      wake: operator.wake,
      cut: operator.proxy.cut,
      hit: () => {
        hit = true
      },
      failed: error => failures.push(error),
    }
    const writes = () => journal.filter(isAnyWrite).length
    const quiet = async (forMs: number) => {
      const deadline = performance.now() + Math.max(leastPatienceMs, o.patienceMs)
      for (let before = writes(); ; before = writes()) {
        await pause(forMs)
        if (writes() === before) return true
        if (performance.now() > deadline) return false
      }
    }
    let armed: Armed = {}
    for (const [i, step] of [...given, ...o.workload.steps].entries()) {
      if (i === first) {
        if (first > 0) await view.until(() => isCounted({ view }), Math.max(leastPatienceMs, o.patienceMs))
        if (first > 0) await quiet(300)
        Object.assign(begun, { n: journal.length, at: view.versions.at(-1)?.at ?? 0 })
        armed = o.arm?.(controls) ?? {}
        operator.proxy.fault = armed
      }
      boundaries.push(view.versions.at(-1)?.at ?? 0)
      await armed.onStep?.(i)
      await step.act(stage)
      // What is given comes before the fault, and comes to its end however little is hoped for after it.
      const patienceMs = i < first ? Math.max(leastPatienceMs, o.patienceMs) : o.patienceMs
      const since = performance.now()
      if (!(await comesAbout(view, () => step.until(stage), patienceMs))) {
        stuck.push(`step ${i + 1} (${step.does}) did not come to its end in ${Math.round(performance.now() - since)} ms`)
        break
      }
    }
    await armed.disarm?.()
    operator.proxy.fault = {}
    await operator.settled()
    if (failures.length > 0) throw failures[0]

    const endNow = () => endOf(view, id)
    if (o.end !== undefined && stuck.length === 0) await comesAbout(view, () => endNow() === o.end, o.patienceMs)
    if (!(await quiet(o.quietMs))) stuck.push('it never came to rest')
    const end = endNow()
    const connections = operator.proxy.open()
    const memory = operator.memory()

    // A start with no memory finds nothing to do.
    const lives = operator.proxy.life
    if (o.startAgain) {
      await operator.restart({}, 0)
      await operator.settled()
      if (!(await isStarted(journal, operator.proxy.life))) stuck.push('it did not start again: not all of its watches were opened')
      if (!(await quiet(o.quietMs))) stuck.push('it never came to rest after a restart')
    }
    return {
      id,
      journal,
      view,
      engines: engines.all,
      boundaries,
      begun,
      stuck,
      hit,
      end,
      lives,
      output: replicas.map(r => r.output()).join(''),
      connections,
      memory,
      ms: performance.now() - began,
    }
  } finally {
    for (const close of closing) await close()
    // What is swept away is no longer part of the trial.
    view.close()
    await sweep(upstream, view, [tenant, guests])
    upstream.close()
  }
}

/** Everything there is, as text: equal in every run that went well. */
export function endOf(view: View, id: string): string {
  const kinds = [...new Set(view.versions.map(v => v.resource))].filter(isCompared).sort()
  return kinds
    .flatMap(plural => view.list(plural).map(object => maskedText(object, id)))
    .sort()
    .join('\n')
}

/** What others have beside ours; none of it may be touched. */
function bystanders(tenant: string, guests: string) {
  const labels = { 'app.kubernetes.io/managed-by': 'somebody' }
  const data = { key: 'dmFsdWU=' }
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bystander', namespace: tenant, labels }, type: 'Opaque', data },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bystander', namespace: guests, labels }, type: 'Opaque', data },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'bystander', namespace: tenant, labels },
      spec: { type: 'ExternalName', externalName: 'elsewhere.example' },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'bystander', namespace: guests, labels },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  ]
}
