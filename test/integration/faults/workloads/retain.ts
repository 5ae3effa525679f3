import { all, aRunningOne, gone, isCounted, says } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** Volume and credentials outlive the Instance where its policy says so; what would let somebody in does not. */
export const retain: Workload = {
  name: 'retain',
  given: [aRunningOne('an Instance that keeps its data is applied, with a user and root', { deletionPolicy: 'Retain', rootEnabled: true })],
  steps: [
    {
      does: 'it is deleted',
      act: stage => stage.remove('instances', 'web'),
      until: all(
        gone('instances', 'web'),
        ({ view }) => view.list('guests').length === 0,
        gone('secrets', 'web-root'),
        isCounted,
        says('databaseusers', 'app', 'InstanceNotFound'),
      ),
    },
  ],
}
