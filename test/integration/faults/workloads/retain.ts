import { all, aRunningOne, gone, isCounted, says } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** Volume and credentials outlive the Instance where its policy says so. */
export const retain: Workload = {
  name: 'retain',
  given: [aRunningOne('an Instance that keeps its data is applied, with a user', { deletionPolicy: 'Retain' })],
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
