/** At rest the whole system writes nothing but the Lease: counted from the API server's audit log. */
import { expect, test } from 'vitest'
import { writesSince } from '../audit.ts'
import { database, instance, user } from '../objects.ts'
import { apply, kubectl, listAll, ready, tenant, until } from '../world.ts'

/**
 * On this cluster all volumes share the node's disk: what others put there can make a volume pass a step of its use, which guests report. A
 * window in which that happened was no rest, and is measured again.
 */
const windows = 3

async function usedVolumes(ns: string): Promise<Record<string, unknown>> {
  return Object.fromEntries((await listAll('instances', ns)).map(({ metadata, status }) => [metadata.name, status?.volume?.used]))
}

test('ten idle Instances, each with a database and a user, cause no write in two minutes', { timeout: 900_000 }, async () => {
  const { ns } = await tenant('idle')
  const names = Array.from({ length: 10 }, (_, i) => `db${i}`)
  await apply(
    ...names.flatMap(n => [
      instance(n, ns, { flavorRef: { name: 'tiny' } }),
      database(`${n}-shop`, ns, n, { name: 'shop' }),
      user(`${n}-app`, ns, n, { shop: 'Owner' }, { name: 'app' }),
    ]),
  )
  await Promise.all(names.map(n => ready(n, ns, 240_000)))
  await kubectl(['wait', '--for=condition=Ready', '--timeout=60s', '-n', ns, 'databases,databaseusers', '--all'])

  // The counter counts: one deliberate change is seen in it, in what the operator writes and in what the guest does.
  const changed = new Date()
  await apply(database('late', ns, 'db0'))
  await until(
    'the counter shows the writes that a change causes',
    async () => {
      const writes = await writesSince(changed)
      return ['operator', 'guest'].every(who => writes.some(w => w.who === who))
    },
    30_000,
  )

  await new Promise(resolve => setTimeout(resolve, 15_000))
  for (let window = 1; ; window++) {
    const before = await usedVolumes(ns)
    const from = new Date()
    await new Promise(resolve => setTimeout(resolve, 120_000))
    const writes = await writesSince(from)
    // What a guest has just reported is on its Instance a moment later.
    await new Promise(resolve => setTimeout(resolve, 3_000))
    const after = await usedVolumes(ns)
    const atRest = JSON.stringify(after) === JSON.stringify(before)
    if (!atRest && window < windows) continue
    expect(after, 'the node’s disk was never at rest').toEqual(before)
    expect(writes).toEqual([])
    return
  }
})
