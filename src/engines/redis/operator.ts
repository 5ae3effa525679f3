/** Redis and Valkey, the operator's half: port, limits, rendered configuration, what names are allowed, and how an application is told where to connect. Pure. */
import type { EngineName } from '../../api/datastore.ts'
import { fault } from '../../errors.ts'
import type { OperatorEngine } from '../operator-engine.ts'
import type { Catalogues } from '../parameters/catalogue.ts'
import { anyNewer } from '../upgrade-path.ts'
import { connectionUri } from '../uri.ts'
import { defaults, enforced, render } from './configuration.ts'
import { logFault } from './log-fault.ts'
import { checkUser } from './names.ts'
import { port } from './port.ts'
import { redisParameters, valkeyParameters } from './rules/parameters.ts'

const engineOf = (engine: EngineName, parameters: Catalogues): OperatorEngine => ({
  engine,
  ports: [{ name: 'redis', port, exposed: true }],
  capabilities: { databases: false, users: true, root: true },
  formulas: 1,
  minimumMemory: 64 * 1024 * 1024,
  user: { uid: 999, gid: 999 },
  parameters,
  enforced,
  defaults,
  render,
  // Each reads the files of every one before it.
  refusesUpgrade: anyNewer,
  checkDatabase: () => fault('NotSupported', { engine, capability: 'databases' }),
  checkUser,
  // Clients of both know the one scheme; of valkey:// only some do.
  bindingUri: input => connectionUri('redis', input),
  logFault,
})

export const redis = engineOf('redis', redisParameters)
export const valkey = engineOf('valkey', valkeyParameters)
