import { active, aDatabase, all, anInstance, aUser, gone, ready } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** A second life under the same name: nothing of the first may reach into it. */
export const recreate: Workload = {
  name: 'recreate',
  given: [
    {
      does: 'an Instance with a database and a user is applied',
      act: stage => stage.make(anInstance(stage, 'web'), aDatabase(stage, 'shop', 'web'), aUser(stage, 'app', 'web')),
      until: all(active('web'), ready('databases', 'shop'), ready('databaseusers', 'app')),
    },
  ],
  steps: [
    {
      does: 'it is deleted, with its database and its user',
      async act(stage) {
        await stage.remove('instances', 'web')
        await stage.remove('databases', 'shop')
        await stage.remove('databaseusers', 'app')
      },
      until: all(gone('instances', 'web'), gone('databases', 'shop'), gone('databaseusers', 'app')),
    },
    {
      does: 'they are applied again at once',
      act: stage => stage.make(anInstance(stage, 'web'), aDatabase(stage, 'shop', 'web'), aUser(stage, 'app', 'web')),
      until: all(active('web'), ready('databases', 'shop'), ready('databaseusers', 'app')),
    },
  ],
}
