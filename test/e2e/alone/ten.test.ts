/** Ten at once. Alone, because they take all the node's CPU. */
import { expect, test } from 'vitest'
import { instance } from '../objects.ts'
import { apply, gone, kubectl, listAll, ready, tenant } from '../world.ts'

test('ten Instances in one apply all become ready, and are all gone after one delete', async () => {
  const { ns } = await tenant('ten')
  const names = Array.from({ length: 10 }, (_, i) => `db${i}`)
  await apply(...names.map(name => instance(name, ns, { flavorRef: { name: 'tiny' } })))
  await Promise.all(names.map(name => ready(name, ns, 240_000)))
  await kubectl(['delete', 'instances', '--all', '-n', ns, '--wait=false'])
  await Promise.all(names.map(name => gone('instance', name, ns, 180_000)))
  for (const resource of [
    'pods',
    'pvc',
    'secrets',
    'services',
    'roles',
    'rolebindings',
    'serviceaccounts',
    'networkpolicies',
    'guests.trove.dev',
  ])
    expect(await listAll(resource, 'trove-guests', `trove.dev/tenant=${ns}`), resource).toEqual([])
})
