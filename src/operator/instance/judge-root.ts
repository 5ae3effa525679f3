/** Reads what became of root. Pure. Said only where root is asked for, or on its way out; what keeps it away is told, and takes nothing from the database. */
import type { Instance, InstanceStatus } from '../../api/instance.ts'
import { type Fault, fault } from '../../errors.ts'
import { timestamp } from '../conditions.ts'
import { lacks } from '../guest-view.ts'
import { rootBindingName } from '../names.ts'
import { faultOfAgent } from '../reported-fault.ts'
import { type Finding, fine } from './finding.ts'
import type { Observed } from './observed.ts'
import { hasRoot, wantsRoot } from './root.ts'

const type = 'RootEnabled'

/** Whether it was said of the Instance as it is now that root is let in. */
export const stoodEnabled = ({ metadata, status }: Instance): boolean =>
  status?.conditions?.some(c => c.type === type && c.status === 'True' && c.observedGeneration === metadata.generation) ?? false

const told = (status: 'True' | 'False', { code: reason, message }: Fault): Finding => ({ said: { type, status, reason, message } })
/** `fault` is there only as long as what is asked for is on its way. */
const onItsWay = (status: 'True' | 'False', step: string): Finding => {
  const moving = fault('Provisioning', { step })
  return { ...told(status, moving), fault: moving }
}

export function judgeRoot(o: Observed): Finding | undefined {
  const { instance, side } = o
  const { guest } = side
  if (guest === undefined) return undefined
  const engine = o.engines[guest.spec.engine]
  if (!wantsRoot(instance, engine)) {
    const isAskedInVain = instance.spec.rootEnabled === true && engine !== undefined
    return isAskedInVain ? told('False', fault('NotSupported', { engine: engine.engine, capability: 'spec.rootEnabled' })) : judgeGoing(o)
  }
  const { root } = guest.spec
  const reported = guest.status?.root
  if (root?.ensure === 'Present' && reported?.passwordRevision === root.passwordRevision && reported.state === 'Failed') {
    return told('False', faultOfAgent(reported))
  }
  const outdated = lacks(guest, 'root')
  if (outdated !== undefined && !hasRoot(guest)) return told('False', outdated)
  if (root?.ensure === 'Present' && side.secret?.data?.[root.passwordRevision] === undefined) {
    return told('False', fault('CredentialsLost', { user: 'root' }))
  }
  const binding = o.inquired.rootBinding
  if (hasRoot(guest) && binding !== undefined && binding !== 'shown') return told('False', binding)
  // Neither an agent that begins anew nor a Secret that could not be read makes what was true less so.
  const stands = stoodEnabled(instance) && (reported === undefined || hasRoot(guest))
  if (binding === 'shown' || stands) {
    return fine(type, 'Enabled', `login "root" works with the credentials in Secret "${rootBindingName(instance)}"`)
  }
  return onItsWay('False', 'root is being enabled')
}

/** Until the engine says so, root may still come in. */
function judgeGoing({ instance, side: { guest } }: Observed): Finding | undefined {
  const { root } = guest?.spec ?? {}
  const reported = guest?.status?.root
  if (guest === undefined || root === undefined) return undefined
  const isOfThis = root.ensure === 'Absent' && reported?.passwordRevision === root.passwordRevision
  if (isOfThis && reported.state === 'Absent') return undefined
  if (instance.status?.root?.enabled !== true && !hasRoot(guest)) return undefined
  if (isOfThis && reported.state === 'Failed') return told('True', faultOfAgent(reported))
  const outdated = lacks(guest, 'root')
  return outdated === undefined ? onItsWay('True', 'root is being disabled') : told('True', outdated)
}

/** What is so, and has been since when. Of one that was never enabled nothing is said. */
export function rootFacts({ instance, side: { guest }, inquired, now }: Observed): Pick<InstanceStatus, 'root'> {
  const before = instance.status?.root
  const state = guest?.status?.root?.state
  if (before === undefined && state !== 'Ready') return {}
  const name = rootBindingName(instance)
  const isBound = inquired.rootBinding === 'shown' || (before?.binding !== undefined && guest?.spec.root?.ensure !== 'Absent')
  return {
    root: {
      enabled: state === 'Ready' || (state !== 'Absent' && (before?.enabled ?? false)),
      firstEnabledAt: before?.firstEnabledAt ?? timestamp(now),
      ...(isBound && { binding: { name } }),
    },
  }
}
