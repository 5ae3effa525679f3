/**
 * Decides which agents get the wanted image next, and which are put back. Pure. In each tenant and in the fleet as a whole no more agents are away
 * at once than have come back with the wanted image, but always one: so first one goes, then a few, then all. The first that worked before and does
 * not come back in time is put back and marked, and as long as a pod bears that mark no other agent is touched.
 */
import type { Member } from './member.ts'
import type { Asked } from './stopwatch.ts'

export interface FleetInput {
  /** The image that every agent is to have. */
  wanted: string
  /** How long an agent may stay away. */
  deadlineMs: number
  /** How long this process has been looking. Nobody is late to somebody who has only just come, for what he knows may be old. */
  watchedMs: number
  /** Of each: how long ago it was told to change its image or, if it never was, was made. */
  asked: (m: Member) => Asked
}

export type FleetAction = { do: 'roll'; member: Member; from: string } | { do: 'putBack'; member: Member; to: string }

export interface FleetPlan {
  actions: FleetAction[]
  /** Agents that have yet to get the wanted image, that are away for it, and that came back with it. */
  counts: { pending: number; away: number; rolled: number }
  /** The pod whose mark stops the roll. */
  stoppedBy?: Member
  /** Look again after so long, for time alone will change the plan. */
  againMs?: number
}

/** At once, however many have come back. */
export const mostAway = 20

/** A process that has only just begun to lead waits so long before it calls an agent late or takes it for silent: an agent may pause for as long between attempts to report. */
const patienceMs = 60_000

export function planFleet(members: readonly Member[], o: FleetInput): FleetPlan {
  const states = members
    .filter(m => !m.leaving)
    .map(m => ({ m, state: stateOf(m, o) }))
    .sort((a, b) => (a.m.key < b.m.key ? -1 : 1))
  const those = (...kinds: State['kind'][]) => states.filter(s => kinds.includes(s.state.kind)).map(s => s.m)
  const stoppedBy = stopOf(members, o.wanted)
  const late = those('late')
  const stops = stoppedBy !== undefined || late.some(m => m.image === o.wanted)
  const instead = stoppedBy && (stoppedBy.recorded ?? stoppedBy.image)
  const actions: FleetAction[] = [
    ...late.map((member): FleetAction => ({ do: 'putBack', member, to: member.roll!.from })),
    // Made with the image before it was known to be no good.
    ...(instead === undefined || instead === o.wanted
      ? []
      : those('overdue').map((member): FleetAction => ({ do: 'putBack', member, to: instead }))),
    ...(stops ? [] : next(those)),
  ]
  const waits = states.flatMap(({ state }) => ('againMs' in state && worthWaiting(state, stops) ? [state.againMs] : []))
  return {
    actions,
    counts: {
      pending: those('ready', 'unclear', 'silent').length,
      away: those('away', 'late').length,
      rolled: those('rolled').length,
    },
    ...(stoppedBy !== undefined && { stoppedBy }),
    ...(waits.length > 0 && { againMs: Math.min(...waits) + 100 }),
  }
}

/** Who may be next matters while the roll goes on, and who was made with a bad image once it has stopped. */
const worthWaiting = ({ kind }: State, stops: boolean) => (kind === 'unclear' ? !stops : kind === 'starting' ? stops : true)

/** The one whose mark forbids the image: the first of them by name. */
export const stopOf = (members: readonly Member[], wanted: string): Member | undefined =>
  members.filter(m => m.refused === wanted).sort((a, b) => (a.key < b.key ? -1 : 1))[0]

type State =
  /** Has another image than the wanted one, and works: it may be next. */
  | { kind: 'ready' }
  /** The same, but whether it works will only be clear later. */
  | { kind: 'unclear'; againMs: number }
  /** The same, but it does not work: it comes last, and its staying away says nothing against the image. */
  | { kind: 'silent' }
  /** Its image was changed, and it has not come back yet. */
  | { kind: 'away'; againMs: number }
  /** It worked before and did not come back in time. */
  | { kind: 'late' }
  /** It did not work before and does not now: nobody waits for it. */
  | { kind: 'lost' }
  /** It came back with the wanted image. */
  | { kind: 'rolled' }
  /** Its pod was made with the wanted image. */
  | { kind: 'made' }
  /** The same, and its agent has not been seen at work yet. */
  | { kind: 'starting'; againMs: number }
  | { kind: 'overdue' }

function stateOf(m: Member, o: FleetInput): State {
  const back = m.recorded === m.image || m.seen.kind === 'works'
  if (m.roll !== undefined && !back) {
    const lateInMs = leftMs(m, o)
    if (m.seen.kind === 'settling') return { kind: 'away', againMs: m.seen.remainingMs }
    if (lateInMs > 0) return { kind: 'away', againMs: lateInMs }
    if (m.roll.worked) return { kind: 'late' }
    if (m.image === o.wanted) return { kind: 'lost' }
  }
  if (m.image !== o.wanted) {
    if (m.health.kind === 'unclear') return { kind: 'unclear', againMs: m.health.remainingMs }
    if (m.health.kind === 'silent' && o.watchedMs < patienceMs) return { kind: 'unclear', againMs: patienceMs - o.watchedMs }
    return { kind: m.health.kind }
  }
  if (m.roll !== undefined) return { kind: 'rolled' }
  if (back) return { kind: 'made' }
  const left = leftMs(m, o)
  return left > 0 ? { kind: 'starting', againMs: left } : { kind: 'overdue' }
}

/** Until it is late. */
function leftMs(m: Member, { asked, deadlineMs }: FleetInput): number {
  const { elapsedMs, seenMs } = asked(m)
  return Math.max(deadlineMs - elapsedMs, Math.min(deadlineMs, patienceMs) - seenMs, 0)
}

/** Whose turn it is: those that work first, by tenant and name. */
function next(those: (...kinds: State['kind'][]) => Member[]): FleetAction[] {
  const ready = those('ready')
  const candidates = ready.length > 0 ? ready : those('silent')
  const away = those('away', 'late')
  const back = those('rolled')
  const room = (of: (m: Member) => boolean) => Math.min(mostAway, Math.max(1, back.filter(of).length)) - away.filter(of).length
  let roomInFleet = room(() => true)
  const roomInTenant = new Map<string, number>()
  const chosen: FleetAction[] = []
  for (const member of candidates) {
    if (roomInFleet <= 0) break
    const { tenant } = member
    const here = roomInTenant.get(tenant) ?? room(m => m.tenant === tenant)
    if (here > 0) {
      // One that is away for another image keeps what worked before that.
      chosen.push({ do: 'roll', member, from: member.recorded ?? member.roll?.from ?? member.image })
      roomInFleet -= 1
    }
    roomInTenant.set(tenant, here > 0 ? here - 1 : here)
  }
  return chosen
}
