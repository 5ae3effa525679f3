/** The operator's process: reads its settings, puts the parts together, and runs until it is told to end. The only place that reads the environment. */
import { Gauge } from 'prom-client'
import { launcherScript } from '../engines/launcher-script.ts'
import { operatorEngines } from '../engines/operator-engines.ts'
import { TroveError } from '../errors.ts'
import { accessFromKubeconfig, accessInCluster } from '../kube/access.ts'
import { connect } from '../kube/client.ts'
import { systemClock } from '../runtime/clock.ts'
import { openRecorder } from '../runtime/events.ts'
import { serveHealth } from '../runtime/health.ts'
import { openLog } from '../runtime/log.ts'
import { createManager } from '../runtime/manager.ts'
import { openMetrics } from '../runtime/metrics.ts'
import { openCollections } from './collections.ts'
import { controllersOf } from './controllers.ts'
import { planNow } from './fleet/reconcile.ts'
import { openStopwatch } from './fleet/stopwatch.ts'
import { openLogReader } from './instance/log-reader.ts'
import { isOrphan } from './orphan/reconcile.ts'
import { parseSettings, type Settings } from './settings.ts'

async function main(settings: Settings): Promise<void> {
  const log = openLog({ level: settings.logLevel })
  const end = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info({ signal: name }, 'ending')
      end.abort(new Error(`${name} received`))
    })
  }

  const { access, self } = settings
  const client = connect('kubeconfig' in access ? await accessFromKubeconfig(access.kubeconfig) : accessInCluster(access), {
    userAgent: 'trove-operator',
  })
  const metrics = openMetrics()
  const lease = { namespace: self.namespace, name: 'trove-operator', identity: self.uid }
  const manager = createManager({ client, log, metrics, lastWords: () => recorder.flush(), ...(settings.leaderElection && { lease }) })
  const silence = new AbortController()
  const recorder = openRecorder({
    client: manager.client,
    log,
    clock: systemClock,
    controller: 'trove.dev/operator',
    instance: self.name,
    signal: silence.signal,
  })

  const collections = openCollections(manager, settings)
  const world = {
    client,
    writer: manager.client,
    collections,
    clock: systemClock,
    recorder,
    logs: openLogReader({ client, namespace: settings.guestsNamespace, clock: systemClock }),
    engines: operatorEngines,
    pod: { agentImage: settings.agentImage, launcher: launcherScript() },
    guestsNamespace: settings.guestsNamespace,
    clusterDomain: settings.clusterDomain,
    bindingResyncMs: settings.bindingResyncMs,
    agentRollMs: settings.agentRollMs,
  }
  for (const controller of controllersOf(world)) manager.controller(controller)
  new Gauge({
    name: 'trove_orphaned_guests',
    help: 'Guests whose Instance is gone without having been deleted',
    registers: [metrics.registry],
    collect() {
      this.set(manager.leads() ? collections.guests.list().filter(guest => isOrphan(guest, collections)).length : 0)
    },
  })

  new Gauge({
    name: 'trove_agent_roll',
    help: 'Agents that have yet to get the image of this release, that are away for it, and that came back with it; stopped is 1 while an agent that did not come back stops the roll',
    labelNames: ['state'],
    registers: [metrics.registry],
    collect() {
      const { counts, stoppedBy } = planNow(world, openStopwatch(world.clock), 0)
      const states = { ...counts, stopped: stoppedBy === undefined ? 0 : 1 }
      for (const [state, value] of Object.entries(states)) this.set({ state }, manager.leads() ? value : 0)
    },
  })

  const health = await serveHealth({
    port: settings.healthPort,
    healthy: manager.healthy,
    ready: manager.ready,
    metrics: () => metrics.registry.metrics(),
  })
  log.info({ port: health.port, guestsNamespace: settings.guestsNamespace }, 'starting')
  try {
    await manager.run(end.signal)
    log.info({}, 'ended')
  } catch (error) {
    const code = error instanceof TroveError ? error.fault.code : 'Internal'
    log.error({ err: error, code }, 'ended by a failure')
    process.exitCode = 1
  } finally {
    silence.abort(new Error('ended'))
    await health.close()
    await client.close()
  }
}

await main(parseSettings(process.env))
