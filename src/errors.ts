/**
 * Every failure that a person can meet, once: its code, what happened, what to do, where it shows, and the test tier that provokes its cause.
 * The code is used alike as condition reason, Event reason, log field and docs anchor (docs/reference/faults.md is generated from here).
 * Messages never carry a secret: their parameters are names, sizes and codes.
 */
import { type FaultCode, faults } from './faults.ts'

/** Where a fault is seen: refused at `kubectl apply`, in a condition, in the Instance's phase and fault, in an Event on the Instance alone, or in a log line of the operator or of a guest's agent. */
export type Surface = 'refused at apply' | 'condition' | 'phase ERROR' | 'Event' | 'operator log' | 'guest agent log'

export interface FaultEntry<P> {
  /** What happened, as a sentence without a full stop at its end. */
  readonly says: (params: P) => string
  /** What to do about it, as a sentence without a full stop at its end. */
  readonly advice: string
  readonly shows: Surface
  /** The tier of the tests that name this fault: integration and e2e provoke its cause, unit may only judge a table of observations. */
  readonly provokedIn: 'unit' | 'integration' | 'e2e'
  /** true: the system is waiting or retrying by itself (Reconciling); false: a person or another object must change first (Stalled). */
  readonly heals: boolean
  /** What is missing may be applied together with what names it, and come a moment later: until then it is waited for (Reconciling). */
  readonly mayYetCome?: true
}

export type { FaultCode } from './faults.ts'
export type FaultParams<C extends FaultCode> = Parameters<(typeof faults)[C]['says']>[0]

/** A fault as a value: what conditions, Events and Instance.status.fault are made of. */
export interface Fault {
  readonly code: FaultCode
  readonly message: string
  readonly heals: boolean
}

/** A fault thrown: carries its code, and the unknown error beneath it as `cause`. */
export class TroveError extends Error {
  readonly fault: Fault
  constructor(fault: Fault, options?: { cause?: unknown }) {
    super(`${fault.code}: ${fault.message}`, options)
    this.name = 'TroveError'
    this.fault = fault
  }
}

/** Makes the fault of that code. `throw new TroveError(fault(...))` where control must leave, a plain value where it is a result. */
export function fault<C extends FaultCode>(code: C, params: FaultParams<C>): Fault {
  const entry = faults[code] as unknown as FaultEntry<FaultParams<C>>
  return { code, message: bounded(`${entry.says(params)}. ${entry.advice}.`), heals: entry.heals }
}

/** Of a condition's reason. */
export function mayYetCome(reason: string): boolean {
  return (faults as Record<string, { mayYetCome?: true }>)[reason]?.mayYetCome ?? false
}

/** Conditions and Events bound their messages; a fault's parameters may come from a hostile place. */
function bounded(message: string): string {
  const clean = message.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ')
  return clean.length <= 1000 ? clean : `${clean.slice(0, 999)}…`
}
