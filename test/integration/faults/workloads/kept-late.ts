import { all, aRunningOne, gone, isCounted, type Stage, says } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** Somebody thinks better of it: the Instance is being deleted, its engine takes long to end, and now its data is to be kept. */
export const keptLate: Workload = {
  name: 'kept-late',
  given: [aRunningOne('an Instance that does not keep its data is applied, with a user')],
  steps: [
    {
      does: 'it is deleted, and its engine takes its time',
      async act(stage) {
        stage.node.play('web-', { stays: true })
        await stage.remove('instances', 'web')
      },
      until: all(isEnding, says('databaseusers', 'app', 'InstanceNotReady')),
    },
    {
      does: 'its policy becomes Retain, and then the engine ends',
      async act(stage) {
        await stage.change('instances', 'web', { spec: { deletionPolicy: 'Retain' } })
        stage.node.play('web-', { stays: false })
      },
      until: all(
        gone('instances', 'web'),
        ({ view }) => view.list('guests').length === 0,
        isCounted,
        says('databaseusers', 'app', 'InstanceNotFound'),
      ),
    },
  ],
}

function isEnding({ view }: Stage): boolean {
  return view.list('pods').some(p => p.metadata.deletionTimestamp !== undefined)
}
