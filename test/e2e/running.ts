/** An Instance that is up, with a database, a user and a pod to ask from: where most tests of hardship begin. */
import { binding, clientPod, type Login, psql } from './client.ts'
import { database, instance, user } from './objects.ts'
import { apply, becomes, get, guestOf, tenant } from './world.ts'

export interface Running {
  ns: string
  guest: string
  login: Login
  podUID: () => Promise<string>
  /** When the engine started, in its own words. */
  started: () => Promise<string>
}

export async function running(hint: string): Promise<Running> {
  const { ns } = await tenant(hint)
  await apply(instance('db', ns), database('shop', ns, 'db'), user('app', ns, 'db', { shop: 'Owner' }))
  await becomes('databaseuser', 'app', ns, 'Ready', 'True')
  await clientPod(ns)
  const login = await binding('app', ns)
  const guest = await guestOf('db', ns)
  return {
    ns,
    guest,
    login,
    podUID: async () => (await get('pod', guest, 'trove-guests')).metadata.uid,
    started: () => psql(ns, login, 'select pg_postmaster_start_time()'),
  }
}
