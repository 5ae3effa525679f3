import { active, aDatabase, all, anInstance, aUser, ready } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** An Instance with a database and a login, in one apply. */
export const create: Workload = {
  name: 'create',
  steps: [
    {
      does: 'an Instance, a database and a user are applied together',
      act: stage =>
        stage.make(
          aUser(stage, 'app', 'web', { access: [{ database: 'shop', privilege: 'Owner' }] }),
          aDatabase(stage, 'shop', 'web'),
          anInstance(stage, 'web'),
        ),
      until: all(active('web'), ready('databases', 'shop'), ready('databaseusers', 'app')),
    },
  ],
}
