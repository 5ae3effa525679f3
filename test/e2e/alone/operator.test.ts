/** The operator killed while it works. Alone, because everything on the cluster waits for the operator meanwhile. */
import { expect, test } from 'vitest'
import { kill, operatorPods, pidsOf, process } from '../node.ts'
import { database, instance, user } from '../objects.ts'
import { apply, becomes, condition, get, guestOf, maybe, ready, tenant, until } from '../world.ts'

test('the operator killed in mid-provisioning: everything comes to the same end', async () => {
  const { ns } = await tenant('operator')
  const names = ['a', 'b', 'c']
  await apply(...names.map(n => instance(n, ns)), database('shop', ns, 'a'), user('app', ns, 'a', { shop: 'Owner' }))
  // Something is made, and nothing is ready.
  const guest = await guestOf('a', ns)
  await until('the first claim is there', () => maybe('pvc', guest, 'trove-guests'), 30_000, 20)
  expect(condition(await get('instance', 'c', ns), 'Ready')?.status).not.toBe('True')
  await kill(await pidsOf((await operatorPods()).leader.uid, process.operator))
  for (const name of names) await ready(name, ns, 180_000)
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
})
