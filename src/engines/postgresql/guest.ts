/** PostgreSQL, the guest's half: how it is initialised, started, asked, and told of databases and users. */
import type { GuestEngine } from '../guest-engine.ts'
import { logFault } from './log-fault.ts'
import { initialise, start } from './scripts.ts'
import { connect } from './session.ts'

export const postgresql: GuestEngine = { engine: 'postgresql', initialise, start, connect, logFault }
