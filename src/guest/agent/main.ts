/** The guest agent's process: reads its environment, wires things, and ends when the kubelet says so. All else is in agent.ts. */
// Before anything else is loaded: see there.
import './ending.ts'

import { guestEngines } from '../../engines/guest-engines.ts'
import { accessInCluster } from '../../kube/access.ts'
import { connect } from '../../kube/client.ts'
import { systemClock } from '../../runtime/clock.ts'
import { openCollection } from '../../runtime/collection.ts'
import { openLauncher } from '../launcher/client.ts'
import { Agent } from './agent.ts'
import { askedToEnd } from './ending.ts'
import { takeLeave } from './farewell.ts'
import { guests, openGuestApi } from './guest-api.ts'
import { serveHealth } from './health.ts'
import { openLog } from './log.ts'

/** Well within the grace that the kubelet has left us. */
const farewellMs = 2000

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`)
  return value
}

const namespace = required('TROVE_NAMESPACE')
const name = required('TROVE_GUEST')
const podUID = required('TROVE_POD_UID')
const version = process.env.TROVE_VERSION ?? 'unknown'
const log = openLog(process.env.LOG_LEVEL ?? 'info', { guest: name })

const ending = new AbortController()
const access = accessInCluster({
  mountDir: '/var/run/secrets/trove',
  host: required('KUBERNETES_SERVICE_HOST'),
  port: required('KUBERNETES_SERVICE_PORT'),
})
const client = connect(access, { userAgent: `trove-guest/${version}` })
const collection = openCollection(guests, { namespace, fieldSelector: `metadata.name=${name}` }, { client, log, clock: systemClock })

// A promise that nobody waited for is a mistake of ours, and none that a database should notice.
process.on('unhandledRejection', err => log.error({ err }, 'unhandled rejection'))

log.info({ version, podUID }, 'guest agent')
const agent = new Agent(
  {
    api: openGuestApi({ namespace, name }, collection, client),
    launcher: openLauncher('/trove'),
    engines: guestEngines,
    mounts: { data: '/data', trove: '/trove' },
    podUID,
    version,
    startedAt: systemClock.now(),
    clock: systemClock,
    log,
  },
  ending.signal,
)
serveHealth(8081, () => agent.alive, log)
const running = Promise.all([collection.run(ending.signal), agent.run()])
void askedToEnd.then(async signal => {
  log.info({ signal }, 'ending')
  await takeLeave(agent, running, ending, farewellMs)
  process.exit(0)
})
await running
