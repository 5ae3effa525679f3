/** Ten at once. Alone, because they take all the node's CPU. */
import { test } from 'vitest'
import { instance } from '../objects.ts'
import { nothingRemains } from '../remains.ts'
import { apply, gone, guestOf, kubectl, ready, tenant } from '../world.ts'

test('ten Instances in one apply all become ready, and are all gone after one delete', async () => {
  const { ns } = await tenant('ten')
  const names = Array.from({ length: 10 }, (_, i) => `db${i}`)
  await apply(...names.map(name => instance(name, ns, { flavorRef: { name: 'tiny' } })))
  await Promise.all(names.map(name => ready(name, ns, 240_000)))
  const guests = await Promise.all(names.map(name => guestOf(name, ns)))
  await kubectl(['delete', 'instances', '--all', '-n', ns, '--wait=false'])
  await Promise.all(names.map(name => gone('instance', name, ns, 180_000)))
  await nothingRemains(guests)
})
