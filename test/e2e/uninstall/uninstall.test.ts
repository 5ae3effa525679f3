/** docs/guides/uninstall.md, followed to the letter: its own commands, taken from the page. The last of all tests, since nothing is left after it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { install } from '../../kind/install.ts'
import { stepLog } from '../../kind/steps.ts'
import { byHand } from '../by-hand.ts'
import { database, flavor, instance, user } from '../objects.ts'
import { guestKinds, guestVolumes } from '../remains.ts'
import { settings } from '../setup.ts'
import { apply, becomes, cluster, get, gone, guestOf, kubectl, listAll, maybe, tryKubectl } from '../world.ts'

const root = join(import.meta.dirname, '../../..')
const page = readFileSync(join(root, 'docs/guides/uninstall.md'), 'utf8')
const [inOrder, operatorGone, keptData] = page.split(/^## (?:When the operator|Getting at).*$/m) as [string, string, string]
const commandsOf = (part: string) =>
  part
    .split('\n')
    .map(line => line.trim())
    .filter(line => line.startsWith('kubectl '))
    .map(line => line.replace('kubectl ', '').replace('-k deploy/', `-k ${join(root, 'deploy')}`))
const commands = commandsOf(inOrder)

async function volumesGo(): Promise<void> {
  const claims = async () => (await guestVolumes()).map(({ spec }) => spec.claimRef.name)
  await expect.poll(claims, { timeout: 120_000, interval: 500, message: 'PersistentVolumes of trove-guests' }).toEqual([])
}

test('the guide leaves nothing behind, and shows what policy Retain kept before it goes', async () => {
  expect(commands).toHaveLength(7)
  const ns = 'uninstall'
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } },
    instance('kept', ns, { deletionPolicy: 'Retain' }),
    instance('db', ns),
    database('shop', ns, 'db'),
    user('app', ns, 'db', { shop: 'Owner' }),
    database('kept-shop', ns, 'kept', { name: 'shop' }),
    user('reader', ns, 'kept', { shop: 'ReadOnly' }),
  )
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await becomes('databaseuser', 'reader', ns, 'Ready', 'True')
  const kept = await guestOf('kept', ns)
  const { image } = (await get('guests.trove.dev', kept, 'trove-guests')).spec
  const said: string[] = []
  for (const command of commands.slice(0, -1)) said.push(await kubectl(command))
  // What is there whatever its labels: what policy Retain kept, the operator's own rights, and what every namespace has.
  const there = async () =>
    (await listAll(['configmaps', ...guestKinds].join(','), 'trove-guests')).map(o => `${o.kind} ${o.metadata.name}`).toSorted()
  await expect
    .poll(there, { timeout: 60_000, interval: 500 })
    .toEqual([
      'ConfigMap kube-root-ca.crt',
      `PersistentVolumeClaim ${kept}`,
      'Role trove-operator',
      'RoleBinding trove-operator',
      `Secret ${kept}`,
      'ServiceAccount default',
    ])
  expect(Object.keys((await maybe('secret', kept, 'trove-guests'))?.data ?? {}), 'the kept passwords').toHaveLength(1)
  expect(await rescue(kept, image)).toContain('CREATE DATABASE shop')
  said.push(await kubectl(commands.at(-1)!))
  expect(said[0]).toContain('Retain')
  expect(said[4]).toContain('persistentvolumeclaim/kept-')
  expect(said[5]).toBe('')

  for (const kind of [
    'crd',
    'clusterroles',
    'clusterrolebindings',
    'validatingadmissionpolicies',
    'validatingadmissionpolicybindings',
    'namespaces',
  ])
    expect(await kubectl(['get', kind, '-l', 'app.kubernetes.io/part-of=trove', '-o', 'name']), kind).toBe('')
  expect((await tryKubectl('get namespace trove-guests')).code).not.toBe(0)
  expect((await kubectl(['get', 'services,secrets', '-A', '-l', 'app.kubernetes.io/managed-by=trove', '-o', 'name'])).trim()).toBe('')
  await volumesGo()
  await kubectl(['delete', 'namespace', ns])
})

test('with the operator already gone, the page’s script lets go of what was being deleted, and the data stays to be found', async () => {
  const c = await cluster()
  await install(c, stepLog(), settings)
  const ns = 'uninstall-by-hand'
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } },
    flavor,
    instance('db', ns),
    database('shop', ns, 'db'),
    user('app', ns, 'db', { shop: 'Owner' }),
  )
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  const guest = await guestOf('db', ns)
  const operator = ['-n', 'trove-system', '-l', 'app.kubernetes.io/name=trove-operator']
  await kubectl(['delete', 'deployment', ...operator])
  await kubectl(['wait', '--for=delete', '--timeout=120s', 'pod', ...operator])
  await kubectl(['delete', 'instance', 'db', '-n', ns, '--wait=false'])
  expect(await maybe('pod', guest, 'trove-guests')).toBeDefined()

  const script = operatorGone.split('```')[1]!
  expect(script).toContain('finalizers')
  await byHand(script)
  await gone('instance', 'db', ns)
  expect(await maybe('pod', guest, 'trove-guests')).toBeUndefined()
  const query = /`(kubectl get pvc,secret [^`]*)`/.exec(operatorGone)![1]!.replace('NAMESPACE', ns).replace('NAME', 'db')
  const { stdout } = await byHand(`${query} -o name`)
  expect(stdout.trim().split('\n').toSorted()).toEqual([`persistentvolumeclaim/${guest}`, `secret/${guest}`])
  for (const kind of ['databaseusers', 'databases', 'instances', 'guests', 'datastoreversions', 'datastores', 'flavors'])
    expect(await kubectl(['get', `${kind}.trove.dev`, '-A', '-o', 'jsonpath={.items[*].metadata.finalizers}']), kind).toBe('')

  await kubectl(commandsOf(operatorGone).at(-1)!)
  await volumesGo()
  await kubectl(['delete', 'namespace', ns])
})

/** What the page's way to kept data brings to light. */
async function rescue(claim: string, image: string): Promise<string> {
  const [, yaml, , script] = keptData.split('```') as [string, string, string, string]
  await kubectl(['apply', '-f', '-'], yaml.replace(/^yaml/, '').replace('CLAIM', claim).replace('IMAGE', image))
  return (await byHand(script.replace('> dump.sql', ''))).stdout
}
