/** The operator killed while it works. Alone, because everything on the cluster waits for the operator meanwhile. */
import { test } from 'vitest'
import { kill, operatorPod, pidsOf, process } from '../node.ts'
import { database, instance, user } from '../objects.ts'
import { apply, becomes, ready, tenant } from '../world.ts'

test('the operator killed in mid-provisioning: everything comes to the same end', async () => {
  const { ns } = await tenant('operator')
  const names = ['a', 'b', 'c']
  await apply(...names.map(n => instance(n, ns)), database('shop', ns, 'a'), user('app', ns, 'a', { shop: 'Owner' }))
  await new Promise(resolve => setTimeout(resolve, 150))
  await kill(await pidsOf((await operatorPod()).metadata.uid, process.operator))
  for (const name of names) await ready(name, ns, 180_000)
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
})
