/**
 * Ten at once; at rest the whole system writes nothing but the Lease, counted from the API server's audit log; gone at once. Alone, because they
 * take all the node's CPU, and because whatever else is written is counted too.
 */
import { expect, test } from 'vitest'
import { writesSince } from '../audit.ts'
import { database, instance, user } from '../objects.ts'
import { nothingRemains } from '../remains.ts'
import { apply, gone, guestOf, kubectl, listAll, ready, tenant, until } from '../world.ts'

/**
 * On this cluster all volumes share the node's disk: what others put there can make a volume pass a step of its use, which guests report. A
 * window in which that happened was no rest, and is measured again.
 */
const windows = 3

async function usedVolumes(ns: string): Promise<Record<string, unknown>> {
  return Object.fromEntries((await listAll('instances', ns)).map(({ metadata, status }) => [metadata.name, status?.volume?.used]))
}

test('ten Instances in one apply, each with a database and a user, all become ready, cause no write in two minutes, and are all gone after one delete', {
  timeout: 900_000,
}, async () => {
  const { ns } = await tenant('ten')
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
  await countsAChange(ns)
  await new Promise(resolve => setTimeout(resolve, 15_000))
  await restsFor(120_000, ns)

  const guests = await Promise.all(names.map(name => guestOf(name, ns)))
  await kubectl(['delete', 'instances', '--all', '-n', ns, '--wait=false'])
  await Promise.all(names.map(name => gone('instance', name, ns, 180_000)))
  await nothingRemains(guests)
})

/** The counter counts: one deliberate change is seen in it, in what the operator writes and in what the guest does. */
async function countsAChange(ns: string): Promise<void> {
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
}

async function restsFor(ms: number, ns: string): Promise<void> {
  for (let window = 1; ; window++) {
    const used = new Set<string>()
    const look = async () => used.add(JSON.stringify(await usedVolumes(ns)))
    await look()
    const from = new Date()
    // It may pass a step, and come back.
    for (const until = Date.now() + ms; Date.now() < until; await look()) await new Promise(resolve => setTimeout(resolve, 5_000))
    const writes = await writesSince(from)
    // What a guest has just reported is on its Instance a moment later.
    await new Promise(resolve => setTimeout(resolve, 3_000))
    await look()
    if (used.size > 1 && window < windows) continue
    expect([...used], 'the node’s disk was never at rest').toHaveLength(1)
    expect(writes).toEqual([])
    return
  }
}
