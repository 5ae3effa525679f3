/** Reads what the agent says of the configuration. Pure. A running database that has not taken it is as good as it was: that is told, and no more. */
import { type Fault, fault } from '../../errors.ts'
import { lacks } from '../guest-view.ts'
import { faultOfAgent } from '../reported-fault.ts'
import { pickFromLog } from './engine-log.ts'
import { type Finding, fine } from './finding.ts'
import { believed, type Observed } from './observed.ts'

const type = 'ConfigurationApplied'

/** `note` is why the operator does not ask for all that it should. A `fault` is found only as long as what is asked for is on its way: Ready is said once all is in force that can be without an interruption. */
export function judgeConfiguration(o: Observed, note?: Fault): Finding {
  const { guest } = o.side
  const wanted = guest?.spec.configuration.hash
  const reported = believed(o.side)?.configuration
  if (reported === undefined) {
    return {
      said: {
        type,
        status: 'Unknown',
        reason: 'NotReported',
        message: 'it is not known what is in force: the engine does not answer yet, or a change is being undone',
      },
    }
  }
  const outdated = guest && lacks(guest, 'configuration')
  if (outdated !== undefined && reported.hash !== wanted) {
    return { said: { type, status: 'False', reason: outdated.code, message: outdated.message } }
  }
  if (reported.fault !== undefined) {
    const engine = guest && o.engines[guest.spec.engine]
    const words = engine && pickFromLog(o.inquired.refusalLog ?? '', engine)
    const { code: reason, message } = faultOfAgent(reported.fault, words)
    return { said: { type, status: 'False', reason, message } }
  }
  if (note !== undefined) return { said: { type, status: 'False', reason: note.code, message: note.message } }
  if (reported.hash !== wanted) {
    const applying = fault('Provisioning', { step: 'the configuration is being brought into force' })
    return { said: { type, status: 'False', reason: applying.code, message: applying.message }, fault: applying }
  }
  const waiting = reported.restartRequired ?? []
  if (waiting.length === 0) return fine(type, 'Applied', 'the engine runs with the configuration asked for')
  const message = `${waiting.join(', ').slice(0, 700)}: in force at the next restart. Set spec.restartRequestedAt to a new value to have it now; nothing restarts by itself`
  return { said: { type, status: 'False', reason: 'RestartRequired', message } }
}
