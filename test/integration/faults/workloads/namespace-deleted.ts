import { active, aDatabase, all, anInstance, aUser, nothingLeft, ready } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** A product team's whole namespace is deleted under its Instances. */
export const namespaceDeleted: Workload = {
  name: 'namespace-deleted',
  given: [
    {
      does: 'an Instance with a database and a user is applied',
      act: stage => stage.make(anInstance(stage, 'web'), aDatabase(stage, 'shop', 'web'), aUser(stage, 'app', 'web')),
      until: all(active('web'), ready('databases', 'shop'), ready('databaseusers', 'app')),
    },
  ],
  steps: [
    {
      does: 'the namespace is deleted',
      act: stage => stage.remove('namespaces', stage.tenant),
      until: stage => stage.view.get('namespaces', stage.tenant) === undefined && nothingLeft(stage),
    },
  ],
}
