/** Ten real Instances with one group, on the test cluster: how long until all of them run with a change of it. */
import { setTimeout as pause } from 'node:timers/promises'
import { up } from '../../kind/cluster.ts'
import { install, kubectl } from '../../kind/install.ts'
import { stepLog } from '../../kind/steps.ts'

const namespace = 'bench-configuration'
const names = Array.from({ length: 10 }, (_, i) => `db-${i}`)
const trove = (kind: string, name: string, spec: object, more: object = { namespace }) => ({
  apiVersion: 'trove.dev/v1alpha1',
  kind,
  metadata: { name, ...more },
  spec,
})

export async function tenReal(): Promise<number> {
  const log = stepLog()
  const cluster = await up('test', log)
  await install(cluster, log)
  const run = (args: string[], ms = 60_000, input?: string) => kubectl(cluster, args, ms, input)
  const apply = (...objects: object[]) =>
    run(['apply', '-f', '-'], 60_000, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  const group = (work_mem: string) => trove('ConfigurationGroup', 'settings', { datastore: { type: 'postgresql' }, values: { work_mem } })
  const applied = async () => {
    const found = JSON.parse(await run(['get', 'configurationgroup', 'settings', '-n', namespace, '-o', 'json']))
    return found.status?.observedGeneration === found.metadata.generation && found.status.instances.applied === names.length
  }
  const until = async (test: () => Promise<boolean>, ms: number) => {
    for (const late = performance.now() + ms; !(await test()); await pause(100))
      if (performance.now() > late) throw new Error(`not within ${ms / 1000} s`)
  }
  try {
    await apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
      trove('Flavor', 'bench-configuration', { cpu: '100m', memory: '256Mi' }, {}),
      group('8MB'),
      ...names.map(name =>
        trove('Instance', name, {
          datastore: { type: 'postgresql' },
          flavorRef: { name: 'bench-configuration' },
          volume: { size: '1Gi' },
          configurationRef: { name: 'settings' },
        }),
      ),
    )
    await until(applied, 300_000)
    const began = performance.now()
    await apply(group('12MB'))
    await until(applied, 120_000)
    return (performance.now() - began) / 1000
  } finally {
    await run(['delete', 'namespace', namespace, '--timeout=120s'], 130_000)
    await run(['delete', 'flavors.trove.dev', 'bench-configuration', '--wait=false'])
  }
}
