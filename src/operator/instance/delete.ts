/**
 * Decides the next step of an Instance's deletion. Pure. The pod ends first and is gone before anything else is touched; then volume and
 * Secret by the deletion policy, with everything that served the pod; then the Guest; last the Instance's own finalizer. Each step finds by
 * looking how far it came, from BUILD as from ACTIVE. What bears another Instance's UID is never touched.
 */
import { type Fault, fault } from '../../errors.ts'
import { finalizers, labels } from '../names.ts'
import { type GuestSide, isLeaving, isOurs, type Observed } from './observed.ts'
import type { Action, Plan } from './plan.ts'

export function planDeletion(o: Observed): Plan {
  const { instance } = o
  if (!instance.metadata.finalizers?.includes(finalizers.instance)) return step([], undefined)
  const ours = own(o)

  if (ours.pod !== undefined) {
    const actions: Action[] = isLeaving(ours.pod) ? [] : [{ do: 'delete', kind: 'pod', why: 'the Instance is deleted' }]
    return step(actions, `pod "${ours.pod.metadata.name}" stops its engine and ends`)
  }

  const data = instance.spec.deletionPolicy === 'Retain' ? retain(ours) : remove(ours, ['claim', 'secret'])
  const served = remove(ours, ['serviceAccount', 'role', 'roleBinding', 'service', 'networkPolicy'])
  const address: Action[] =
    o.tenantService === undefined || isLeaving(o.tenantService)
      ? []
      : [{ do: 'delete', kind: 'tenantService', why: 'the Instance is deleted' }]
  const dataGone = instance.spec.deletionPolicy === 'Retain' ? data.length === 0 : ours.claim === undefined && ours.secret === undefined
  if (!dataGone) return step([...data, ...served, ...address], 'the volume and the credentials go')

  const { guest } = ours
  if (guest !== undefined) {
    const actions: Action[] = isLeaving(guest)
      ? guest.metadata.finalizers?.includes(finalizers.guest)
        ? [{ do: 'releaseGuest' }]
        : []
      : [{ do: 'delete', kind: 'guest', why: 'the Instance is deleted' }]
    return step([...actions, ...served, ...address], 'the guest goes')
  }
  const left = [ours.serviceAccount, ours.role, ours.roleBinding, ours.service, ours.networkPolicy, o.tenantService].filter(
    x => x !== undefined,
  )
  if (left.length > 0) return step([...served, ...address], `${left.map(x => x.kind).join(', ')} ${left.length === 1 ? 'goes' : 'go'}`)
  return step([{ do: 'removeFinalizer' }], 'the last step')
}

const step = (actions: Action[], name: string | undefined): Plan => {
  const stands: Fault | undefined = name === undefined ? undefined : fault('Deleting', { step: name })
  return { actions, restartPending: [], ...(stands !== undefined && { fault: stands }) }
}

const own = (o: Observed): GuestSide => Object.fromEntries(Object.entries(o.side).filter(([, object]) => isOurs(o, object)))

function remove(ours: GuestSide, kinds: readonly (keyof GuestSide)[]): Action[] {
  return kinds
    .filter(kind => ours[kind] !== undefined && !isLeaving(ours[kind]))
    .map(kind => ({ do: 'delete', kind, why: 'the Instance is deleted' }))
}

function retain(ours: GuestSide): Action[] {
  const kinds = ['claim', 'secret'] as const
  return kinds
    .filter(kind => ours[kind] !== undefined && ours[kind].metadata.labels?.[labels.retained] !== 'true')
    .map(kind => ({ do: 'retain', kind }))
}
