/** etcd, the guest's half: how it is initialised, started, asked, and told of users. */
import type { GuestEngine } from '../guest-engine.ts'
import { logFault } from './log-fault.ts'
import { initialise, start } from './scripts.ts'
import { connect } from './session.ts'

export const etcd: GuestEngine = { engine: 'etcd', initialise, start, connect, logFault }
