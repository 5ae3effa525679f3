/**
 * What must hold whatever happened, judged after each trial from what was asked (the journal), from what came of it (every version of every
 * object) and from what is inside the databases. Each oracle is part of a promise of docs/reliability.md. None of them knows the operator's code.
 */
import { shippedMemoryMiB } from '../shipped.ts'
import { isAnyWrite } from './journal.ts'
import type { Memory } from './operator.ts'
import {
  agreement,
  dropped,
  fenced,
  foreign,
  goneByPolicy,
  passwordsKept,
  podsReplaced,
  rootRecorded,
  told,
  twoPods,
  versionsMove,
} from './oracles-of-data.ts'
import { honestStatus, isJudged, sameCounts, sameEnd } from './oracles-of-outcome.ts'
import { bounded, impatient, oneLeader, ownWritesForgotten, unconditional, vainLists, vainWrites } from './oracles-of-requests.ts'
import type { Evidence } from './trial.ts'
import { applied, tell } from './witness.ts'

export interface Violation {
  oracle: string
  what: string
}

/** What a clean run of the workload came to. */
export interface Reference {
  end: string
  counts: string
  connections: number
  memory: Memory
}

export interface Expectation {
  /** The same end and the same counts; undefined where the fault itself leads elsewhere: there a step need not come to its end, if it is said why. */
  reference?: Reference
  /** The object, as counts name it, that somebody else took away or replaced: how often that one was made and deleted is not compared. */
  taken?: string
  /** Somebody else laid hands on what is left to a person: what went missing or wrong by that is not ours to answer for. */
  meddled: boolean
  /** More than one process: their connections are not compared. */
  replicas: number
  /** The server has lost its history, or its connections: then everything is listed anew. */
  relists: boolean
  /** Of which an event was lost, as `countsOf` names it. */
  unheard?: string
}

type Oracle = (e: Evidence, x: Expectation) => string[]

export function judge(evidence: Evidence, expectation: Expectation): Violation[] {
  return Object.entries<Oracle>(oracles).flatMap(([oracle, look]) => look(evidence, expectation).map(what => ({ oracle, what })))
}

export const oracles = {
  'it comes to rest': (e, { reference }) => (reference === undefined && isJudged(e) ? e.stuck.filter(s => !s.startsWith('step')) : e.stuck),
  'the end is the clean run’s': sameEnd,
  'each object is made and deleted as often as in the clean run': sameCounts,
  'a start finds nothing to do': e => {
    const writes = e.journal.filter(x => isAnyWrite(x) && x.life > e.lives)
    return writes.map(x => `after a restart: ${tell(x)} ${JSON.stringify(x.body)}`)
  },
  'deletions name a UID': e =>
    applied(e)
      .filter(x => x.verb === 'delete' && x.body?.preconditions?.uid === undefined)
      .map(tell),
  'changes name the object that they mean': unconditional,
  'nothing is written without a change': vainWrites,
  'its own writes are known to it': ownWritesForgotten,
  'lists are not asked for in vain': vainLists,
  'volumes and passwords go by policy alone': goneByPolicy,
  'a pod is replaced only for a reason': podsReplaced,
  'never two pods on one volume': twoPods,
  'a version moves between two pods': versionsMove,
  'everything of ours is fenced by the finalizer': fenced,
  'a password never changes': passwordsKept,
  'engine, Secret and binding agree': agreement,
  'that root was on is on record, and its Secret goes first': rootRecorded,
  'databases are dropped only where it was asked for': dropped,
  'status is never ahead of what is so': honestStatus,
  'nothing foreign is touched': foreign,
  'no secret is told': told,
  'retries are bounded': bounded,
  'a server that asks for time is given it': impatient,
  'one leader at a time': oneLeader,
  'connections and memory return to where they were': baseline,
} satisfies Record<string, Oracle>

function baseline(e: Evidence, { reference, replicas }: Expectation): string[] {
  if (reference === undefined || replicas > 1) return []
  const wrong: string[] = []
  if (e.connections > reference.connections + 10) wrong.push(`${e.connections} connections, ${reference.connections} in the clean run`)
  if (e.memory.nowMiB > reference.memory.nowMiB * 1.5)
    wrong.push(`${e.memory.nowMiB.toFixed(0)} MiB, ${reference.memory.nowMiB.toFixed(0)} in the clean run`)
  if (e.memory.peakMiB > shippedMemoryMiB) wrong.push(`${e.memory.peakMiB.toFixed(0)} MiB meanwhile; the pod may have ${shippedMemoryMiB}`)
  return wrong
}
