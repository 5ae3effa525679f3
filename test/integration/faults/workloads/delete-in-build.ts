import { all, anInstance, aUser, gone, isCounted, nothingLeft, says } from '../stage.ts'
import type { Workload } from '../workload.ts'

/** An Instance that is deleted before its pod was ever scheduled. */
export const deleteInBuild: Workload = {
  name: 'delete-in-build',
  steps: [
    {
      does: 'an Instance is applied whose pod finds no node',
      async act(stage) {
        stage.node.play('web-', { unscheduled: '0/1 nodes are available' })
        await stage.make(anInstance(stage, 'web'), aUser(stage, 'app', 'web'))
      },
      until: ({ view }) =>
        view.list('pods').some(p => p.status?.conditions !== undefined) &&
        view.list('databaseusers').some(u => u.status !== undefined) &&
        isCounted({ view }) &&
        // Everything is made that will be.
        view.list('rolebindings').length === 1 &&
        view.list('services').filter(s => s.metadata.name.startsWith('web')).length === 2,
    },
    {
      does: 'it is deleted',
      act: stage => stage.remove('instances', 'web'),
      until: all(gone('instances', 'web'), nothingLeft, isCounted, says('databaseusers', 'app', 'InstanceNotFound')),
    },
  ],
}
