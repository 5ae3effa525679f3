/**
 * The conductor. Pure: everything observed of one Instance in, its status out. This is the only way from what a guest reports to what a tenant
 * reads. No hidden state: phases follow from what is there, so an operator that starts with no memory says the same.
 */
import type { Guest } from '../../api/guest.ts'
import type { InstanceStatus, OperatingStatus, Phase } from '../../api/instance.ts'
import { type Fault, fault } from '../../errors.ts'
import { faults } from '../../faults.ts'
import { mergeConditions, notReady, patienceLeftMs, ready, type Said, timestamp } from '../conditions.ts'
import { lacks } from '../guest-view.ts'
import { addressOf, annotations } from '../names.ts'
import { judgeDurability } from './durability.ts'
import { type Finding, since } from './finding.ts'
import { judgeConfiguration } from './judge-configuration.ts'
import { type EngineFinding, judgeEngine } from './judge-engine.ts'
import { judgePod } from './judge-pod.ts'
import { judgeRoot, rootFacts } from './judge-root.ts'
import { judgeVolume } from './judge-volume.ts'
import { believed, initialisedClaimOf, isLeaving, type Observed, restartOf, wasInitialised } from './observed.ts'
import { type Plan, volumeLost } from './plan.ts'

export interface Report {
  status: InstanceStatus
  /** What stands between the Instance and ACTIVE: a fault, or the step that it is at. */
  stands?: Fault
  requeueAfterMs?: number
  /** So long this need not be said yet: what stands is over in a moment, and one write less. */
  momentMs?: number
}

/** Steps on the way, as opposed to faults that somebody should look at. */
export const progress: ReadonlySet<string> = new Set(['Provisioning', 'PodTerminating', 'PodLost', 'InstanceNotReady', 'Deleting'])
export const isProgress = (f: Fault) => progress.has(f.code)

/** Tried again after so long where nothing that we watch would tell. */
const retryMs = 10_000

/** `refused` is what carrying out the plan ran into. */
export function conduct(o: Observed, plan: Plan, refused: readonly Fault[]): Report {
  const volumeNote = plan.volumeNote ?? refused.find(f => f.code === 'VolumeGrowthRefused')
  const volume = judgeVolume(o, volumeLost(o), volumeNote)
  const pod = judgePod(o)
  const engine = judgeEngine(o)
  const configuration = judgeConfiguration(o, plan.configurationNote)
  const root = judgeRoot(o)
  const findings = [volume, pod, engine, configuration, ...(root === undefined ? [] : [root])]
  const stands = worst(
    o,
    plan,
    refused.find(f => f !== volumeNote),
    findings,
  )

  const aspects: Said[] = findings.map(f => f.said)
  const reduced = judgeDurability(o)
  if (reduced !== undefined) aspects.push(reduced)
  if (plan.restartPending.length > 0) aspects.push(restartPending(plan.restartPending))
  const headline = stands === undefined ? [ready('Active', 'the database answers')] : notReady(stands, engineUnknown(stands))
  const said = isLeaving(o.instance) || o.side.guest === undefined ? headline : [...headline, ...aspects]

  const waits = [volume, pod, engine, plan].flatMap(f => (f.againMs === undefined ? [] : [f.againMs]))
  // A namespace that ends takes nothing more, however often it is asked.
  if (refused.some(f => f.code !== 'NamespaceTerminating') || volumeNote !== undefined || plan.fault?.code === 'NameCollision')
    waits.push(retryMs)
  const { rootBinding } = o.inquired
  if (rootBinding !== undefined && rootBinding !== 'shown' && rootBinding.code !== 'NamespaceTerminating') waits.push(retryMs)
  const at = { generation: o.instance.metadata.generation ?? 0, now: o.now }
  const conditions = mergeConditions(o.instance.status?.conditions, said, at)
  const patience = patienceLeftMs(conditions, o.now)
  if (patience !== undefined) waits.push(patience)
  const operatingStatus = isLeaving(o.instance) || endedUnseen(pod, engine) ? 'SHUTDOWN' : engine.operatingStatus
  return {
    status: {
      ...facts(o, plan),
      phase: phaseOf(o, plan, stands, operatingStatus),
      operatingStatus,
      ...(stands !== undefined && !isProgress(stands) && { fault: faultSince(o, stands) }),
      conditions,
    },
    ...(stands !== undefined && { stands }),
    ...(stands !== undefined && [configuration.fault, root?.fault].includes(stands) && momentFor(o)),
    ...(waits.length > 0 && { requeueAfterMs: Math.min(...waits) }),
  }
}

const momentMs = 2000

/** From when the guest was asked. */
function momentFor({ now, side: { guest } }: Observed): { momentMs?: number } {
  const age = since(now, guest?.metadata.annotations?.[annotations.askedAt])
  return age < momentMs ? { momentMs: momentMs - age } : {}
}

/** The container went with the engine in it, and the agent's last word is still that it was well. */
const endedUnseen = (pod: Finding, engine: EngineFinding) => pod.fault !== undefined && engine.operatingStatus === 'HEALTHY'

/**
 * What was planned against first, then faults in the order in which a start goes, then the first step that is not done. Of a database that is well
 * otherwise, why it does not have the version asked for.
 */
function worst(o: Observed, plan: Plan, refused: Fault | undefined, findings: readonly Finding[]): Fault | undefined {
  const planned = plan.fault ?? refused
  if (isLeaving(o.instance)) {
    const lost = findings.find(f => f.fault?.code === 'NodeLost')?.fault
    return lost ?? planned
  }
  if (planned !== undefined) return planned
  // Whoever wants to go back is answered first; what is wrong with the new version stands in its own condition.
  if (plan.change !== undefined && plan.refusal !== undefined) return plan.refusal
  const found = findings.flatMap(f => (f.fault === undefined ? [] : [f.fault]))
  const first = found.find(f => !isProgress(f)) ?? found[0]
  if (first !== undefined) return first
  if (o.tenantService === undefined) return fault('Provisioning', { step: 'the address is being made' })
  // What was Ready is never made anew, so that its volume was initialised must be on record first.
  if (initialisedClaimOf(o) === undefined) return fault('Provisioning', { step: 'the volume is being put on record' })
  if (plan.change === undefined) return plan.refusal
  const { from, to } = plan.change
  const outdated = o.side.guest && lacks(o.side.guest, 'upgrade')
  return outdated ?? fault('Provisioning', { step: `the version is being changed from ${from} to ${to}` })
}

const engineUnknown = (stands: Fault) => (stands.code === 'GuestSilent' ? 'Unknown' : 'False')

function phaseOf(o: Observed, { change }: Plan, stands: Fault | undefined, operating: OperatingStatus): Phase {
  if (isLeaving(o.instance)) return 'SHUTDOWN'
  const waiting = believed(o.side)?.configuration?.restartRequired ?? []
  if (stands === undefined) return waiting.length > 0 ? 'RESTART_REQUIRED' : 'ACTIVE'
  if (faults[stands.code].shows === 'phase ERROR') return 'ERROR'
  if (change !== undefined) return 'UPGRADE'
  if (operating === 'HEALTHY') return 'ACTIVE'
  if (!wasInitialised(o)) return 'BUILD'
  return stands.code === 'GuestSilent' ? 'ACTIVE' : 'REBOOT'
}

const restartPending = (reasons: readonly string[]): Said => ({
  type: 'RestartPending',
  status: 'True',
  reason: 'RestartPending',
  message: `${reasons.join('; ')}. Set spec.restartRequestedAt to a new value to take it up; nothing restarts by itself.`,
})

function faultSince({ instance, now }: Observed, stands: Fault): NonNullable<InstanceStatus['fault']> {
  const before = instance.status?.fault
  return { code: stands.code, message: stands.message, at: before?.code === stands.code ? before.at : timestamp(now) }
}

/** Until the engine answers with another version, the former one is what the Instance has. */
function datastoreOf({ spec: { datastore: type, version, upgradeFrom } }: Guest, change: Plan['change']): InstanceStatus['datastore'] {
  const has = upgradeFrom ?? version
  // On the way back its pod may still be moving the data to the new one: that version is not let go.
  const to = change?.to === has && upgradeFrom !== undefined ? version : change?.to
  return { type, version: has, ...(to !== undefined && to !== has && { upgradingTo: to }) }
}

/** What is simply so, good or bad. */
function facts(o: Observed, { change }: Plan): InstanceStatus {
  const { guest, claim, pod } = o.side
  const before: InstanceStatus = o.instance.status ?? {}
  const report = believed(o.side)
  const engine = guest === undefined ? undefined : o.engines[guest.spec.engine]
  const port = engine?.ports.find(p => p.exposed)?.port
  const { hash, restartRequired } = report?.configuration ?? {}
  const claimUID = initialisedClaimOf(o)
  // A restart is carried out once a pod made for it reports.
  const { restartRequestedAt: asked } = o.instance.spec
  const done = pod !== undefined && report !== undefined && restartOf(pod) === asked
  const restarted = (done ? asked : undefined) ?? before.lastRestartRequestedAt
  const size = claim?.status?.capacity?.storage
  const used = report?.volume?.usedPercent
  return {
    observedGeneration: o.instance.metadata.generation ?? 0,
    ...(guest !== undefined
      ? { datastore: datastoreOf(guest, change) }
      : before.datastore !== undefined && { datastore: before.datastore }),
    ...(o.tenantService !== undefined && { address: addressOf(o.instance), ...(port !== undefined && { port }) }),
    ...(claim === undefined && before.volume?.claimUID !== undefined && { volume: before.volume }),
    ...(claim !== undefined && {
      volume: {
        claim: claim.metadata.name,
        ...(claimUID !== undefined && { claimUID }),
        ...(size !== undefined && { size }),
        // Before there is anything of ours on it, it is not how full our volume is.
        ...(used !== undefined && claimUID !== undefined && { used: `${used}%` }),
      },
    }),
    ...(hash !== undefined && { configuration: { hash, ...(restartRequired !== undefined && { restartRequired }) } }),
    ...rootFacts(o),
    ...(restarted !== undefined && { lastRestartRequestedAt: restarted }),
  }
}
