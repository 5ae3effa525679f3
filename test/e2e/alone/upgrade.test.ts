/** The operator upgraded by a second build with another pod template and other default formulas: no database is restarted, agents follow, and each Instance says that it waits for a restart. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { operatorImage } from '../../kind/images/operator.ts'
import { applyOperator } from '../../kind/install.ts'
import { thisCheckout } from '../../kind/names.ts'
import { stepLog } from '../../kind/steps.ts'
import { binding, clientPod, psql } from '../client.ts'
import { database, instance, user } from '../objects.ts'
import { settings } from '../setup.ts'
import { apply, becomes, cluster, condition, get, guestOf, kubectl, ready, tenant, until } from '../world.ts'

/** A copy of the sources with changes that a real release could bring. A change that finds nothing to change is a broken test. */
function variant(): string {
  const folder = join(thisCheckout(), '.trove', 'variant')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(thisCheckout(), 'src'), join(folder, 'src'), { recursive: true })
  const change = (file: string, from: RegExp, to: string) => {
    const path = join(folder, 'src', file)
    const text = readFileSync(path, 'utf8')
    const changed = text.replace(from, to)
    if (changed === text) throw new Error(`${file} has nothing that matches ${from}`)
    writeFileSync(path, changed)
  }
  change('operator/instance/pod.ts', /terminationGracePeriodSeconds: \d+/, 'terminationGracePeriodSeconds: 240')
  change('engines/postgresql/operator.ts', /formulas: \d+/, 'formulas: 1000')
  change('engines/postgresql/configuration.ts', /max_wal_size: '\d+MB'/, "max_wal_size: '640MB'")
  return folder
}

test('no engine is restarted by an upgrade; the new template and formulas come with the restart that the user asks for', async () => {
  const c = await cluster()
  const log = stepLog()
  const { ns } = await tenant('upgrade')
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await clientPod(ns)
  const app = await binding('app', ns)
  const before = await psql(ns, app, 'select pg_postmaster_start_time()')

  const deployment = await get('deployment', 'trove-operator', 'trove-system')
  const current: string = deployment.spec.template.spec.containers[0].image
  onTestFinished(() => applyOperator(c, current, log, settings))
  const next = await operatorImage({ registry: c.registry, log, source: variant() })
  expect(next).not.toBe(current)
  await c.load([next])
  await applyOperator(c, next, log, settings)

  const db = await becomes('instance', 'db', ns, 'RestartPending', 'True', 60_000)
  for (const word of ['template', 'settings']) expect(condition(db, 'RestartPending')?.message).toContain(word)
  expect(condition(db, 'Ready')?.status).toBe('True')
  await new Promise(resolve => setTimeout(resolve, 5_000))
  expect(await psql(ns, app, 'select pg_postmaster_start_time()')).toBe(before)
  expect(await psql(ns, app, 'show max_wal_size')).not.toBe('640MB')
  // The agent alone is of the new release: it follows by itself.
  const guest = await guestOf('db', ns)
  const working = async () => (await get('guests.trove.dev', guest, 'trove-guests')).metadata.annotations?.['trove.dev/agent-image']
  await until('the agent has followed', async () => (await working()) === next, 90_000)
  expect(await psql(ns, app, 'select pg_postmaster_start_time()')).toBe(before)
  expect(condition(await get('instance', 'db', ns), 'Ready')?.status).toBe('True')

  // A pod that is lost comes back with the recorded image and formulas, and with the new template.
  await kubectl(['delete', 'pod', guest, '-n', 'trove-guests'])
  await until('the new template is there', async () => (await get('pod', guest, 'trove-guests')).spec.terminationGracePeriodSeconds === 240)
  await ready('db', ns)
  expect(await until('it answers', () => psql(ns, app, 'show max_wal_size'))).not.toBe('640MB')

  const at = new Date().toISOString()
  await apply(instance('db', ns, { restartRequestedAt: at }))
  await until('it was restarted', async () => (await get('instance', 'db', ns)).status.lastRestartRequestedAt === at, 90_000)
  await ready('db', ns)
  expect(await until('it answers', () => psql(ns, app, 'show max_wal_size'))).toBe('640MB')
  expect(condition(await get('instance', 'db', ns), 'RestartPending')).toBeUndefined()
})
