import { anInstance, aUser, gone, nothingLeft } from '../stage.ts'
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
        view.list('pods').some(p => p.status?.conditions !== undefined) && view.list('databaseusers')[0]?.status !== undefined,
    },
    {
      does: 'it is deleted',
      act: stage => stage.remove('instances', 'web'),
      until: stage => gone('instances', 'web')(stage) && nothingLeft(stage),
    },
  ],
}
