/**
 * When is a pod replaced? Only because it is gone, failed or evicted, or because the user asked for a restart or another version. Pure. Upgrading the operator
 * restarts no database: what a pod made today would have otherwise is told as RestartPending.
 */
import type { Guest } from '../../api/guest.ts'
import type { Draft } from '../../kube/objects.ts'
import type { Pod } from '../../kube/resource.ts'
import { annotations } from '../names.ts'
import type { Decided, Decision } from './decide.ts'
import { since } from './finding.ts'
import { isLeaving, isWell, type Observed, restartAsked, restartOf, wasCutShort } from './observed.ts'
import type { Action } from './plan.ts'
import { buildPod, type PodSettings } from './pod.ts'

/**
 * The whole of what becomes of a pod:
 *  - gone: another is made, on the same volume, once the old object is really gone;
 *  - failed, succeeded or evicted: it is deleted, and then it is gone; one that ended as soon as it was made rests first, or a node that
 *    refuses it would get the next at once;
 *  - ending: wait, however long; never force it (two engines on one volume);
 *  - made before the restart that the user asked for: it is deleted, and made for that one;
 *  - of another version than is to be next: it is deleted, once its engine can end in order where that matters;
 *  - anything else that differs, its labels apart: nothing (see `restartReasons`).
 */
export function planPod(
  o: Observed,
  guest: Guest,
  { engine }: Decided,
  settings: PodSettings,
  next?: Decision['next'],
): { actions: Action[] } {
  const { pod, claim, serviceAccount, networkPolicy } = o.side
  if (pod === undefined) {
    // Somebody deleted the Guest: it is let go now that nothing runs on it, and made anew from the claim's record.
    if (isLeaving(guest)) return { actions: [{ do: 'releaseGuest' }] }
    // It is fenced before it runs.
    if (serviceAccount === undefined || networkPolicy === undefined || claim === undefined || isLeaving(claim)) return { actions: [] }
    const draft = buildPod(guest, engine, settings, o.instance.spec.restartRequestedAt)
    return { actions: [{ do: 'createPod', draft: next?.waits && wasCutShort(o.side) ? withMissed(draft, next.decided.version) : draft }] }
  }
  if (isLeaving(pod)) return { actions: [] }
  const phase = pod.status?.phase
  if (phase === 'Failed' || phase === 'Succeeded') {
    if (restsForMs(o, pod) > 0) return { actions: [] }
    return { actions: [{ do: 'delete', kind: 'pod', why: pod.status?.reason ?? phase }] }
  }
  if (next !== undefined && (!next.waits || isWell(o.side))) {
    return { actions: [{ do: 'delete', kind: 'pod', why: `version ${next.decided.version} is to run` }] }
  }
  const asked = restartAsked(o.instance)
  if (asked === undefined || asked === restartOf(pod)) return { actions: [] }
  return { actions: [{ do: 'delete', kind: 'pod', why: 'the user asked for a restart' }] }
}

/** An engine that cannot end within its time would be ended for the version again and again. */
function withMissed(draft: Draft<Pod>, version: string): Draft<Pod> {
  const { metadata } = draft
  return { ...draft, metadata: { ...metadata, annotations: { ...metadata.annotations, [annotations.missedVersion]: version } } }
}

/** So old a pod must be before it is made again: at most one every ten seconds. */
const restMs = 10_000

/** How long a pod that has ended is still left as it is. */
export function restsForMs({ now }: Pick<Observed, 'now'>, pod: Pod): number {
  return Math.max(0, restMs - since(now, pod.metadata.creationTimestamp))
}

/** Why a pod made today would differ. Nothing is touched for it: the user is told, and asks for a restart when it suits. */
export function restartReasons(o: Observed, guest: Guest, { engine, offered }: Decided, settings: PodSettings): string[] {
  const { pod } = o.side
  const reasons: string[] = []
  if (offered !== undefined && offered.image !== guest.spec.image) reasons.push('the version has another image')
  if (engine.formulas !== guest.spec.configuration.formulas) reasons.push('the default settings have a new revision')
  const template = buildPod(guest, engine, settings).metadata.annotations?.[annotations.template]
  if (pod !== undefined && pod.metadata.annotations?.[annotations.template] !== template) reasons.push('the pod’s template has changed')
  return reasons
}
