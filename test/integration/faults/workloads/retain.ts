import { active, all, anInstance, aUser, gone, isCounted, ready, says } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** Volume and credentials outlive the Instance where its policy says so. */
export const retain: Workload = {
  name: 'retain',
  given: [
    {
      does: 'an Instance that keeps its data is applied, with a user',
      act: stage => stage.make(anInstance(stage, 'web', { deletionPolicy: 'Retain' }), aUser(stage, 'app', 'web')),
      until: all(active('web'), ready('databaseusers', 'app')),
    },
  ],
  steps: [
    {
      does: 'it is deleted',
      act: stage => stage.remove('instances', 'web'),
      until: all(
        gone('instances', 'web'),
        ({ view }) => view.list('guests').length === 0,
        isCounted,
        says('databaseusers', 'app', 'InstanceNotFound'),
      ),
    },
  ],
}
