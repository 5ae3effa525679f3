/** docs/guides/uninstall.md, followed to the letter: its own commands, taken from the page. The last of all tests, since nothing is left after it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { database, instance, user } from '../objects.ts'
import { apply, becomes, kubectl, tryKubectl } from '../world.ts'

const root = join(import.meta.dirname, '../../..')
const commands = readFileSync(join(root, 'docs/guides/uninstall.md'), 'utf8')
  .split('## When the operator is already gone')[0]!
  .split('\n')
  .map(line => line.trim())
  .filter(line => line.startsWith('kubectl '))
  .map(line => line.replace('kubectl ', '').replace('-k deploy/', `-k ${join(root, 'deploy')}`))

test('the guide leaves nothing behind, and shows what policy Retain kept before it goes', async () => {
  expect(commands).toHaveLength(6)
  const ns = 'uninstall'
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ns } },
    instance('kept', ns, { deletionPolicy: 'Retain' }),
    instance('db', ns),
    database('shop', ns, 'db'),
    user('app', ns, 'db', { shop: 'Owner' }),
  )
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await becomes('instance', 'kept', ns, 'Ready', 'True')
  const said: string[] = []
  for (const command of commands) said.push(await kubectl(command))
  expect(said[0]).toContain('Retain')
  expect(said[3]).toContain('persistentvolumeclaim/kept-')
  expect(said[4]).toBe('')

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
  await kubectl(['delete', 'namespace', ns])
})
