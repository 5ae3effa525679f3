/**
 * `npm run quickstart`: from a fresh clone to a database that a tenant's pod has written to and read from. Every step says what it does and
 * how long it took; a repeat skips what is done. `npm run quickstart -- --down` undoes it.
 */
import { join } from 'node:path'
import { type Cluster, up } from './cluster.ts'
import { runAttached } from './command.ts'
import { engineImage } from './images.ts'
import { install, kubectl } from './install.ts'
import { thisCheckout } from './names.ts'
import { SetupError } from './setup-error.ts'
import { stepLog } from './steps.ts'
import { tenantPod } from './tenant.ts'

const log = stepLog()
const sample = join(thisCheckout(), 'deploy', 'samples', 'postgresql.yaml')

async function quickstart(): Promise<void> {
  const cluster = await up('demo', log)
  await install(cluster, log)
  await log.step('apply deploy/samples/postgresql.yaml', () => kubectl(cluster, ['apply', '--filename', sample]))
  await log.step('wait until the Instance is ACTIVE and HEALTHY', () => becomesReady(cluster))
  await log.step('wait for the Secret app-credentials', () => hasCredentials(cluster))
  const row = await log.step('connect as a tenant: a pod in namespace demo writes a row and reads it', () =>
    asTenant(cluster, engineImage(cluster, 'postgresql:17')),
  )
  log.note(`it read: ${row}`)
  console.log(`\n$ kubectl get instances,databases,databaseusers -n demo\n`)
  console.log(await kubectl(cluster, ['get', 'instances,databases,databaseusers', '--namespace=demo']))
  console.log(`docs/quickstart.md says how to connect, and what to try next. Or begin with

  npm run --silent cluster -- kubectl describe instance orders -n demo
  npm run --silent cluster -- kubectl explain instances.trove.dev.spec

npm run quickstart -- --down takes it all away again.`)
}

async function becomesReady(cluster: Cluster): Promise<void> {
  for (const [resource, name] of [
    ['instance', 'orders'],
    ['database', 'shop'],
    ['databaseuser', 'app'],
  ] as const) {
    const outcome = await cluster.kubectl(['wait', '--for=condition=Ready', '--timeout=300s', '--namespace=demo', `${resource}/${name}`], {
      timeoutMs: 310_000,
    })
    if (outcome.code === 0) continue
    const said = await cluster.kubectl(['get', resource, name, '--namespace=demo', '--output=wide'])
    throw new SetupError(
      `${resource} ${name} is not Ready:\n${said.stdout}${outcome.stderr}`,
      `npm run cluster -- kubectl describe ${resource} ${name} -n demo`,
    )
  }
  const status = await kubectl(cluster, [
    'get',
    'instance',
    'orders',
    '--namespace=demo',
    '--output=jsonpath={.status.phase}/{.status.operatingStatus}',
  ])
  // Somebody may have tried settings on it.
  if (!/^(ACTIVE|RESTART_REQUIRED)\/HEALTHY$/.test(status))
    throw new SetupError(`instance orders is Ready but ${status}, not ACTIVE/HEALTHY`)
}

/** Somebody may have deleted it, as the guide invites people to. */
async function hasCredentials(cluster: Cluster): Promise<void> {
  const wait = ['wait', '--for=create', '--timeout=400s', '--namespace=demo', 'secret/app-credentials']
  const outcome = await cluster.kubectl(wait, { timeoutMs: 410_000 })
  if (outcome.code === 0) return
  throw new SetupError(
    `Secret app-credentials does not come: ${outcome.stderr}`,
    'npm run cluster -- kubectl describe databaseuser app -n demo',
  )
}

async function asTenant(cluster: Cluster, image: string): Promise<string> {
  const statements = `create table if not exists visits (at timestamptz default now(), who text); insert into visits (who) values ('a tenant'); select count(*) || ' visit(s), the last by ' || max(who) from visits`
  const pod = tenantPod({
    name: 'tenant',
    namespace: 'demo',
    image,
    secret: 'app-credentials',
    script: `PGOPTIONS=--client-min-messages=warning psql -v ON_ERROR_STOP=1 -qtAc "${statements}"`,
  })
  await cluster.kubectl(['delete', 'pod', 'tenant', '--namespace=demo', '--ignore-not-found', '--now'])
  await kubectl(cluster, ['create', '--filename=-'], 30_000, JSON.stringify(pod))
  const outcome = await cluster.kubectl(
    ['wait', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=120s', '--namespace=demo', 'pod/tenant'],
    { timeoutMs: 130_000 },
  )
  const said = await cluster.kubectl(['logs', 'tenant', '--namespace=demo'])
  if (outcome.code !== 0) {
    throw new SetupError(
      `the tenant's pod did not succeed: ${said.stdout}${said.stderr}`,
      'npm run cluster -- kubectl describe pod tenant -n demo',
    )
  }
  await kubectl(cluster, ['delete', 'pod', 'tenant', '--namespace=demo', '--now'])
  return said.stdout.trim()
}

const args = process.argv.slice(2)
try {
  if (args.some(arg => arg !== '--down'))
    throw new SetupError(`the quickstart takes no ${args.join(' ')}`, 'npm run quickstart, and npm run quickstart -- --down to undo it')
  if (args.includes('--down')) process.exitCode = await runAttached(process.execPath, [join(import.meta.dirname, 'main.ts'), 'down'])
  else await quickstart()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`\n${error.message}`)
  if (error.remedy !== undefined) console.error(`→ ${error.remedy}`)
  process.exitCode = 1
}
