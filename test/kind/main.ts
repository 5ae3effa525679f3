/** `npm run cluster -- [--name demo|test] up|down|status|load IMAGE…|kubeconfig|kubectl ARGS…` */
import { cacheRoot } from './cache.ts'
import { type Cluster, down, find, up } from './cluster.ts'
import { runAttached } from './command.ts'
import { engineOrigin } from './engine.ts'
import { provideImages } from './images.ts'
import { engineAnswers } from './machine.ts'
import { namesFor, thisCheckout, type Which } from './names.ts'
import { SetupError } from './setup-error.ts'
import { stepLog } from './steps.ts'

const usage = `usage: npm run cluster -- [--name demo|test] COMMAND
  up            bring the cluster up, building what is missing; does nothing if it is up
  down          remove the cluster; caches stay
  status        what is there and where
  load IMAGE…   put images of the Docker engine (or those built here, trove.local/…) onto the node
  kubeconfig    print the path of its kubeconfig
  kubectl ARGS  run kubectl against it`

const log = stepLog()

async function main(args: string[]): Promise<number> {
  let which: Which = 'demo'
  const takeName = () => {
    while (args[0] === '--name') {
      const name = args[1]
      if (name !== 'demo' && name !== 'test') throw new SetupError(`--name is demo or test, not ${name ?? 'nothing'}`)
      which = name
      args.splice(0, 2)
    }
  }
  takeName()
  const command = args.shift()
  takeName()
  switch (command) {
    case 'up': {
      const started = performance.now()
      const cluster = await up(which, log)
      console.log(`${cluster.name} is up (${((performance.now() - started) / 1000).toFixed(1)} s)`)
      return 0
    }
    case 'down':
      return await takeDown(which)
    case 'status':
      return await showStatus(which)
    case 'load':
      if (args.length === 0) throw new SetupError('load what? name at least one image')
      await provideImages(await mustFind(which), args, log)
      return 0
    case 'kubeconfig':
      console.log((await mustFind(which)).kubeconfig)
      return 0
    case 'kubectl': {
      const cluster = await mustFind(which)
      // No flag may stand before the name of a plugin.
      return await runAttached(cluster.kubectlPath, args, { KUBECONFIG: cluster.kubeconfig })
    }
    default:
      console.error(usage)
      return 2
  }
}

async function mustFind(which: Which): Promise<Cluster> {
  const cluster = await find(which)
  if (cluster === undefined)
    throw new SetupError(
      `the ${which} cluster is not up`,
      which === 'demo' ? 'npm run quickstart' : `npm run cluster -- --name ${which} up`,
    )
  return cluster
}

async function takeDown(which: Which): Promise<number> {
  const engine = await down(which, log)
  console.log(`${namesFor(thisCheckout(), which).cluster} is gone`)
  if (engine.stopped) console.log('the Docker engine, which this project had started, is stopped')
  else if (engine.because !== undefined) console.log(`the Docker engine goes on: ${engine.because}`)
  console.log(`kept: the build cache in ${cacheRoot()}, Go’s own caches (go env GOCACHE GOMODCACHE), installed packages`)
  return 0
}

async function showStatus(which: Which): Promise<number> {
  const names = namesFor(thisCheckout(), which)
  const cluster = await find(which)
  const rows: [string, string][] = [['cluster', `${names.cluster}: ${cluster === undefined ? 'not up' : 'up'}`]]
  if (await engineAnswers()) rows.push(['docker engine', engineOrigin()])
  if (cluster !== undefined) {
    const { stdout } = await cluster.kubectl(['get', 'nodes', '--no-headers'], { timeoutMs: 10_000 })
    rows.push(
      ['node', stdout.trim().replace(/\s+/g, ' ') || 'the API does not answer'],
      ['node image', cluster.registry ? 'kind’s own' : 'built here from Go modules and Debian packages'],
      [
        'NetworkPolicies',
        cluster.registry ? 'enforced by kind’s network plugin' : 'stored, NOT enforced: the node’s network is a plain bridge',
      ],
      ['kubeconfig', cluster.kubeconfig],
      ['audit log', cluster.auditLog],
    )
  }
  rows.push(['build cache', cacheRoot()])
  for (const [name, text] of rows) console.log(`${name.padEnd(16)} ${text}`)
  return cluster === undefined ? 1 : 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`\n${error.message}`)
  if (error.remedy !== undefined) console.error(`→ ${error.remedy}`)
  process.exitCode = 1
}
