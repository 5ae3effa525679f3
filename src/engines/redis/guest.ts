/** Redis and Valkey, the guest's half: how they are initialised, started, asked, and told of users. In what the two differ is said here. */
import type { EngineName } from '../../api/datastore.ts'
import type { GuestEngine } from '../guest-engine.ts'
import { logFault } from './log-fault.ts'
import { initialise, start } from './scripts.ts'
import { connect } from './session.ts'

const engineOf = (engine: EngineName, server: 'redis-server' | 'valkey-server'): GuestEngine => ({
  engine,
  initialise,
  start: paths => start(server, paths),
  connect: (paths, signal) => connect(engine, paths, signal),
  logFault,
})

export const redis = engineOf('redis', 'redis-server')
export const valkey = engineOf('valkey', 'valkey-server')
