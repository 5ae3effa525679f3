/** etcd, the operator's half: port, limits, rendered configuration, what names are allowed, and how an application is told where to connect. Pure. */
import { fault } from '../../errors.ts'
import type { OperatorEngine } from '../operator-engine.ts'
import { connectionUri } from '../uri.ts'
import { defaults, enforced, render } from './configuration.ts'
import { logFault } from './log-fault.ts'
import { checkUser } from './names.ts'
import { etcdParameters } from './rules/parameters.ts'

export const etcd: OperatorEngine = {
  engine: 'etcd',
  ports: [{ name: 'etcd', port: 2379, exposed: true }],
  capabilities: { databases: false, users: true, root: false },
  formulas: 1,
  minimumMemory: 128 * 1024 * 1024,
  user: { uid: 999, gid: 999 },
  refusesUpgrade: () => 'nobody has tried that with etcd here yet',
  parameters: etcdParameters,
  enforced,
  defaults,
  render,
  checkDatabase: () => fault('NotSupported', { engine: 'etcd', capability: 'databases' }),
  checkUser,
  bindingUri: input => connectionUri('http', input),
  logFault,
}
