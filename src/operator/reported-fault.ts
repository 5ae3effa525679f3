/** A fault that an agent reports, under our own registry. Reports are hostile input: a code that we do not have is never passed on as one of ours. */
import { type Fault, type FaultCode, fault } from '../errors.ts'
import { faults } from '../faults.ts'

/** `log` is what the engine itself said, where that is known. */
export function faultOfAgent(reported: { code?: string | undefined; message?: string | undefined }, log?: string): Fault {
  const { code = 'Internal', message = 'the agent gave no reason' } = reported
  if (!Object.hasOwn(faults, code)) {
    return fault('Internal', { what: `the agent reports the fault "${code}", unknown to this operator: ${message}` })
  }
  if (log !== undefined && code === 'EngineStartFailed') return fault(code, { log })
  if (log !== undefined && code === 'ConfigurationRefused') return fault(code, { why: log })
  const words = log === undefined ? message : `${message} The engine’s log: ${log}`
  const known = code as FaultCode
  return { code: known, heals: faults[known].heals, message: words.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').slice(0, 1000) }
}
